"""What some lines of a hand that a bundle never saw teach it: python -m bench.new_hand LINES BUNDLE DATASET.

The bundle must have been trained without the data set (`inkbeam train --without DATASET`). So many of its training
lines, drawn at random, are learned in one single-threaded process, but for a tenth by which the weights are chosen; its
test lines are read before and after.
"""

import argparse
import json
import random
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recognizer.bundle import Bundle
from recognizer.evaluation.evaluation import evaluate
from recognizer.samples import find_parquet, load_lines
from recognizer.train import history
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job, train
from recognizer.train.start import Start


def hand(lines: Path, dataset: str, count: int) -> pa.Table:
    """So many of the data set's lines of the split train, a tenth of them as val, and those of test."""
    tables = [pq.read_table(file, filters=pc.field("dataset") == dataset) for file in find_parquet([lines])]
    whole = pa.concat_tables(tables)
    splits = whole["split"].to_pylist()
    drawn = random.Random(1).sample([row for row, split in enumerate(splits) if split == "train"], count)
    test = [row for row, split in enumerate(splits) if split == "test"]
    dealt = ["val"] * (count // 10) + ["train"] * (count - count // 10) + ["test"] * len(test)
    place = whole.schema.get_field_index("split")
    return whole.take(drawn + test).set_column(place, "split", pa.array(dealt))


def cer(bundle: Bundle, file: Path) -> float:
    """CER in percent on the test lines of a file."""
    samples = load_lines([file], int(bundle.crop["height"]), {"test"}, bundle.text_policy).samples
    return round(100 * evaluate(bundle, samples, bundle.arithmetic()).scores.all.cer, 2)


def study(file: Path, bundle: Bundle, minutes: float, rate: float | None, folder: Path) -> dict[str, Any]:
    """CER before and after, and its course on the val lines."""
    start = Start.chosen(bundle, None, None, 1)
    recipe = Recipe(minutes=minutes, processes=1, **start.habits() | ({"rate": rate} if rate else {}))
    taught = train(Job((file,), folder, recipe, start))
    course = [asdict(record) for record in history.read(folder) if record.cer is not None]
    return {
        "rate": recipe.rate,
        "before": cer(bundle, file),
        "after": cer(taught, file),
        "val": [[round(record["seconds"] / 60, 1), round(100 * record["cer"], 2)] for record in course],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.new_hand", description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("bundle")
    parser.add_argument("dataset")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--rate", type=float)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "lines.parquet"
        pq.write_table(hand(options.lines, options.dataset, options.count), file)
        found = study(file, Bundle.load(options.bundle), options.minutes, options.rate, Path(name) / "taught")
    facts = {"dataset": options.dataset, "lines": options.count, "minutes": options.minutes}
    print(json.dumps({**facts, **found}))


if __name__ == "__main__":
    main()
