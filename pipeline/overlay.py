"""A page with its true and its found lines drawn on it, to look at."""

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.truth import TruePage
from segmentation import Layout
from segmentation.evaluate import MOSTLY, Agreement, compare
from segmentation.layout import Points

Colour = tuple[int, int, int]
Picture = npt.NDArray[np.uint8]

LONG_SIDE: Final = 1200
TRUE: Final = (200, 120, 0)
MISSED: Final = (0, 150, 255)
FOUND: Final = (40, 140, 0)
FALSE: Final = (60, 0, 220)
FRACTION: Final = 4  # bits of a pixel that OpenCV draws with


def overlay(page: TruePage, layout: Layout, agreement: Agreement | None = None) -> Picture:
    """The page, uint8 [h, w, 3] (BGR), reduced, with its lines: true ones blue, missed ones orange; found ones green
    with their outlines and places in the order, those that are mostly not true red.
    """
    seen = agreement or compare([line.baseline for line in page.lines], [line.baseline for line in layout.lines])
    scale = min(1.0, LONG_SIDE / max(page.gray.shape))
    reduced = cv2.resize(page.gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = cv2.cvtColor(cv2.convertScaleAbs(reduced, alpha=0.75, beta=64), cv2.COLOR_GRAY2BGR)
    for line, covered in zip(page.lines, seen.covered, strict=True):
        _draw(picture, line.baseline * scale, TRUE if covered > MOSTLY else MISSED, 3)
    for place, (line, sure) in enumerate(zip(layout.lines, seen.sure, strict=True)):
        colour = FOUND if sure > MOSTLY else FALSE
        _draw(picture, line.polygon * scale, colour, 1, closed=True)
        _draw(picture, line.baseline * scale, colour, 1)
        _number(picture, line.baseline[0] * scale, place + 1, colour)
    return np.asarray(picture, np.uint8)


def _draw(picture: Any, points: Points, colour: Colour, thickness: int, closed: bool = False) -> None:
    exact = np.round(points * 2**FRACTION).astype(np.int32)
    cv2.polylines(picture, [exact], closed, colour, thickness, cv2.LINE_AA, FRACTION)


def _number(picture: Any, at: Sequence[float] | Points, number: int, colour: Colour) -> None:
    place = max(0, int(at[0]) - 22), int(at[1])
    cv2.putText(picture, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
