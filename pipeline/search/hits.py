"""Places of the index as hits: a word or phrase on a page, with its probability and its boxes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from pipeline.index.matching import Found
from pipeline.index.places import Places
from pipeline.schema import SIDES

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the page


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or half of one that is broken over two lines: number of its line on the page, from 1, and its box."""

    line: int
    box: Box


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a query was found; `probability` in 0..1 that its words stand there.

    `otherwise`: one of them is another likely reading of a word, not the one in the text of its line.
    """

    collection: str
    document_id: str
    page: int
    text: str
    probability: float
    pieces: tuple[Piece, ...]
    otherwise: bool

    @property
    def lines(self) -> tuple[int, ...]:
        """Numbers of its lines, in order."""
        return tuple(sorted({piece.line for piece in self.pieces}))


def hits_of(found: Found, places: Places) -> list[Hit]:
    """Some of the places that were found, in the order given."""
    numbers = np.unique(places.rows[places.rows >= 0])
    rows = dict(zip(numbers.tolist(), found.rows.take(numbers).to_pylist(), strict=True))
    members = ([rows[number] for number in place if number >= 0] for place in places.rows.tolist())
    return [_hit(words, probability) for words, probability in zip(members, places.probability.tolist(), strict=True)]


def _hit(words: Sequence[Mapping[str, Any]], probability: float) -> Hit:
    """A written word of several tokens, as l'enfant, has one row for each, with the same text and box."""
    in_order = sorted(words, key=lambda word: word["position"])
    written = [next(same) for _, same in groupby(in_order, key=lambda word: (word["text"], *_pieces(word)))]
    first = in_order[0]
    return Hit(
        first["collection"],
        first["document_id"],
        first["page"],
        " ".join(word["text"] for word in written),
        probability,
        tuple(dict.fromkeys(piece for word in written for piece in _pieces(word))),
        any(word["rank"] for word in words),
    )


def _pieces(word: Mapping[str, Any]) -> Iterator[Piece]:
    for half in (word, word["second_half"]):
        if half is not None:
            left, top, right, bottom = (half[side] for side in SIDES)
            yield Piece(half["line"], (left, top, right, bottom))
