"""`python -m recognizer train|evaluate`: training and evaluation from line Parquet alone, without Beam."""

import argparse
import json
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m recognizer", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a reader on line Parquet and write a bundle")
    train.add_argument("data", nargs="+", type=Path, help="folders with train*.parquet and val*.parquet")
    train.add_argument("--output", type=Path, required=True, help="folder of the bundle; a killed training goes on there")
    train.add_argument("--architecture", default="small")
    train.add_argument("--minutes", type=float, default=60)
    train.add_argument("--rate", type=float, default=2.5e-3, help="highest learning rate")
    train.add_argument("--processes", type=int, default=2)
    train.add_argument("--from", dest="start", help="bundle to start from: a folder, or default")
    train.add_argument("--limit", type=int, help="use only so many lines of each split, to try things out")
    evaluate = commands.add_parser("evaluate", help="CER of a bundle on line Parquet")
    evaluate.add_argument("data", nargs="+", type=Path)
    evaluate.add_argument("--split", default="test")
    evaluate.add_argument("--bundle", default="default")
    evaluate.add_argument("--arithmetic", choices=["bf16", "fp32"], help="default: what the processor does best")
    return root


def main(arguments: list[str] | None = None) -> None:
    """Run a command; torch is imported only then."""
    options = parser().parse_args(arguments)
    if options.command == "train":
        from recognizer.train.loop import Recipe
        from recognizer.train.run import train

        recipe = Recipe(options.minutes, options.processes, options.rate)
        bundle = train(options.data, options.output, options.architecture, recipe, options.start, options.limit)
        print(json.dumps(bundle.card["val_cer"], indent=1))
    else:
        from recognizer.arithmetic import best
        from recognizer.bundle import Bundle
        from recognizer.evaluate import evaluate
        from recognizer.train.data import find_parquet, load_lines

        samples = load_lines(find_parquet(options.data, options.split), 80).samples
        print(json.dumps(evaluate(Bundle.load(options.bundle), samples, options.arithmetic or best()), indent=1))


if __name__ == "__main__":
    main()
