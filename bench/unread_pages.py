"""What a bundle learns from pages of a hand that nobody read, and that it never saw: no label is used.

    python -m bench.unread_pages LINES WORK [--hands dhsd poilus peraire] [--minutes 15]

WORK/first is the bundle of `bench.hands`, which is made where it is missing. It learns its own readings of a hand's
split train, as `inkbeam train --from WORK/first --unread` does, in one process; the hand's lines of test are read
before and after. How wrong the labels were that it kept is told by the truth, afterwards.

A row a hand goes to the study, in bench/studies; what stands there is not measured again, and a training that was
killed goes on.
"""

import argparse
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from bench.hands import STUDIES, Study, cer, first_bundle, hand, unknown_to
from recognizer.bundle import Bundle
from recognizer.errors import Refused
from recognizer.evaluation.rates import rates
from recognizer.samples import find_parquet, load_unread
from recognizer.train.pseudo import label, read_lines
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job
from recognizer.train.start import Start
from recognizer.train.teach import Taught
from recognizer.train.unread import learn_unread

HANDS: Final = ("dhsd", "poilus", "peraire")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.unread_pages", description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--hands", nargs="+", default=HANDS)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--count", type=int, default=5_000, help="lines of a hand at most")
    parser.add_argument("--study", type=Path, default=STUDIES / "unread_pages.jsonl")
    options = parser.parse_args()
    study = Study(options.study)
    first = first_bundle(options.work / "first", options.lines)
    for dataset in options.hands:
        facts = {"dataset": dataset, "minutes": options.minutes, "first": first.id}
        if not study.has(facts):
            study.add({**facts, **measured(options, first, dataset)})
    print("\n".join(markdown(study.rows())))


def measured(options: argparse.Namespace, first: Bundle, dataset: str) -> dict[str, Any]:
    """CER in percent before and after, and of the first labels, and the CPU-minutes of teaching with its judging."""
    work, test = options.work / "unread", hand(options.lines, dataset, "test")
    work.mkdir(parents=True, exist_ok=True)
    lines = hand(options.lines, dataset, "train")[: options.count]
    file = work / "unread.parquet"
    pq.write_table(lines.drop_columns(["text", "raw"]), file)
    start = Start.chosen(first, None, None, 1)
    recipe = Recipe(minutes=options.minutes, processes=1, **start.habits())
    files = tuple(find_parquet([options.lines]))
    job = Job(files, work / "bundle", recipe, start, without=unknown_to(first, options.lines))
    began = time.process_time()
    taught = _learned(job, first, file)
    minutes = round((time.process_time() - began) / 60, 2)
    before = cer(first, test, work)
    found = {
        **labels_of(first, file, lines),
        "before": before,
        "after": cer(taught.bundle, test, work) if taught and taught.bundle else before,
        "cpu_minutes": minutes,
        "notes": list(taught.outcome.notes) if taught else [],
        "verdict": replace(taught.outcome, forced=False).verdict if taught else "refused (nothing is read surely)",
    }
    shutil.rmtree(work)
    return found


def _learned(job: Job, first: Bundle, file: Path) -> Taught | None:
    """What came of teaching; None where no line is read surely enough to learn from."""
    try:
        return learn_unread(job, first, [file], forced=True)
    except Refused:
        return None


def labels_of(bundle: Bundle, file: Path, lines: pa.Table) -> dict[str, Any]:
    """How many lines a bundle labels, and how wrong, in percent of their characters, these labels are."""
    truths = dict(zip(lines["id"].to_pylist(), lines["text"].to_pylist(), strict=True))
    samples = load_unread(file, int(bundle.crop["height"])).samples
    texts = label(samples, read_lines(bundle, samples)).texts
    pairs = [(bundle.text_policy(truths[name]), text) for name, text in texts.items()]
    return {"lines": len(lines), "kept": len(texts), "label_cer": round(100 * rates(pairs).cer, 2) if pairs else None}


def markdown(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A table of all rows."""
    yield "| hand | lines | sure of | CER of their labels | CER of test before | after | CPU-minutes | |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        labels = "–" if row["label_cer"] is None else f"{row['label_cer']:.1f} %"
        rates_ = f"{row['before']:.1f} % | {row['after']:.1f} %"
        counts = f"{row['lines']} | {row['kept']} | {labels}"
        yield f"| `{row['dataset']}` | {counts} | {rates_} | {row['cpu_minutes']:.1f} | {row['verdict']} |"


if __name__ == "__main__":
    main()
