"""Where words stand, as arrays with an element a place, and what phrases and NEAR make of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

AN_EDIT: Final = 0.5  # what every edit of a fuzzy word does to the rank


@dataclass(frozen=True, slots=True)
class Places:
    """Where something stands, in order of `first` and `last`, no two alike; n places made of up to k words.

    `first` and `last` are those of its words: numbers that grow by one from word to word, with a gap between pages.
    `edits` are all letters in which its words differ from those of the query. `rows` [n, k] are rows of the index,
    -1 where there are fewer.
    """

    first: Integers
    last: Integers
    probability: Floats
    edits: Integers
    rows: Integers

    @property
    def score(self) -> Floats:
        """What decides the rank: the probability, halved by every edit."""
        return self.probability * AN_EDIT**self.edits

    def take(self, which: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Self:
        """Some of the places, by number or mask."""
        return type(self)(*(getattr(self, name)[which] for name in self.__slots__))


def readings(at: Integers, probability: Floats, edits: Integers, start: int) -> Places:
    """Rows of one term as places: those at the same place as one, by the best of them. `start` is the first row."""
    order = np.argsort(at, kind="stable")  # rows come in order or nearly so, which makes this quick
    first = firsts(at[order])
    if len(first) < len(order):
        order = np.lexsort((-probability * AN_EDIT**edits, at))
    best = order[first]
    whole = np.minimum(np.add.reduceat(probability[order], first), 1.0) if len(first) else probability
    return Places(at[best], at[best], whole, edits[best], (best + start)[:, None])


def firsts(*columns: Integers) -> Integers:
    """Where something new begins in columns that are in order."""
    new = np.zeros(len(columns[0]), bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)


def followed(left: Places, right: Places) -> Places:
    """Places of one thing right after another."""
    which, beside = _partners(left.last + 1, right.first)
    return _together(left.take(which), right.take(beside))


def near(left: Places, right: Places, distance: int) -> Places:
    """Every place of the left with the best place of the right within so many words, of equal ones the nearest."""
    best, reached = np.full(len(left.first), -1), np.zeros(len(left.first))
    score = right.score
    by_first, by_last = _best_by(right.first, score), _best_by(right.last, score)
    starts, ends = right.first[by_first], right.last[by_last]
    for step in range(1, distance + 1):
        for wanted, among, order in ((left.last + step, starts, by_first), (left.first - step, ends, by_last)):
            which, place = _partners(wanted, among)
            beside = order[place]
            better = score[beside] > reached[which]
            best[which[better]], reached[which[better]] = beside[better], score[beside[better]]
    paired = best >= 0
    return _distinct(_together(left.take(paired), right.take(best[paired])))


def _best_by(ends: Integers, score: Floats) -> Integers:
    """Of all places with the same end the best, in order of the ends."""
    order = np.lexsort((-score, ends))
    return np.asarray(order[firsts(ends[order])])


def _partners(wanted: Integers, among: Integers) -> tuple[Integers, Integers]:
    """Places in `wanted` and in `among`, which is in order and has none twice, of the same numbers."""
    if not len(among):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    nearest = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    which = np.flatnonzero(among[nearest] == wanted)
    return which, nearest[which]


def _together(left: Places, right: Places) -> Places:
    """Places side by side as one."""
    return Places(
        np.minimum(left.first, right.first),
        np.maximum(left.last, right.last),
        left.probability * right.probability,
        left.edits + right.edits,
        np.hstack([left.rows, right.rows]),
    )


def united(several: Sequence[Places]) -> Places:
    """All of several places."""
    wide = max(places.rows.shape[1] for places in several)
    padded = [np.pad(each.rows, ((0, 0), (0, wide - each.rows.shape[1])), constant_values=-1) for each in several]
    return _distinct(
        Places(
            np.concatenate([each.first for each in several]),
            np.concatenate([each.last for each in several]),
            np.concatenate([each.probability for each in several]),
            np.concatenate([each.edits for each in several]),
            np.concatenate(padded),
        )
    )


def _distinct(places: Places) -> Places:
    """In order, of those at the same place the best."""
    order = np.lexsort((-places.score, places.last, places.first))
    return places.take(order[firsts(places.first[order], places.last[order])])
