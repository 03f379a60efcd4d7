"""From the pixels of a page to the user space of its PDF page, and from a stored picture to its place there.

A matrix [a b c d e f] takes (x, y) to (ax + cy + e, bx + dy + f); of a product the left factor comes first (ISO
32000-1, 8.3).
"""

from collections.abc import Iterable
from typing import Any, Final

from pikepdf import Matrix

from pipeline.rendered import Box

POINTS_PER_INCH: Final = 72
MIRROR: Final = Matrix(-1, 0, 0, 1, 1, 0)
_QUARTER: Final = Matrix(0, -1, 1, 0, 0, 1)


def turned(quarters: int) -> Matrix:
    """The unit square turned clockwise by so many quarters, onto itself."""
    matrix = Matrix()
    for _ in range(quarters % 4):
        matrix @= _QUARTER
    return matrix


def onto(box: Box) -> Matrix:
    """The unit square stretched to a box: left, bottom, right, top."""
    left, bottom, right, top = box
    return Matrix(right - left, 0, 0, top - bottom, left, bottom)


def to_points(width: int, height: int, quarters: int, box: Box) -> Matrix:
    """From pixels of a page of this size to the user space in which it fills the box.

    `quarters`: how many quarters clockwise the page in user space is turned to be seen.
    """
    return Matrix(1 / width, 0, 0, -1 / height, 0, 1) @ turned(-quarters) @ onto(box)


def visible_box(media_box: Iterable[Any], crop_box: Iterable[Any]) -> Box:
    """What of a PDF page is seen, in its user space: its CropBox within its MediaBox, as poppler draws it."""
    media, crop = (_ordered(*map(float, box)) for box in (media_box, crop_box))
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return (left, bottom, right, top) if left < right and bottom < top else media


def _ordered(x0: float, y0: float, x1: float, y1: float) -> Box:
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
