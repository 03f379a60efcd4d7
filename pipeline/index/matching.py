"""A query against the index: where its words stand, and how probably.

What is searched is a table of readings with probabilities, so a place is found with the probability that its words
stand there, as probabilistic indexing has it (Vidal, Toselli and Puigcerver 2021, A Probabilistic Framework for
Lexicon-based Keyword Spotting in Handwritten Text Images):

- readings of one place exclude each other: those that fit word* or word~ add up, and the likeliest one is shown;
- words of a phrase, of NEAR and on a page are independent: a phrase has the product of its words, a page has a word
  unless none of its places has it, AND multiplies and OR is 1 - (1 - p)(1 - q), page by page;
- a place found by AND has its own probability times that of everything else asked for on its page;
- NOT leaves out pages that rather have it than not, and on others multiplies by the probability that they do not.

Everything is arrays with an element a place; only what is shown becomes objects.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.failures import UsageError
from pipeline.index.places import Floats, Integers, Places, firsts, followed, near, readings, united
from pipeline.index.query import FARTHEST, And, Near, Or, Phrase, Query, Term, terms

MOST_ROWS: Final = 2_000_000  # of a query; above, its arrays take too much memory
RATHER: Final = 0.5


class Words(Protocol):
    """The index as queries see it; tables have the columns of `words`."""

    def of(self, tokens: Sequence[str]) -> pa.Table:
        """All live rows whose token is one of these."""

    def beginning(self, prefix: str) -> pa.Table:
        """All live rows whose token begins so."""

    def similar(self, token: str, distance: int) -> Mapping[str, int]:
        """Tokens of the index within a Levenshtein distance, with theirs."""


@dataclass(frozen=True, slots=True)
class Found:
    """All places of a query, and the rows of the index that they are made of."""

    rows: pa.Table
    places: Places

    def best(self, count: int) -> Places:
        """The places of the highest score, best first; of equal ones by document, collection, page, position."""
        score = self.places.score
        beyond = max(0, len(score) - count)
        least = np.partition(score, beyond)[beyond] if beyond else 0.0
        ahead = np.flatnonzero(score >= least)
        return self.places.take(ahead[np.argsort(-score[ahead], kind="stable")][:count])


@dataclass(frozen=True, slots=True)
class _Match:
    """Places, and the pages that a part of the query holds on, in order, with the probability that it does."""

    places: Places
    pages: Integers
    on_page: Floats

    def chance(self, pages: Integers) -> Floats:
        """The probability on each of these pages."""
        if not len(self.pages):
            return np.zeros(len(pages))
        nearest = np.minimum(np.searchsorted(self.pages, pages), len(self.pages) - 1)
        return np.where(self.pages[nearest] == pages, self.on_page[nearest], 0.0)


def find(query: Query, words: Words, keep: Callable[[pa.Table], pa.Table] = lambda rows: rows) -> Found:
    """All places of a query among the rows that `keep` keeps. Raises UsageError where they are too many."""
    wanted = list(dict.fromkeys(terms(query)))
    tables, edits = zip(*(_rows(term, words, keep) for term in wanted), strict=True)
    rows = pa.concat_tables(tables)
    if len(rows) > MOST_ROWS:
        most = wanted[int(np.argmax([len(table) for table in tables]))].token
        raise UsageError(
            f"the query takes {len(rows):,} words of the index, at most {MOST_ROWS:,} are allowed; "
            f"most are of {most!r}: give more letters, or a rarer word"
        )
    numbers, stride = _numbers(rows)
    probability = rows["probability"].to_numpy().astype(np.float64)
    places, start = {}, 0
    for term, own in zip(wanted, edits, strict=True):
        part = slice(start, start + len(own))
        places[term] = readings(numbers[part], probability[part], own, start)
        start = part.stop
    return Found(rows, _Evaluation(places, stride).match(query).places)


def _rows(term: Term, words: Words, keep: Callable[[pa.Table], pa.Table]) -> tuple[pa.Table, Integers]:
    """The rows of a term, and in how many letters each differs from it."""
    if term.prefix:
        rows = keep(words.beginning(term.token))
        return rows, np.zeros(len(rows), np.int64)
    similar = words.similar(term.token, term.edits) if term.edits else {term.token: 0}
    rows = keep(words.of(list(similar)))
    which = pc.index_in(rows["token"], pa.array(list(similar), pa.string())).to_numpy()
    return rows, np.array(list(similar.values()), np.int64)[which]


def _numbers(rows: pa.Table) -> tuple[Integers, int]:
    """The place of every row as a number, in order of document, collection, page, position; numbers a page takes."""
    page, position = (rows[name].to_numpy().astype(np.int64) for name in ("page", "position"))
    collection = _order(rows["collection"])
    stride = int(position.max(initial=0)) + FARTHEST + 1
    number = _order(rows["document_id"]) * (int(collection.max(initial=0)) + 1) + collection
    return (number * (int(page.max(initial=0)) + 1) + page) * stride + position, stride


def _order(column: pa.ChunkedArray) -> Integers:
    """Numbers that sort as the strings of a column do."""
    encoded = column.combine_chunks().dictionary_encode()
    rank = pc.rank(encoded.dictionary).to_numpy().astype(np.int64)
    return np.asarray(rank[encoded.indices.to_numpy()])


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """A query's terms with their places; `stride` numbers are a page."""

    places: Mapping[Term, Places]
    stride: int

    def match(self, query: Query) -> _Match:
        """Where a part of the query stands."""
        match query:
            case Term():
                return self._by_place(self.places[query])
            case Phrase(members):
                return self._by_place(reduce(followed, (self.places[member] for member in members)))
            case Near(left, right, distance):
                return self._by_place(near(self.match(left).places, self.match(right).places, distance))
            case And(parts, without):
                return self._all([self.match(part) for part in parts], [self.match(part) for part in without])
            case Or(parts):
                return _any([self.match(part) for part in parts])

    def _by_place(self, places: Places) -> _Match:
        """A page has something unless none of its places has it."""
        pages = places.first // self.stride
        first = firsts(pages)
        nowhere = np.multiply.reduceat(1 - places.probability, first) if len(first) else np.zeros(0)
        return _Match(places, pages[first], 1 - nowhere)

    def _all(self, parts: Sequence[_Match], without: Sequence[_Match]) -> _Match:
        pages = reduce(np.intersect1d, (part.pages for part in parts))
        chances = [part.chance(pages) for part in parts]
        on_page = np.prod(chances, axis=0)
        for part in without:
            chance = part.chance(pages)
            on_page = on_page * np.where(chance > RATHER, 0.0, 1 - chance)
        holds = on_page > 0
        pages, on_page = pages[holds], on_page[holds]
        found = [
            self._weighed(part.places, pages, on_page / chance[holds])
            for part, chance in zip(parts, chances, strict=True)
        ]
        return _Match(united(found), pages, on_page)

    def _weighed(self, places: Places, pages: Integers, weight: Floats) -> Places:
        """The places on some pages, their probability times a weight of the page."""
        weights = _Match(places, pages, weight).chance(places.first // self.stride)
        probability = places.probability * weights
        return Places(places.first, places.last, probability, places.edits, places.rows).take(probability > 0)


def _any(parts: Sequence[_Match]) -> _Match:
    pages = reduce(np.union1d, (part.pages for part in parts))
    nowhere = np.prod([1 - part.chance(pages) for part in parts], axis=0)
    return _Match(united([part.places for part in parts]), pages, 1 - nowhere)
