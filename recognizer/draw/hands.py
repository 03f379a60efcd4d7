"""Hands and their letters: lines of one page are of one hand, and what it lacks the hand most like it lends."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from recognizer.draw.ink import density, sheared
from recognizer.draw.letters import CutLine
from recognizer.lines import Floats

FEWEST_LINES: Final = 3
# Lines whose low letters are higher or lower than those of their hand by more were cut or measured wrong.
OFF: Final = 1.5
WIDE: Final = 1.5
# Places at which a letter is borrowed, at least, so that it is not always the same.
ENOUGH: Final = 4
# How much less alike the hands of another data set are: other paper, another scanner.
STRANGE: Final = 0.5

Place = tuple[CutLine, int]
"""A character of a line: the line, and which of its characters it is."""


@dataclass(frozen=True, eq=False)
class Hand:
    """Lines of one page. `core` and `slant` are the medians of theirs, see CutLine."""

    dataset: str
    page: str
    lines: tuple[CutLine, ...]

    @cached_property
    def core(self) -> tuple[float, float]:
        """First and last row of the low letters."""
        top, bottom = np.median([line.core for line in self.lines], axis=0)
        return float(top), float(bottom)

    @cached_property
    def slant(self) -> float:
        """Columns a row."""
        return float(np.median([line.slant for line in self.lines]))

    @cached_property
    def letters(self) -> dict[str, tuple[Place, ...]]:
        """For each character the places where the hand surely has it, and about as wide as it mostly is."""
        found: dict[str, list[Place]] = defaultdict(list)
        for line in self.lines:
            for k, character in enumerate(line.text):
                if line.sure[k]:
                    found[character].append((line, k))
        return {character: _as_wide(places) for character, places in found.items()}

    @cached_property
    def look(self) -> Floats:
        """What makes hands look alike: slant, width of letters and of strokes in heights of the low letters."""
        return np.asarray(np.median([_look(line) for line in self.lines], axis=0), np.float32)


@dataclass(frozen=True, eq=False)
class Hands:
    """All hands; each can write what any of them can."""

    hands: tuple[Hand, ...]

    @classmethod
    def of(cls, lines: Iterable[CutLine]) -> "Hands":
        """The hands of lines, without pages that have too few, and without lines unlike the others of their page."""
        pages: dict[tuple[str, str], list[CutLine]] = defaultdict(list)
        for line in lines:
            pages[line.dataset, line.page].append(line)
        hands = (Hand(dataset, page, _alike(found)) for (dataset, page), found in sorted(pages.items()))
        return cls(tuple(hand for hand in hands if len(hand.lines) >= FEWEST_LINES))

    def lacking(self, text: str) -> frozenset[str]:
        """Characters of a text that no hand has."""
        return frozenset(text).difference(*(hand.letters for hand in self.hands))

    def places(self, hand: Hand, character: str) -> tuple[Place, ...]:
        """Where a hand takes a character from: its own lines, or, where it lacks it, those of the hands most like it.

        Nothing when no hand has it.
        """
        found = list(hand.letters.get(character, ()))
        for other in () if found else self._likest(hand):
            found += other.letters.get(character, ())
            if len(found) >= ENOUGH:
                break
        return tuple(found)

    def fitting(self, text: str, some: Sequence[int]) -> Hand:
        """Of some of the hands the one that has to borrow fewest of a text's characters, the first of equals."""
        return min((self.hands[k] for k in some), key=lambda hand: sum(c not in hand.letters for c in text))

    def _likest(self, hand: Hand) -> list[Hand]:
        strange = np.array([STRANGE * (other.dataset != hand.dataset) for other in self.hands])
        off = np.abs(self._looks - hand.look).sum(1) + strange
        return [self.hands[k] for k in np.argsort(off, kind="stable")]

    @cached_property
    def _looks(self) -> npt.NDArray[np.float32]:
        return np.stack([hand.look for hand in self.hands])


def _as_wide(places: Sequence[Place]) -> tuple[Place, ...]:
    """The places, at least one, where a character is about as wide as mostly; where it is not, the cuts are wrong."""
    widths = np.array([line.width(k, k + 1) / line.high for line, k in places])
    off = np.abs(np.log(widths / np.sort(widths)[len(widths) // 2]))
    return tuple(place for place, each in zip(places, off, strict=True) if each <= np.log(WIDE))


def _alike(lines: Sequence[CutLine]) -> tuple[CutLine, ...]:
    """The lines whose low letters are about as high as is usual among them."""
    heights = np.array([line.high for line in lines])
    off = np.abs(np.log(heights / np.median(heights)))
    return tuple(line for line, each in zip(lines, off, strict=True) if each <= np.log(OFF))


def _look(line: CutLine) -> tuple[float, float, float]:
    letter = float(np.diff(line.cuts).mean()) / line.high
    black = sheared(density(line.image), -line.slant) > 0.5
    strokes = np.count_nonzero(np.diff(black.astype(np.int8), axis=1) == 1)
    return line.slant, letter, float(black.sum() / max(1, strokes) / line.high)
