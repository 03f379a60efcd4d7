"""Which characters of a hand's lines write a text best: unit selection as in speech synthesis.

Every character of the text is taken from a place in a real line. A place costs something where it stands beside other
characters than in the text, and two places that do not follow each other cost a join, the more, the less the ink on
both sides of the cuts agrees, and the more of it there is. So the cheapest choice has the longest groups of letters
that the hand wrote (Hunt and Black 1996, Unit selection in a concatenative speech synthesis system, section 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from recognizer.draw.hands import Hand, Hands, Place
from recognizer.draw.letters import END, START, CutLine
from recognizer.lines import Floats

MOST: Final = 60
"""Places of a character that are weighed against each other."""

# What places cost: beside other letters than in the text, at a word's end where the text has none or the other way
# round, in another hand, and by chance, so that not all lines are made of the same.
BESIDE: Final = 0.25
AT_A_BORDER: Final = 1.0
BORROWED: Final = 1.0
CHANCE: Final = 0.4
# What joins cost: each, by ink that differs between both sides, and by ink that is cut through.
JOIN: Final = 1.0
INK: Final = 0.4
CUT_THROUGH: Final = 0.1
BORDERS: Final = frozenset(f" {START}{END}")


@dataclass(frozen=True, eq=False)
class Piece:
    """The characters [first, last) of a line, as they stand there."""

    line: CutLine
    first: int
    last: int

    @property
    def width(self) -> int:
        """Columns, set upright."""
        return self.line.width(self.first, self.last)


def choose(hands: Hands, hand: Hand, text: str, rng: np.random.Generator) -> list[Piece]:
    """The pieces that write a text, in order, from START to END; the same choice is not made every time.

    Raises KeyError where no hand has one of the characters.
    """
    whole = f"{START}{text}{END}"
    columns = [_column(hands, hand, whole, k, rng) for k in range(len(whole))]
    costs, came = columns[0][1], []
    for (before, _), (places, own) in pairwise(columns):
        joined = costs[:, None] + _joins(before, places)
        came.append(joined.argmin(0))
        costs = joined.min(0) + own
    path = [int(costs.argmin())]
    for back in reversed(came):
        path.append(int(back[path[-1]]))
    return _pieces([places[k] for (places, _), k in zip(columns, reversed(path), strict=True)])


def _column(hands: Hands, hand: Hand, text: str, k: int, rng: np.random.Generator) -> tuple[list[Place], Floats]:
    """The places that character k of a text may be taken from, the best ones where there are many, and their costs."""
    places = hands.places(hand, text[k])
    if not places:
        raise KeyError(text[k])
    costs = np.array([_cost(hand, place, text, k) for place in places], np.float32)
    costs += rng.uniform(0, CHANCE, len(places)).astype(np.float32)
    best = np.argsort(costs, kind="stable")[:MOST]
    return [places[each] for each in best], costs[best]


def _cost(hand: Hand, place: Place, text: str, k: int) -> float:
    line, own = place
    borrowed = (line.dataset, line.page) != (hand.dataset, hand.page)
    before = _unlike(text[k - 1], line.text[own - 1]) if k else 0.0
    after = _unlike(text[k + 1], line.text[own + 1]) if k + 1 < len(text) else 0.0
    return before + after + BORROWED * borrowed


def _unlike(wanted: str, had: str) -> float:
    """What it costs that a character stands beside another one: most where a word begins or ends in only one."""
    if wanted == had:
        return 0.0
    return BESIDE if (wanted in BORDERS) == (had in BORDERS) else AT_A_BORDER


def _joins(before: Sequence[Place], after: Sequence[Place]) -> Floats:
    """What it costs to go from each place to each other one, float32 [before, after]; nothing along a line."""
    ends = np.stack([line.sides[k + 1].ravel() for line, k in before])
    starts = np.stack([line.sides[k].ravel() for line, k in after])
    costs = JOIN + INK * np.abs(ends[:, None] - starts[None]).sum(2)
    costs += CUT_THROUGH * (ends.sum(1)[:, None] + starts.sum(1)[None])
    follows = {(id(line), k): column for column, (line, k) in enumerate(after)}
    for row, (line, k) in enumerate(before):
        if (column := follows.get((id(line), k + 1))) is not None:
            costs[row, column] = 0.0
    return np.asarray(costs, np.float32)


def _pieces(places: Sequence[Place]) -> list[Piece]:
    pieces: list[Piece] = []
    for line, k in places:
        if pieces and pieces[-1].line is line and pieces[-1].last == k:
            pieces[-1] = Piece(line, pieces[-1].first, k + 1)
        else:
            pieces.append(Piece(line, k, k + 1))
    return pieces
