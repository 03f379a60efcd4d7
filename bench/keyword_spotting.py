"""`python -m bench.keyword_spotting OUT`: how well single words are found.

OUT is that of `inkbeam compare`, on pages with truth, and then of `inkbeam index`.

Queries are all words of the truth with at least three letters, folded as the index folds them; of a word that a hyphen
breaks, the whole, on its first line. What is asked for is pages, and lines: true lines and ours that lie on each other
are one (`segmentation.evaluate.together`); a true line on which none of ours lies can only be missed.

Each page or line has each query with the probability 1 - (1 - p)(1 - q) ... of its places. The measures are those of
keyword spotting (Vidal, Toselli and Puigcerver 2021, A Probabilistic Framework for Lexicon-based Keyword Spotting in
Handwritten Text Images): gAP ranks all pairs of a query and a page together, mAP is the mean of the average
precisions of the queries. They take all that was found, pairs of equal probability at once; what was not found counts
as missed. Precision and recall are those of pairs of at least 0.5; `found` is the recall of all.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.agreement import baselines
from pipeline.comparison.command import COMPARISON
from pipeline.comparison.dataset import COLLECTION
from pipeline.comparison.wording import SCRIPTS
from pipeline.document import Line, Word
from pipeline.hyphens import broken_words
from pipeline.index.matching import Words
from pipeline.index.reader import Index
from pipeline.index.tokens import tokens
from pipeline.storage import LocalStorage, Storage
from pipeline.store import read_lines
from segmentation.evaluate import together

SHORTEST: Final = 3
SURE: Final = 0.5
LEVELS: Final = ("pages", "lines")
ALL: Final = "all"
COLUMNS: Final = ("queries", "mAP", "gAP", f"P at {SURE}", f"R at {SURE}", "found")

Place = tuple[str, int]  # document and page


class Spot(NamedTuple):
    """A query on a page, or on a line."""

    query: str
    where: Hashable


@dataclass(frozen=True)
class Sheet:
    """A page; `true` are the queries on it, each with its line, `ours` numbers of our lines, from 1, with theirs.

    Lines that lie together are one.
    """

    place: Place
    script: str
    true: tuple[tuple[str, int], ...]
    ours: Mapping[int, int]


@dataclass(frozen=True)
class Figures:
    """How well queries were found, rates in 0..1."""

    queries: int
    mean_ap: float
    global_ap: float
    precision: float
    recall: float
    found: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.keyword_spotting", description=__doc__)
    parser.add_argument("output", metavar="OUT")
    storage = LocalStorage(parser.parse_args().output)
    with Index.open(storage, print) as words:
        print("\n".join(table(list(sheets(storage)), words)))


def sheets(storage: Storage) -> Iterator[Sheet]:
    """All pages of a comparison that have a truth."""
    for page in json.loads(storage.read(COMPARISON))["page"]:
        true, ours = (
            read_lines(storage, name, COLLECTION, page["document_id"]).get(page["page"], ())
            for name in ("truth", "lines")
        )
        yield sheet((page["document_id"], page["page"]), page["script"], true, ours)


def sheet(place: Place, script: str, true: Sequence[Line], ours: Sequence[Line]) -> Sheet:
    """Pair the lines of a page."""
    of_true: dict[int, int] = {}
    of_ours: dict[int, int] = {}
    for group, (first, second) in enumerate(together(baselines(true), baselines(ours))):
        of_true |= dict.fromkeys(first, group)
        of_ours |= {line + 1: group for line in second}
    return Sheet(place, script, tuple((query, of_true[line]) for query, line in queries(true)), of_ours)


def queries(lines: Sequence[Line]) -> Iterator[tuple[str, int]]:
    """The words of true lines that are searched for, each with its line, from 0."""
    split = [replace(line, words=tuple(Word(word, 1.0, ()) for word in line.text.split())) for line in lines]
    whole = broken_words(split)
    seconds = {second for second, _ in whole.values()}
    for number, line in enumerate(split):
        for place, word in enumerate(line.words):
            if (number, place) not in seconds:
                text = whole[number, place][1] if (number, place) in whole else word.text
                yield from ((token, number) for token in tokens(text) if len(token) >= SHORTEST)


def table(pages: Sequence[Sheet], words: Words) -> Iterator[str]:
    """The figures by script, of the text alone and with other readings."""
    groups: dict[str, list[Sheet]] = defaultdict(list)
    for page in pages:
        groups[page.script].append(page)
    rows = words.of(sorted({query for page in pages for query, _ in page.true}))
    readings = {"text": rows.filter(pc.equal(rows["rank"], 0)), "with others": rows}
    for level in LEVELS:
        yield f"{f'by {level}':26}" + "".join(f"{name:>10}" for name in COLUMNS)
        for name, members in [*sorted(groups.items()), (ALL, list(pages))]:
            for reading, of in readings.items():
                yield f"{f'{SCRIPTS.get(name, name)}, {reading}':26}{cells(measured(members, of, level))}"


def cells(figures: Figures) -> str:
    """Rates in percent."""
    rates = (figures.mean_ap, figures.global_ap, figures.precision, figures.recall, figures.found)
    return f"{figures.queries:10,}" + "".join(f"{100 * rate:10.1f}" for rate in rates)


def measured(pages: Sequence[Sheet], rows: pa.Table, level: str) -> Figures:
    """The figures of some pages, searched for the words of their own truth."""
    by_place = {page.place: page for page in pages}
    relevant = {
        Spot(query, (*page.place, line) if level == "lines" else page.place)
        for page in pages
        for query, line in page.true
    }
    asked = {spot.query for spot in relevant}
    nowhere: dict[Spot, float] = defaultdict(lambda: 1.0)
    for row in rows.select(["token", "document_id", "page", "line", "probability"]).to_pylist():
        place = row["document_id"], row["page"]
        if place in by_place and row["token"] in asked:
            where = (*place, by_place[place].ours[row["line"]]) if level == "lines" else place
            nowhere[Spot(row["token"], where)] *= 1 - row["probability"]
    return figures({spot: 1 - chance for spot, chance in nowhere.items()}, relevant)


def figures(spotted: Mapping[Spot, float], relevant: Collection[Spot]) -> Figures:
    """The figures of what was found, with its probabilities, when this was to be found."""
    by_query: dict[str, dict[Spot, float]] = {spot.query: {} for spot in relevant}
    for spot, probability in spotted.items():
        by_query[spot.query][spot] = probability
    totals: dict[str, int] = defaultdict(int)
    for spot in relevant:
        totals[spot.query] += 1
    sure = [spot for spot, probability in spotted.items() if probability >= SURE]
    right = sum(spot in relevant for spot in sure)
    return Figures(
        queries=len(by_query),
        mean_ap=float(np.mean([_precision(of, relevant, totals[query]) for query, of in by_query.items()])),
        global_ap=_precision(spotted, relevant, len(relevant)),
        precision=right / len(sure) if sure else 1.0,
        recall=right / len(relevant),
        found=sum(spot in relevant for spot in spotted) / len(relevant),
    )


def _precision(spotted: Mapping[Spot, float], relevant: Collection[Spot], total: int) -> float:
    return average_precision(list(spotted.values()), [spot in relevant for spot in spotted], total)


def average_precision(scores: Sequence[float], right: Iterable[Any], total: int) -> float:
    """The precision at every score, weighed by the share of the `total` right ones that have it, in 0..1."""
    order = np.argsort(-np.array(scores, np.float64), kind="stable")
    ranked = np.array(scores, np.float64)[order]
    hits = np.cumsum(np.array(list(right), np.int64)[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else np.zeros(0, np.int64)
    return float((np.diff(hits[ends], prepend=0) * hits[ends] / (ends + 1)).sum() / total)


if __name__ == "__main__":
    main()
