"""Words that a hyphen breaks at the end of a line."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pipeline.document import Line

# Hyphens, the mark of transcribers, the double oblique of old print.
HYPHENS: Final = ("-", "\u2010", "\u00ac", "\u2e17")

Place = tuple[int, int]  # line and word, both from 0


def broken_words(lines: Sequence[Line]) -> dict[Place, tuple[Place, str]]:
    """First halves: where they stand -> where the second half stands, and the whole word without the hyphen.

    A word is broken when its line ends in a hyphen after a letter and the next line of its paragraph goes on with a
    small letter.
    """
    found: dict[Place, tuple[Place, str]] = {}
    for place, (line, after) in enumerate(pairwise(lines)):
        if not line.words or not after.words or (line.region, line.paragraph) != (after.region, after.paragraph):
            continue
        if whole := joined(line.words[-1].text, after.words[0].text):
            found[place, len(line.words) - 1] = (place + 1, 0), whole
    return found


def joined(first: str, second: str) -> str | None:
    """The whole of a word whose halves end one line and begin the next; None where no hyphen breaks it."""
    if first.endswith(HYPHENS) and first[-2:-1].isalpha() and second[:1].islower():
        return first[:-1] + second
    return None
