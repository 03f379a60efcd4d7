"""What the network is to say of a patch: truth drawn after the lines were moved, never moved after it was drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.layout import Points
from segmentation.learned import MAPS
from segmentation.train.pages import TrueLine

FRACTION: Final = 4  # bits of a pixel that OpenCV draws with
LOW: Final = (
    5.0  # pixels of the maps; baselines of lower lines are drawn one pixel thick, or dense print sticks together
)
BODY: Final = 0.55  # of the height: where most letters end
UP, DOWN, BEYOND = 0.6, 0.25, 1.5  # the bar at an end: heights above and below the baseline, pixels beyond its end
AROUND: Final = 3  # pixels around an outline that belong to the line
UNMARKED: Final = 0.35  # weight of ink outside all lines: it may be text that nobody marked
INK: Final = 0.35

Mask = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Truth:
    """Maps in the order of `learned.MAPS`, uint8 [3, h, w] of 0 and 1, and the weight of each pixel, float32 [h, w]."""

    maps: Mask
    weight: npt.NDArray[np.float32]


def draw(lines: Sequence[TrueLine], matrix: Matrix, scale: float, ink: npt.NDArray[np.float32]) -> Truth:
    """Truth of a patch whose ink [2 h, 2 w] lies where `matrix` [2, 3] takes the page, which it enlarges by `scale`."""
    size = ink.shape[0] // 2, ink.shape[1] // 2
    maps, near = np.zeros((len(MAPS), *size), np.uint8), np.zeros(size, np.uint8)
    for line in lines:
        baseline = _moved(line.baseline, matrix)
        if (baseline.max(0) > -20).all() and (baseline.min(0) < np.array(size[::-1]) + 40).all():
            _draw_line(maps, baseline, line.height * scale / 2)
            _draw_near(near, baseline, _moved(line.polygon, matrix), line.height * scale / 2)
    seen = cv2.resize((ink > INK).astype(np.uint8), size[::-1], interpolation=cv2.INTER_AREA)
    unmarked = (cv2.dilate(seen, np.ones((5, 5), np.uint8)) > 0) & (cv2.dilate(near, _square(AROUND)) == 0)
    return Truth(maps, np.where(unmarked, UNMARKED, 1.0).astype(np.float32))


def _moved(points: Points, matrix: Matrix) -> npt.NDArray[np.float64]:
    """Points of the page in pixels of the maps."""
    return np.asarray((points @ matrix[:, :2].T + matrix[:, 2]) / 2, np.float64)


def _up(line: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Unit vectors along the line and towards the tops of its letters."""
    way = line[-1] - line[0]
    along = way / (np.hypot(*way) or 1.0)
    return along, np.array([along[1], -along[0]])


def _draw_line(maps: Mask, line: npt.NDArray[np.float64], height: float) -> None:
    baseline, ends, body = maps
    along, up = _up(line)
    cv2.fillPoly(body, [_exact(np.vstack([line, (line + up * BODY * height)[::-1]]))], 1, shift=FRACTION)
    # OpenCV paints three rows for a thickness of 2.
    cv2.polylines(baseline, [_exact(line)], False, 1, 2 if height > LOW else 1, shift=FRACTION)
    for end, way in ((line[0], -1), (line[-1], 1)):
        at = end + way * BEYOND * along
        top, foot = _exact(at + up * UP * height), _exact(at - up * DOWN * height)
        cv2.line(ends, top.tolist(), foot.tolist(), 1, 2, shift=FRACTION)


def _draw_near(near: Mask, line: npt.NDArray[np.float64], polygon: npt.NDArray[np.float64], height: float) -> None:
    """The surroundings of a line: its outline, and what is as high as usual outlines."""
    _, up = _up(line)
    band = np.vstack([line + 1.1 * height * up, (line - 0.5 * height * up)[::-1]])
    for shape in (band, polygon):
        if len(shape) > 2:
            cv2.fillPoly(near, [_exact(shape)], 1, shift=FRACTION)


def _exact(points: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    return np.round(points * 2**FRACTION).astype(np.int32)


def _square(reach: int) -> Mask:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
