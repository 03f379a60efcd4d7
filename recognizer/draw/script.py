"""A text in a font, as a hand would write it: on a baseline that wanders, no letter bent like another.

Everything is drawn twice as large as the line will be, with room above and below for what leans or wavers.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from recognizer.draw.fields import bent, field
from recognizer.draw.fonts import Face, Font
from recognizer.draw.ink import MARGIN
from recognizer.lines import NARROWEST, Floats

TWICE: Final = 2
BAND: Final = 64
SLACK: Final = 24
ROWS: Final = TWICE * (BAND + 2 * MARGIN) + 2 * SLACK
# Columns at both ends for what leans out of the line.
LEAN: Final = 120.0
OTHER_LINES: Final = 0.7


def script(font: Font, text: str, others: Sequence[str], rng: np.random.Generator) -> Floats:
    """How much of each pixel a line of text inks, float32 [ROWS, width] in 0..1, twice as large as the line.

    The text must be one that the font has. Now and then the other two stand above and below it, without what the font
    lacks; the crop will show parts of them.
    """
    face = font.sized(TWICE * BAND * rng.uniform(0.88, 1.12))
    base = SLACK + TWICE * MARGIN + TWICE * BAND * face.above / (face.above + face.below) + rng.normal(0, 3)
    spacing = face.length("n") * rng.uniform(0.5, 1.1)
    words = _placed(face, text.split(), base, LEAN, spacing, rng)
    last, word = next(reversed(words.items()))
    shape = ROWS, round(last[0] + face.length(word) + LEAN)
    wavering = _wavering(shape, base, rng)
    own = bent(face.drawn(words, shape), *wavering)
    around = bent(face.drawn(_around(font, face, others, base, spacing, rng), shape), *wavering)
    inked = np.flatnonzero(own.max(0))
    left, right = (round(TWICE * rng.uniform(6, 18)) for _ in range(2))
    return np.maximum(own, around)[:, max(0, inked[0] - left) : inked[-1] + right]


def reduced(ink: Floats, stretch: float) -> Floats:
    """The line's own rows at its own size, float32 [80, width], stretched along by a factor."""
    inner = ink[SLACK:-SLACK]
    width = max(NARROWEST, round(inner.shape[1] * stretch / TWICE))
    size = width, BAND + 2 * MARGIN
    return np.asarray(cv2.resize(inner, size, interpolation=cv2.INTER_AREA), np.float32)


def _around(
    font: Font, face: Face, others: Sequence[str], base: float, spacing: float, rng: np.random.Generator
) -> dict[tuple[float, float], str]:
    """The words above and below the line, now and then, without what the font lacks."""
    words: dict[tuple[float, float], str] = {}
    pitch = TWICE * BAND * rng.uniform(0.85, 1.35)
    for other, row in zip(others, (base - pitch, base + pitch), strict=True):
        if rng.random() < OTHER_LINES:
            known = "".join(filter(font.has, other)).split()
            words |= _placed(face, known, row, LEAN + rng.uniform(-50, 50), spacing, rng)
    return words


def _placed(
    face: Face, words: Sequence[str], base: float, left: float, spacing: float, rng: np.random.Generator
) -> dict[tuple[float, float], str]:
    """Words by where they begin: at distances that differ, each a little above or below the one before."""
    placed: dict[tuple[float, float], str] = {}
    drift = 0.0
    for word in words:
        drift = 0.7 * drift + rng.normal(0, 2.4)
        placed[left, base + drift] = word
        left += face.length(word) + spacing * rng.uniform(0.7, 1.4)
    return placed


def _wavering(shape: tuple[int, int], base: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """How far to the right and down each pixel comes from: leant about the baseline, and bent slowly, as letters differ
    in size, width and slant, and quickly, as strokes tremble.
    """
    rows = np.arange(shape[0], dtype=np.float32)[:, None] - base
    slant = rng.normal(0.05, 0.25) + field(rng, shape, (np.inf, 90), 0.08)
    letters, strokes = rng.uniform(1.5, 4.5), rng.uniform(0.5, 1.4)
    right = slant * rows + field(rng, shape, (70, 50), letters) + field(rng, shape, (25, 22), strokes)
    down = field(rng, shape, (70, 60), letters) + field(rng, shape, (25, 25), strokes)
    return right, down + field(rng, shape, (np.inf, 300), 2.0)
