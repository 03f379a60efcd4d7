"""What the benches of hands that a bundle never saw share: the first bundle, a hand's lines, and studies that go on.

    python -m bench.hands LINES WORK [--minutes 66] [--processes 2]

makes WORK/first ahead of them.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recognizer.bundle import LINES, MANIFEST, Bundle, save_with
from recognizer.decode.fit import refit
from recognizer.evaluation.evaluation import evaluate
from recognizer.lm.make import Options, make
from recognizer.samples import find_parquet, load_lines
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job, train
from recognizer.train.start import Start
from recognizer.train.teach import publish

STUDIES: Final = Path(__file__).with_name("studies")
HANDS: Final = ("dhsd", "hooker", "peraire", "poilus")
"""Data sets that the first bundle never sees: German words of 37 people, English and French letters and notebooks."""
MINUTES, PROCESSES = 66.0, 2
LANGUAGES: Final = ("deu", "eng", "fra")
ORDER, PRUNE = 6, (0, 0, 0, 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hands", description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    options = parser.parse_args()
    made = first_bundle(options.work / "first", options.lines, options.minutes, options.processes)
    print(f"{made.folder}: {made.id}, {made.card['val']['all']}")


def first_bundle(folder: Path, lines: Path, minutes: float = MINUTES, processes: int = PROCESSES) -> Bundle:
    """The bundle in a folder, or else one made there that knows nothing of HANDS; goes on after a kill.

    It is as whole as a shipped one: `quick`, trained for so long, the line finder of `default`, language models of the
    other lines and of the prose in the folder `text` beside LINES, and decoding fitted on val.
    """
    if (folder / MANIFEST).exists():
        return Bundle.load(folder)
    reader, others, home = folder / "reader", folder / "others.parquet", Bundle.load("default")
    reader.mkdir(parents=True, exist_ok=True)
    pq.write_table(_others(lines), others)
    bundle = _reader(reader, lines, minutes, processes)
    bundle = save_with(reader, bundle, LINES, "lines.onnx", home.part(LINES), {"from": home.id})
    for language in LANGUAGES:
        prose = lines.resolve().parent / "text" / f"{language}.train.txt.xz"
        texts = (others, *([prose] if prose.exists() else []))
        make(Options(texts, reader, str(reader), language, ORDER, PRUNE))
    bundle = Bundle.load(reader)
    val = load_lines([others], int(bundle.crop["height"]), {"val"}, bundle.text_policy).samples
    bundle = publish(refit(bundle, val, bundle.arithmetic()), folder)
    others.unlink()
    reader.rmdir()
    return bundle


def _reader(folder: Path, lines: Path, minutes: float, processes: int) -> Bundle:
    if (folder / MANIFEST).exists():
        return Bundle.load(folder)
    start = Start.chosen(None, "quick", None, 1)
    recipe = Recipe(minutes=minutes, processes=processes, **start.habits())
    return train(Job(tuple(find_parquet([lines])), folder, recipe, start, without=frozenset(HANDS)))


def _others(lines: Path) -> pa.Table:
    """The lines of train and val of all data sets that are not HANDS."""
    chosen = pc.field("split").isin(["train", "val"]) & ~pc.field("dataset").isin(list(HANDS))
    return _rows(lines, chosen)


def _rows(lines: Path, chosen: pc.Expression) -> pa.Table:
    return pa.concat_tables([pq.read_table(file, filters=chosen) for file in find_parquet([lines])])


def unknown_to(bundle: Bundle, lines: Path) -> frozenset[str]:
    """The data sets that a bundle did not learn, as its card says."""
    tables = (pq.read_table(file, columns=["dataset"]) for file in find_parquet([lines]))
    return frozenset(name for table in tables for name in table["dataset"].unique().to_pylist()) - frozenset(
        bundle.card["train_lines"]
    )


def hand(lines: Path, dataset: str, split: str) -> pa.Table:
    """The lines of a data set, of one split."""
    chosen = (pc.field("dataset") == dataset) & (pc.field("split") == split)
    return _rows(lines, chosen)


def cer(bundle: Bundle, table: pa.Table, folder: Path) -> float:
    """CER in percent on lines, with all that the bundle has; they are put into a file in the folder."""
    file = folder / "judged.parquet"
    pq.write_table(table, file)
    samples = load_lines([file], int(bundle.crop["height"]), policy=bundle.text_policy).samples
    return round(100 * evaluate(bundle, samples, bundle.arithmetic()).scores.all.cer, 2)


class Study:
    """JSON lines in a file, an object a measurement; what stands there is not measured again."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def rows(self) -> list[dict[str, Any]]:
        """What was measured, in the order in which it was."""
        return list(self._rows())

    def has(self, facts: Mapping[str, Any]) -> bool:
        """Whether this was measured."""
        return any(facts.items() <= row.items() for row in self._rows())

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep a measurement."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def _rows(self) -> Iterator[dict[str, Any]]:
        if self.file.exists():
            yield from map(json.loads, self.file.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
