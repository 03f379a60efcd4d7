"""What correcting some lines of a hand that a bundle never saw gives, and what it costs in CPU-minutes.

    python -m bench.price_of_a_hand LINES WORK [--hands peraire poilus] [--counts 25 50 100 200 500] [--minutes 10]

WORK/first is the bundle of `bench.hands`, which is made where it is missing. So many lines of a hand's split train are
learned as corrections, as `inkbeam train --from WORK/first --corrections` does, in one process; its lines of test are
read before and after, with all that the bundle has; `val` are those of the data sets that it knew. Which lines people
correct is chosen in two orders: at random, or the worst first, those with most errors to expect by the first bundle's
own confidences. `--alone` mixes no old lines in, and tells what is forgotten then.

A row a measurement goes to the study, in bench/studies; what stands there is not measured again, and a training that
was killed goes on. Markdown and a plot are made of all rows.
"""

import argparse
import random
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
from recognizer.samples import find_parquet, load_unread
from recognizer.train.corrections import learn_corrections
from recognizer.train.pseudo import expected_errors, read_lines
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job
from recognizer.train.start import Start

ORDERS: Final = ("random", "worst")
COUNTS: Final = (25, 50, 100, 200, 500)


def main() -> None:
    options = _parser().parse_args()
    study = Study(options.study)
    first = first_bundle(options.work / "first", options.lines)
    for dataset in options.hands:
        for order in options.orders:
            _measure_hand(options, study, first, dataset, order)
    rows = study.rows()
    print("\n".join(markdown(rows)))
    plot(rows, options.study.with_suffix(".png"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.price_of_a_hand", description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--hands", nargs="+", default=["peraire", "poilus"])
    parser.add_argument("--counts", nargs="+", type=int, default=COUNTS)
    parser.add_argument("--orders", nargs="+", choices=ORDERS, default=ORDERS)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--alone", action="store_true", help="mix no old lines in")
    parser.add_argument("--study", type=Path, default=STUDIES / "price_of_a_hand.jsonl")
    return parser


def _measure_hand(options: argparse.Namespace, study: Study, first: Bundle, dataset: str, order: str) -> None:
    """Measure all counts of a hand in one order of its lines."""
    lines: pa.Table | None = None
    for count in options.counts:
        told = {"dataset": dataset, "order": order, "lines": count, "minutes": options.minutes}
        facts = {**told, "mixed": not options.alone, "first": first.id}
        if not study.has(facts):
            if lines is None:
                lines = ordered(hand(options.lines, dataset, "train"), order, first, options.work)
            study.add({**facts, **measured(options, first, dataset, lines[:count])})


def ordered(lines: pa.Table, order: str, bundle: Bundle, work: Path) -> pa.Table:
    """The lines in the order in which somebody corrects them."""
    places = list(range(len(lines)))
    random.Random(1).shuffle(places)
    if order == "worst":
        file = work / "hand.parquet"
        pq.write_table(lines, file)
        samples = load_unread(file, int(bundle.crop["height"])).samples
        wrong = [expected_errors(reading) for reading in read_lines(bundle, samples)]
        places.sort(key=lambda place: -wrong[place])
    return lines.take(places)


def measured(options: argparse.Namespace, first: Bundle, dataset: str, corrected: pa.Table) -> dict[str, Any]:
    """CER in percent before and after teaching these lines, and the CPU-minutes of teaching with its own judging."""
    work, test = options.work / "taught", hand(options.lines, dataset, "test")
    work.mkdir(parents=True, exist_ok=True)
    file = work / "corrected.parquet"
    pq.write_table(corrected, file)
    files = [path for path in find_parquet([options.lines]) if not options.alone or path.name.startswith("val")]
    start = Start.chosen(first, None, None, 1)
    recipe = Recipe(minutes=options.minutes, processes=1, **start.habits())
    job = Job(tuple(files), work / "bundle", recipe, start, without=unknown_to(first, options.lines))
    began = time.process_time()
    taught = learn_corrections(job, first, [file], forced=True)
    minutes = round((time.process_time() - began) / 60, 2)
    assert taught.bundle is not None
    val = next(check for check in taught.outcome.checks if check.name == "CER of val")
    found = {
        "before": cer(first, test, work),
        "after": cer(taught.bundle, test, work),
        "val_before": round(100 * val.before, 2),
        "val_after": round(100 * val.after, 2),
        "cpu_minutes": minutes,
        "verdict": replace(taught.outcome, forced=False).verdict,
    }
    shutil.rmtree(work)
    return found


def markdown(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A table of all rows."""
    yield "| hand | lines corrected | chosen | old lines | CER before | after | val before | after | CPU-minutes |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in sorted(rows, key=lambda row: (row["dataset"], not row["mixed"], row["order"], row["lines"])):
        chosen = "the worst first" if row["order"] == "worst" else "at random"
        rates = " | ".join(f"{row[name]:.1f} %" for name in ("before", "after", "val_before", "val_after"))
        mixed = "mixed in" if row["mixed"] else "none"
        yield f"| `{row['dataset']}` | {row['lines']} | {chosen} | {mixed} | {rates} | {row['cpu_minutes']:.1f} |"


def plot(rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    """CER on test over the lines corrected, a curve for each hand and order."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for key in sorted({(row["dataset"], row["order"], row["mixed"]) for row in rows}):
        of = sorted(
            (row for row in rows if (row["dataset"], row["order"], row["mixed"]) == key), key=lambda row: row["lines"]
        )
        name = f"{key[0]}, {key[1]}{'' if key[2] else ', without old lines'}"
        counts, rates = [0, *(row["lines"] for row in of)], [of[0]["before"], *(row["after"] for row in of)]
        axes.plot(counts, rates, "o-" if key[1] == "random" else "s--", label=name)
    axes.set(xlabel="lines corrected", ylabel="CER of test, %", ylim=(0, None))
    axes.legend()
    figure.savefig(file, dpi=120, metadata={"Software": None})


if __name__ == "__main__":
    main()
