"""Words of a corrected line: where each stands on the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from pipeline.document import Line, Polyline, Word, polyline

LEAST: Final = 1.0
"""Pixels along the baseline that a word has, also one that was put where there is no room."""
TINY: Final = 1e-9

Floats = npt.NDArray[np.float64]
Span = tuple[float, float]


@dataclass(frozen=True)
class _Block:
    """Words that were read, from `start` to `end`, and the texts in their place."""

    start: int
    end: int
    texts: Sequence[str]


def reworded(line: Line, text: str) -> tuple[Word, ...]:
    """The words of a line when it has this text: certain, without other readings.

    Words that stay have the place that they had, and so have as many others in the place of as many. Where their number
    changes, they share the stretch of the baseline that the words before them had, or the gap, by their lengths.
    """
    track = _Track.of(line)
    found: list[Word] = []
    for block in _blocks([word.text for word in line.words], text.split()):
        before = line.words[block.start : block.end]
        if len(before) == len(block.texts):
            outlines = [word.polygon for word in before]
        else:
            outlines = list(track.shared(track.span(line.words, block.start, block.end), block.texts))
        found += [Word(each, 1.0, outline) for each, outline in zip(block.texts, outlines, strict=True)]
    return tuple(found)


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[_Block]:
    """Both texts cut where words are the same in both."""
    edits = Levenshtein.opcodes(before, after)
    for _, of in groupby(edits, key=lambda edit: edit.tag == "equal"):
        some = list(of)
        yield _Block(some[0].src_start, some[-1].src_end, after[some[0].dest_start : some[-1].dest_end])


@dataclass(frozen=True)
class _Track:
    """A baseline as an axis: its corners, how far along it each lies, and the direction from each to the next.

    Words reach from `top` (negative, above it) to `foot`; all in pixels.
    """

    corners: Floats
    done: Floats
    direction: Floats
    top: float = 0.0
    foot: float = 0.0

    @classmethod
    def of(cls, line: Line) -> Self:
        """That of a line; words reach as far as those that were read, or else as the line's polygon."""
        corners = np.array(line.baseline if len(line.baseline) > 1 else 2 * line.baseline, np.float64)
        runs = np.diff(corners, axis=0)
        lengths = np.hypot(*runs.T)
        direction = np.where(lengths[:, None] > 0, runs / np.maximum(lengths, TINY)[:, None], (1.0, 0.0))
        track = cls(corners, np.concatenate([[0.0], np.cumsum(lengths)]), direction)
        reaches = [track.places(shape)[:, 1] for shape in [word.polygon for word in line.words] or [line.polygon]]
        top, foot = (float(np.median([of(each) for each in reaches])) for of in (np.min, np.max))
        return replace(track, top=top, foot=foot)

    def places(self, shape: Polyline) -> Floats:
        """How far along the baseline and below it points are, float64 [n, 2]; it goes on straight beyond its ends."""
        away = np.array(shape, np.float64)[:, None] - self.corners[None, :-1]
        reached = (away * self.direction).sum(-1)
        first, last = np.zeros(len(self.direction)), np.diff(self.done)
        first[0], last[-1] = -np.inf, np.inf
        reached = np.clip(reached, first, last)
        apart = away - reached[..., None] * self.direction
        nearest = np.hypot(*np.moveaxis(apart, -1, 0)).argmin(1)
        below = self.direction[:, 0] * apart[..., 1] - self.direction[:, 1] * apart[..., 0]
        rows = np.arange(len(nearest))
        return np.stack([self.done[nearest] + reached[rows, nearest], below[rows, nearest]], axis=1)

    def span(self, words: Sequence[Word], start: int, end: int) -> Span:
        """The stretch of the baseline that some words have, or, of none, the gap before the word that comes next."""
        if start < end:
            places = np.concatenate([self.places(word.polygon)[:, 0] for word in words[start:end]])
            low, high = places.min(), places.max()
        else:
            low = self.places(words[start - 1].polygon)[:, 0].max() if start else 0.0
            high = self.places(words[end].polygon)[:, 0].min() if end < len(words) else self.done[-1]
        missing = max(0.0, LEAST - (high - low)) / 2
        return float(low - missing), float(high + missing)

    def shared(self, span: Span, texts: Sequence[str]) -> Iterator[Polyline]:
        """Outlines of words that share a stretch, with a letter's width between them."""
        ends = np.cumsum([0, *(len(text) + 1 for text in texts)])
        low, width = span[0], (span[1] - span[0]) / max(1, ends[-1] - 1)
        for text, start in zip(texts, ends[:-1], strict=True):
            yield self._outline(low + start * width, low + (start + len(text)) * width)

    def _outline(self, start: float, end: float) -> Polyline:
        """Clockwise from the upper left corner."""
        corners = ((start, self.top), (end, self.top), (end, self.foot), (start, self.foot))
        return polyline(self._at(*corner) for corner in corners)

    def _at(self, reached: float, below: float) -> Floats:
        """The point [2] so far along the baseline and below it."""
        part = int(np.clip(np.searchsorted(self.done, reached, "right") - 1, 0, len(self.direction) - 1))
        right, down = self.direction[part]
        on = self.corners[part] + (reached - self.done[part]) * self.direction[part]
        return np.asarray(on + below * np.array([-down, right]))
