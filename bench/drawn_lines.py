"""What drawn English lines teach: python -m bench.drawn_lines DATA --fonts FOLDER [--minutes M].

`quick` is trained in one single-threaded process for the same time on the lines of DATA without `hooker`, an English
hand of the 19th century: as they are, with English drawn in fonts, in the letters of the other hands, and in both. Each
variant reads the test lines of `hooker`, those of French hands, and val without `hooker`, greedily. One JSON object a
variant goes into bench/studies/drawn_lines.jsonl; what stands there is not done again, and a training that was killed
goes on where it stood. At the end the table of all is printed.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from recognizer.bundle import Bundle
from recognizer.draw.command import draw_lines
from recognizer.draw.drawn import Writer
from recognizer.draw.in_fonts import InFonts
from recognizer.draw.in_hands import InHands
from recognizer.evaluation.evaluation import evaluate
from recognizer.samples import Sample, find_parquet, load_lines
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job, train
from recognizer.train.start import Start

LEFT_OUT: Final = "hooker"
STUDY: Final = Path(__file__).parent / "studies" / "drawn_lines.jsonl"
FONTS, HANDS = "fonts", "hands"
VARIANTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"real lines": (), "with fonts": (FONTS,), "with hands": (HANDS,), "with both": (FONTS, HANDS)}
)
JUDGED: Final[Mapping[str, Callable[[Sample], bool]]] = MappingProxyType(
    {
        f"{LEFT_OUT} test": lambda each: (each.split, each.dataset) == ("test", LEFT_OUT),
        "French hands test": lambda each: (each.split, each.script, each.language) == ("test", "hand", "fra"),
        "val": lambda each: each.split == "val" and each.dataset != LEFT_OUT,
    }
)


@dataclass(frozen=True)
class Study:
    """What is trained on, for how long, and where everything is kept. `text` is English prose."""

    data: tuple[Path, ...]
    fonts: Path
    text: Path
    minutes: float
    lines: int
    work: Path

    @property
    def settings(self) -> dict[str, Any]:
        """What rows of one table have in common."""
        return {"minutes": self.minutes, "drawn": self.lines}

    def drawn(self, way: str) -> Path:
        """Line Parquet of the text drawn in a way; made when it is first asked for."""
        path = self.work / f"{way}-{self.lines}.parquet"
        if not path.exists():
            print(draw_lines(self._writer(way), [self.text], path, self.lines, "eng"))
        return path

    def row(self, variant: str) -> dict[str, Any]:
        """Train a variant, and its CER in percent."""
        files = (*self.data, *map(self.drawn, VARIANTS[variant]))
        start = Start.chosen(None, "quick", None, 1)
        recipe = Recipe(minutes=self.minutes, **start.habits() | {"processes": 1})
        output = self.work / f"{variant} {self.minutes:g}"
        bundle = train(Job(files, output, recipe, start, without=frozenset([LEFT_OUT])))
        facts = {"lines_seen": bundle.card["lines_seen"], "train_lines": sum(bundle.card["train_lines"].values())}
        return {"variant": variant, **self.settings, **facts, **judged(bundle, self.data)}

    def _writer(self, way: str) -> Writer:
        if way == FONTS:
            return InFonts.of(self.fonts)
        return InHands.of(self.data, Bundle.load("default"), [LEFT_OUT])


def judged(bundle: Bundle, files: Sequence[Path]) -> dict[str, float]:
    """CER in percent by what is judged; what has no lines is left out."""
    data = load_lines(files, int(bundle.crop["height"]), {"test", "val"}, bundle.text_policy)
    chosen = {name: [each for each in data.samples if wanted(each)] for name, wanted in JUDGED.items()}
    return {
        name: round(100 * evaluate(bundle, samples, bundle.arithmetic(), greedy=True).scores.all.cer, 2)
        for name, samples in chosen.items()
        if samples
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table."""
    columns = ["variant", "train_lines", "lines_seen", *JUDGED]
    cells = [columns, ["---"] * len(columns), *([str(row.get(name, "")) for name in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def done(study: Study, path: Path) -> list[dict[str, Any]]:
    """The rows that stand in a file already and belong to the study."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [row for row in rows if study.settings.items() <= row.items()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drawn_lines", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of line Parquet")
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--text", type=Path, help="English prose (default: text/eng.train.txt.xz beside DATA)")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--lines", type=int, default=6000, help="drawn in each way (default: 6000)")
    parser.add_argument("--work", type=Path, default=Path("out/drawn_lines"), help="what is drawn and trained")
    parser.add_argument("--output", type=Path, default=STUDY)
    options = parser.parse_args()
    text = options.text or options.data.resolve().parent / "text" / "eng.train.txt.xz"
    data = tuple(find_parquet([options.data]))
    study = Study(data, options.fonts, text, options.minutes, options.lines, options.work)
    known = {row["variant"] for row in done(study, options.output)}
    for variant in VARIANTS:
        if variant not in known:
            row = study.row(variant)
            with options.output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    print(table(done(study, options.output)))


if __name__ == "__main__":
    main()
