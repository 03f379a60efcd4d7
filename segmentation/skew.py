"""The slope of a page's lines, and straightening by it.

The page is turned so that the row profile of its letters' lower edges is sharpest (Baird 1987), measured by the sum of
squared differences (Postl 1986).
"""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.layout import Points
from segmentation.paper import Mask

MOST_POINTS = 20_000
LEAST_POINTS = 50
LEAST_SHARPNESS = 1.15
STEPS = (0.5, 0.1, 0.025)
SOFTEN = np.array([1, 2, 1]) / 4
GOLDEN = (5**0.5 - 1) / 2

Floats = npt.NDArray[np.float64]


def find_skew(ink: Mask, most: float) -> float:
    """Clockwise slope of the lines in degrees, within -most..most; 0 where no slope is sharper than the others."""
    points = _lower_edges(ink)
    if most <= 0 or len(points) < LEAST_POINTS:
        return 0.0
    angles = np.arange(-most, most + STEPS[0] / 2, STEPS[0])
    sharpness = _sharpness(points, angles)
    if sharpness.max() < LEAST_SHARPNESS * np.median(sharpness):
        return 0.0
    best = float(angles[sharpness.argmax()])
    for wide, narrow in pairwise(STEPS):
        angles = np.clip(np.arange(best - wide, best + wide + narrow / 2, narrow), -most, most)
        best = float(angles[_sharpness(points, angles).argmax()])
    return round(best, 3) + 0.0


def _lower_edges(ink: Mask) -> Floats:
    """Points (x, y) of ink with paper below, at most 20,000, taken evenly and spread over the height of their pixel.

    Unspread, the rows of pixels themselves would make a slope of 0 look sharp.
    """
    edge = ink[:-1] & (1 - ink[1:])
    y, x = np.nonzero(edge)
    step = len(x) // MOST_POINTS + 1
    within = (x * GOLDEN) % 1 - 0.5
    return np.stack([x, y + within], axis=1)[::step] - np.array(ink.shape[::-1]) / 2


def _sharpness(points: Floats, angles: Floats) -> Floats:
    """Sum of squared differences of the row profile after turning the page back by each angle."""
    reach = int(np.hypot(*np.abs(points).max(axis=0))) + 3
    turns = np.radians(angles)
    scores = np.empty(len(angles))
    for index, turn in enumerate(turns):
        row = points[:, 1] * np.cos(turn) - points[:, 0] * np.sin(turn) + reach
        whole = row.astype(np.intp)
        share = row - whole
        profile = np.bincount(whole, 1 - share, 2 * reach) + np.bincount(whole + 1, share, 2 * reach)
        scores[index] = np.square(np.diff(np.convolve(profile, SOFTEN))).sum()
    return scores


def straighten(ink: Mask, degrees: float) -> tuple[Mask, Floats]:
    """The mask with lines of this slope made level, all of it, and the matrix [2, 3] of the way back."""
    height, width = ink.shape
    turn = np.radians(degrees)
    cos, sin = np.cos(turn), np.sin(turn)
    wide = round(width * cos + height * abs(sin))
    high = round(height * cos + width * abs(sin))
    back = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    back[:, 2] = np.array([width - 1, height - 1]) / 2 - back[:, :2] @ (np.array([wide - 1, high - 1]) / 2)
    level = cv2.warpAffine(ink * 255, back, (wide, high), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return (level > 127).astype(np.uint8), back


def turn_back(points: npt.NDArray[np.floating], back: Floats) -> Points:
    """Points [n, 2] of the straightened mask in the mask as it lay."""
    return (points @ back[:, :2].T + back[:, 2]).astype(np.float32)


def slope(lines: Sequence[npt.NDArray[np.floating]]) -> float | None:
    """Clockwise slope of baselines [n, 2] in degrees: the median, by length, of those that are not steep; None without
    any.
    """
    ways = np.array([line[-1] - line[0] for line in lines], np.float64).reshape(-1, 2)
    ways = ways[np.abs(ways[:, 0]) > np.abs(ways[:, 1])]
    if not len(ways):
        return None
    angles = np.degrees(np.arctan(ways[:, 1] / ways[:, 0]))
    order = np.argsort(angles, kind="stable")
    weight = np.cumsum(np.hypot(*ways.T)[order])
    return float(angles[order][np.searchsorted(weight, weight[-1] / 2)])


def made_level(points: Floats, degrees: float) -> Floats:
    """Points [n, 2] turned around (0, 0) so that lines of this slope are level."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray(points @ np.array([[cos, -sin], [sin, cos]]))


def quarters(lines: Sequence[npt.NDArray[np.floating]]) -> npt.NDArray[np.intp]:
    """By how many quarters clockwise each baseline [n, 2] must be turned to be read: 0 to 3 for lines that run right,
    up, left and down."""
    ways = np.array([line[-1] - line[0] for line in lines], np.float64).reshape(-1, 2)
    return np.round(np.arctan2(-ways[:, 1], ways[:, 0]) / (np.pi / 2)).astype(np.intp) % 4
