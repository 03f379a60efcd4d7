"""What is measured of the ink of a real line: how dark, how slanted, how high its letters."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from recognizer.lines import Crop, Floats

Ints = npt.NDArray[np.int64]

MARGIN: Final = 8
"""Rows of a crop above and below its band."""

SLANTS: Final = np.arange(-5, 16) / 10
LOW_LETTERS: Final = frozenset("aceimnorsuvwxz")
FAINT: Final = 0.3
# Of the ink of the low letters: what may lie above the rows that they are said to fill, and below them.
OUTSIDE: Final = 0.12
LEAST_CORE: Final = 6.0
# In heights of the core, from its top: the rows in which the ink beside a cut is looked at.
ROWS: Final = np.linspace(-1.25, 2.25, 15)
NEAR: Final = 3


def density(image: Crop) -> Floats:
    """Ink of a line, float32 [height, width]: about 0 on its paper, wherever that is dark, and 1 in its ink.

    Grain, rules and what other lines left stay: letters bring along the paper that they were written on.
    """
    return np.asarray((paper_along(image) - image) / contrast(image), np.float32)


def paper_along(image: Crop) -> Floats:
    """Gray of the paper at each column, float32 [width]: the 75th percentile around, smooth over the line's height."""
    height, width = image.shape
    pieces = np.array_split(image, max(1, round(width / height)), axis=1)
    known = np.array([[np.percentile(piece, 75) for piece in pieces]], np.float32)
    return np.asarray(cv2.resize(known, (width, 1), interpolation=cv2.INTER_LINEAR)[0], np.float32)


def contrast(image: Crop) -> float:
    """Grays between a line's paper and its ink, its 1st percentile: at least 24, as when lines are normalised."""
    ink, paper = np.percentile(image, [1, 75])
    return float(max(24, paper - ink))


def slant_of(ink: Floats) -> float:
    """Columns a row that the strokes of a line lean to the right, -0.5..1.5, in tenths.

    Set upright, they fill fewest columns, and the sum of the squares of the columns' ink is greatest. (Vinciarelli and
    Luettin 2001, A new normalization technique for cursive handwritten words, section 3, count whole strokes instead.)
    """
    strokes = _strokes(ink)
    fills = [float((sheared(strokes, -slant).sum(0) ** 2).sum()) for slant in SLANTS]
    return float(SLANTS[int(np.argmax(fills))])


def sheared(ink: Floats, slant: float) -> Floats:
    """Ink [height, width] leant to the right by so many columns a row, about its middle row; none comes in."""
    height, width = ink.shape
    matrix = np.array([[1, -slant, slant * (height - 1) / 2], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR), np.float32)


def core_rows(ink: Floats, text: str, cuts: Ints) -> tuple[float, float] | None:
    """First and last row that the low letters (a, c, e, ...) of a line fill; character k begins at column `cuts[k]`.

    None where there are fewer than three of them, or hardly any ink.
    """
    low = [k for k, character in enumerate(text) if character in LOW_LETTERS]
    if len(low) < 3:
        return None
    columns = np.concatenate([np.arange(cuts[k], cuts[k + 1]) for k in low])
    rows = _strokes(ink)[:, columns].sum(1)
    above = np.cumsum(rows) / max(1e-6, rows.sum())
    top, bottom = (float(MARGIN + np.searchsorted(above, share)) for share in (OUTSIDE, 1 - OUTSIDE))
    return (top, bottom) if bottom - top >= LEAST_CORE else None


def ink_beside(ink: Floats, cuts: Ints, core: tuple[float, float]) -> Floats:
    """Mean ink of the three columns left and right of each cut, float32 [cuts, 2, 15], by rows relative to the core."""
    top, bottom = core
    rows = np.clip(np.round(top + ROWS * (bottom - top)), 0, len(ink) - 1).astype(int)
    smooth = np.clip(cv2.blur(ink, (NEAR, NEAR)), 0, 1)
    columns = np.clip(np.stack([cuts - NEAR // 2 - 1, cuts + NEAR // 2], 1), 0, ink.shape[1] - 1)
    return np.asarray(smooth[rows[None, None, :], columns[:, :, None]], np.float32)


def _strokes(ink: Floats) -> Floats:
    """The band without what is fainter than ink."""
    return np.asarray(np.clip(ink[MARGIN:-MARGIN] - FAINT, 0, 1 - FAINT), np.float32)
