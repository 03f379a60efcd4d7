"""What some lines of a hand that a bundle never saw teach it: python -m bench.new_hand LINES BUNDLE DATASET.

The bundle must have been trained without the data set (`inkbeam train --without DATASET`). So many of its training
lines, drawn at random, are learned in one single-threaded process; its test lines are read before and after.
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

from recognizer.arithmetic import best
from recognizer.bundle import Bundle
from recognizer.evaluation import evaluate
from recognizer.samples import find_parquet, load_lines
from recognizer.train import history
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job, train
from recognizer.train.start import Start


def hand(lines: Path, dataset: str, count: int) -> pa.Table:
    """The data set's lines, `count` of those of the split train."""
    tables = [pq.read_table(file, filters=pc.field("dataset") == dataset) for file in find_parquet([lines])]
    whole = pa.concat_tables(tables)
    of_train = [row for row, split in enumerate(whole["split"].to_pylist()) if split == "train"]
    kept = set(random.Random(1).sample(of_train, count))
    return whole.take([row for row in range(len(whole)) if row in kept or row not in set(of_train)])


def cer(bundle: Bundle, file: Path) -> float:
    """CER in percent on the test lines of a file."""
    samples = load_lines([file], int(bundle.crop["height"]), {"test"}, bundle.text_policy).samples
    return round(100 * evaluate(bundle, samples, best()).scores.all.cer, 2)


def study(file: Path, bundle: Bundle, minutes: float, folder: Path) -> dict[str, Any]:
    """CER before and after, and its course on the val lines."""
    start = Start.chosen(bundle, None, None, 1)
    recipe = Recipe(minutes=minutes, processes=1, **start.habits())
    taught = train(Job((file,), folder, recipe, start))
    course = [asdict(record) for record in history.read(folder) if record.cer is not None]
    return {
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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "lines.parquet"
        pq.write_table(hand(options.lines, options.dataset, options.count), file)
        found = study(file, Bundle.load(options.bundle), options.minutes, Path(name) / "taught")
    facts = {"dataset": options.dataset, "lines": options.count, "minutes": options.minutes}
    print(json.dumps({**facts, **found}))


if __name__ == "__main__":
    main()
