"""Make a trained bundle a shipped one: python -m bench.release BUNDLE LINES [--name default].

The reader's own val and test figures, what it reads, its licence and the studies that led to it (bench/studies/*.jsonl,
as `bench.ablation` and others print them) go into its model card, and the reader into the bundle of that name
in recognizer/bundles, whose other parts stay; what int8 needs is measured on the train split, decoding fitted on val.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from recognizer.bundle import MANIFEST, SHIPPED, Bundle, save, with_card
from recognizer.decode.fit import refit
from recognizer.evaluation.evaluation import evaluate
from recognizer.evaluation.page_quality import languages, rank_correlation
from recognizer.measure import measure
from recognizer.samples import Sample, find_parquet, load_lines

STUDIES: Final = Path(__file__).with_name("studies")
ABOUT: Final[Mapping[str, str]] = {
    "reads": "lines of Latin-script hands of the 18th to 21st century, typescript and print; most of its training is "
    "French, less English and German. It does not read German Kurrent.",
    "licence": "Apache-2.0 for the weights; the data sets below keep their own licences and are owed attribution",
}


def lines(bundle: Bundle, data: Path, split: str) -> Sequence[Sample]:
    """The lines of a split under the bundle's policy."""
    return load_lines(find_parquet([data]), int(bundle.crop["height"]), {split}, bundle.text_policy).samples


def figures(bundle: Bundle, data: Path) -> dict[str, Any]:
    """Rates of the val and the test split, how far confidences on test can be trusted, the languages that its pages
    were read in, rates of the test split without language models, and the command."""
    judged = {split: evaluate(bundle, lines(bundle, data, split), bundle.arithmetic()) for split in ("val", "test")}
    test = judged["test"]
    greedy = evaluate(bundle, test.samples, bundle.arithmetic(), greedy=True)
    return {
        "command": f"inkbeam evaluate {data} --split val|test [--decoder greedy]",
        **{split: of.scores.as_json() for split, of in judged.items()},
        "test, greedy": greedy.scores.as_json(),
        "test, calibration error of words": {name: round(of.error, 4) for name, of in test.reliability.items()},
        "test, rank correlation of expected and true CER of pages": rank_correlation(test.pages),
        "test, pages by language and the one they were read in": languages(test.pages),
    }


def rows(path: Path) -> list[dict[str, Any]]:
    """What a study printed: one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.release", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--name", default="default")
    options = parser.parse_args()
    bundle = Bundle.load(options.bundle)
    trained = {key: value for key, value in bundle.card.items() if key != "val"}
    card: dict[str, Any] = {"name": f"Inkbeam {options.name} reader", **ABOUT, "figures": {}, **trained}
    card["studies"] = {path.stem: rows(path) for path in sorted(STUDIES.glob("*.jsonl"))}
    folder = SHIPPED / options.name
    before = Bundle.load(folder) if (folder / MANIFEST).exists() else bundle
    card |= {part: before.card[part] for part in before.parts if part in before.card}
    weights, alphabet, policy = bundle.weights(), bundle.alphabet, bundle.text_policy
    shipped = save(folder, bundle.architecture, alphabet, weights, card, policy, before)
    shipped = measure(shipped, lines(shipped, options.lines, "train"))
    if shipped.languages:
        shipped = refit(shipped, lines(shipped, options.lines, "val"), shipped.arithmetic())
    found = figures(shipped, options.lines)
    shipped = with_card(shipped, {**shipped.card, "figures": found})
    print(f"{folder}: {shipped.id}, test CER {found['test']['all']['cer']:.2%}")


if __name__ == "__main__":
    main()
