"""What drawn English lines teach: python -m bench.drawn_lines LINES WORK --fonts FOLDER [--minutes 30].

WORK/first is the bundle of `bench.hands`, which knows no English hand but a letter that many copied, and is made where
it is missing. It is trained on in one process for the same time on the lines that it knew: as they are, with English
drawn in fonts, in the letters of hands that it knew, and in both. Before and after it reads the test lines of `hooker`,
an English hand of the 19th century, those of the French hands that it knew, and val, greedily.

A row a variant goes to the study, in bench/studies; what stands there is not done again, and a training that was killed
goes on. At the end the table of all is printed.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from bench.hands import HANDS, STUDIES, Study, first_bundle
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

ENGLISH: Final = "hooker"
IN_FONTS, IN_HANDS = "fonts", "hands"
BEFORE: Final = "before"
VARIANTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        BEFORE: (),
        "real lines": (),
        "and fonts": (IN_FONTS,),
        "and hands": (IN_HANDS,),
        "and both": (IN_FONTS, IN_HANDS),
    }
)
JUDGED: Final[Mapping[str, Callable[[Sample], bool]]] = MappingProxyType(
    {
        f"{ENGLISH} test": lambda each: (each.split, each.dataset) == ("test", ENGLISH),
        "French hands test": lambda each: (
            (each.split, each.script, each.language) == ("test", "hand", "fra") and each.dataset not in HANDS
        ),
        "val": lambda each: each.split == "val" and each.dataset not in HANDS,
    }
)


@dataclass(frozen=True)
class Teaching:
    """What a bundle is trained on, for how long, and where everything is kept. `text` is English prose, of which so
    many lines are drawn in each way.
    """

    data: tuple[Path, ...]
    fonts: Path
    text: Path
    minutes: float
    lines: int
    work: Path

    def drawn(self, way: str) -> Path:
        """Line Parquet of the text drawn in a way; made when it is first asked for."""
        path = self.work / f"{way}-{self.lines}.parquet"
        if not path.exists():
            print(draw_lines(self._writer(way), [self.text], path, self.lines, "eng"))
        return path

    def taught(self, first: Bundle, variant: str) -> Bundle:
        """The bundle, trained on as the variant says."""
        if variant == BEFORE:
            return first
        files = (*self.data, *map(self.drawn, VARIANTS[variant]))
        start = Start.chosen(first, None, None, 1)
        recipe = Recipe(minutes=self.minutes, **start.habits() | {"processes": 1, "judge_first": False})
        return train(Job(files, self.work / f"{variant} {self.minutes:g}", recipe, start, without=frozenset(HANDS)))

    def _writer(self, way: str) -> Writer:
        if way == IN_FONTS:
            return InFonts.of(self.fonts)
        return InHands.of(self.data, Bundle.load("default"), HANDS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drawn_lines", description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--text", type=Path, help="English prose (default: text/eng.train.txt.xz beside LINES)")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--count", type=int, default=6000, help="lines drawn in each way (default: 6000)")
    parser.add_argument("--study", type=Path, default=STUDIES / "drawn_lines.jsonl")
    options = parser.parse_args()
    text = options.text or options.lines.resolve().parent / "text" / "eng.train.txt.xz"
    data = tuple(find_parquet([options.lines]))
    teaching = Teaching(data, options.fonts, text, options.minutes, options.count, options.work)
    study, first = Study(options.study), first_bundle(options.work / "first", options.lines)
    lines = load_lines(data, int(first.crop["height"]), {"test", "val"}, first.text_policy).samples
    for variant in VARIANTS:
        facts = {"variant": variant, "minutes": options.minutes, "drawn": options.count, "first": first.id}
        if not study.has(facts):
            study.add({**facts, **judged(teaching.taught(first, variant), lines)})
    print("\n".join(markdown(study.rows())))


def judged(bundle: Bundle, lines: Sequence[Sample]) -> dict[str, Any]:
    """Lines that it learned and saw, and CER in percent by what is judged; what has no lines is left out."""
    chosen = {name: [each for each in lines if wanted(each)] for name, wanted in JUDGED.items()}
    learned = {"train_lines": sum(bundle.card["train_lines"].values()), "lines_seen": bundle.card["lines_seen"]}
    return learned | {
        name: round(100 * evaluate(bundle, samples, bundle.arithmetic(), greedy=True).scores.all.cer, 2)
        for name, samples in chosen.items()
        if samples
    }


def markdown(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A table of all rows."""
    columns = ["variant", "train_lines", "lines_seen", *JUDGED]
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(str(row.get(name, '')) for name in columns)} |"


if __name__ == "__main__":
    main()
