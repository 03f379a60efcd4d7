"""`python -m recognizer train|evaluate`: training and evaluation from line Parquet alone, without Beam."""

import argparse
import json
import sys
from pathlib import Path

from recognizer.errors import RecognizerError

USAGE = 2


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m recognizer", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a reader on line Parquet and write a bundle")
    train.add_argument("data", nargs="+", type=Path, help="folders with train*.parquet and val*.parquet")
    train.add_argument("--output", type=Path, required=True, help="folder of the bundle; go on there after a kill")
    train.add_argument("--architecture", default="small")
    length = train.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=_positive, default=60.0, help="default: 60")
    length.add_argument("--steps", type=_count, help="train for so many batches instead")
    train.add_argument("--rate", type=_positive, default=2.5e-3, help="highest learning rate")
    train.add_argument("--processes", type=_count, default=2)
    train.add_argument("--from", dest="start", help="bundle to start from: a folder, or default")
    train.add_argument("--limit", type=_count, help="use only so many lines of each split, to try things out")
    evaluate = commands.add_parser("evaluate", help="CER of a bundle on line Parquet")
    evaluate.add_argument("data", nargs="+", type=Path, help="folders with SPLIT*.parquet")
    evaluate.add_argument("--split", default="test")
    evaluate.add_argument("--bundle", default="default")
    evaluate.add_argument("--arithmetic", choices=["bf16", "fp32"], help="default: what the processor does best")
    return root


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: must be greater than 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be at least 1")
    return value


def main(arguments: list[str] | None = None) -> None:
    """Run a command. What the user can put right is said in one line, with exit code 2."""
    root = parser()
    options = root.parse_args(arguments)
    try:
        result = _train(options) if options.command == "train" else _evaluate(options)
    except RecognizerError as error:
        root.exit(USAGE, f"{root.prog}: {error}\n")
    print(json.dumps(result, indent=1))


def _train(options: argparse.Namespace) -> dict[str, float]:
    """Val CER of the new bundle; torch is imported only here and below, so that --help answers at once."""
    from recognizer.train.loop import Recipe
    from recognizer.train.run import train

    recipe = Recipe(options.minutes, options.processes, options.rate, steps=options.steps)
    bundle = train(options.data, options.output, options.architecture, recipe, options.start, options.limit)
    return dict(bundle.card["val_cer"])


def _evaluate(options: argparse.Namespace) -> dict[str, float]:
    from recognizer.arithmetic import best
    from recognizer.bundle import Bundle
    from recognizer.evaluate import evaluate
    from recognizer.train.data import find_parquet, load_lines

    bundle = Bundle.load(options.bundle)
    data = load_lines(find_parquet(options.data, options.split), int(bundle.crop["height"]))
    print(json.dumps(data.counts()), file=sys.stderr)
    return evaluate(bundle, data.samples, options.arithmetic or best())


if __name__ == "__main__":
    main()
