"""Outlines around lines: as far up and down as their own ink goes and the neighbours leave room.

Crops are scaled by these outlines, so their heights must agree with the outlines recognition was trained on; lines of
one page want one scale, so each line's height leans on the page's usual one.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.paper import Mask
from segmentation.traces import Trace

Floats = npt.NDArray[np.float64]

STEP = 2
FARTHEST_UP, FARTHEST_DOWN = 1.1, 0.6
SHARE_UP, SHARE_DOWN = 0.8, 0.35
MOST_OF_ROOM = 0.9
USUAL_PERCENTILE = 85
OWN_WEIGHT = 0.5
HUG = 0.6
LEAST_HEIGHT = 1.0
ROOM_UP, ROOM_DOWN, PADDING = 0.8, 0.3, 0.6
NARROWEST, WIDEST = 0.6, 1.05
LEAST_BELOW, MOST_BELOW = 0.2, 0.6


@dataclass(frozen=True)
class _Reach:
    """A line's samples, all [n] in pixels: x, y of the baseline, room to the neighbours, reach of ink up and down."""

    x: Floats
    y: Floats
    room_up: Floats
    room_down: Floats
    up: Floats
    down: Floats


def outlines(traces: list[Trace], ink: Mask, pitch: float) -> list[Floats]:
    """A polygon float64 [m, 2] for every trace, in pixels of the straightened ink."""
    reaches = [_reach(trace, traces, ink, pitch) for trace in traces]
    if not reaches:
        return []
    ups = np.array([_padded(_usual(reach.up), ROOM_UP * pitch) for reach in reaches])
    downs = np.array([_padded(_usual(reach.down), ROOM_DOWN * pitch) for reach in reaches])
    ups, downs = (
        OWN_WEIGHT * np.clip(own, 0.6 * np.median(own), 1.6 * np.median(own)) + (1 - OWN_WEIGHT) * np.median(own)
        for own in (ups, downs)
    )
    return [_outline(reach, up, down) for reach, up, down in zip(reaches, ups, downs, strict=True)]


def _reach(trace: Trace, traces: list[Trace], ink: Mask, pitch: float) -> _Reach:
    x = np.arange(trace[0, 0], trace[-1, 0] + 1, STEP)
    y = np.interp(x, trace[:, 0], trace[:, 1])
    room_up, room_down = _rooms(x, y, trace, traces)
    most_up = np.minimum(SHARE_UP * room_up, FARTHEST_UP * pitch)
    most_down = np.minimum(SHARE_DOWN * room_down, FARTHEST_DOWN * pitch)
    window = int(HUG * pitch) | 1
    up = _widest(_ink_reach(ink, x, y, most_up, -1), window)
    down = _widest(_ink_reach(ink, x, y, most_down, 1), window)
    return _Reach(x, y, room_up, room_down, up, down)


def _rooms(x: Floats, y: Floats, trace: Trace, traces: list[Trace]) -> tuple[Floats, Floats]:
    """Distance to the nearest baseline above and below at every x, infinite where there is none."""
    up, down = np.full(len(x), np.inf), np.full(len(x), np.inf)
    for other in traces:
        if other is trace or other[0, 0] > x[-1] or other[-1, 0] < x[0]:
            continue
        apart = np.interp(x, other[:, 0], other[:, 1]) - y
        beside = (x >= other[0, 0]) & (x <= other[-1, 0])
        up = np.where(beside & (apart < 0), np.minimum(up, -apart), up)
        down = np.where(beside & (apart > 0), np.minimum(down, apart), down)
    return up, down


def _ink_reach(ink: Mask, x: Floats, y: Floats, most: Floats, way: int) -> Floats:
    """How far the farthest ink within `most` lies from the baseline, going up (-1) or down (1)."""
    offsets = np.arange(1, max(2, int(np.ceil(most.max())) + 1))
    rows = np.round(y[:, None] + way * offsets).astype(np.intp)
    columns = x.astype(np.intp).clip(0, ink.shape[1] - 1)
    inked = ink[rows.clip(0, len(ink) - 1), columns[:, None]] > 0
    inked &= (rows >= 0) & (rows < len(ink)) & (offsets <= most[:, None])
    return np.asarray(np.where(inked, offsets, 0).max(axis=1), np.float64)


def _widest(reach: Floats, window: int) -> Floats:
    return np.asarray(cv2.dilate(reach.reshape(1, -1), np.ones((1, window), np.uint8)), np.float64).ravel()


def _usual(reach: Floats) -> float:
    return max(LEAST_HEIGHT, float(np.percentile(reach, USUAL_PERCENTILE)))


def _padded(reach: float, room: float) -> float:
    """The reach with part of the white that is left between lines, as drawn outlines have it."""
    return reach + PADDING * max(0.0, room - reach)


def _outline(reach: _Reach, up: float, down: float) -> Floats:
    """The ink's outline held near the line's usual reach, short of the neighbours."""
    down = float(np.clip(down, LEAST_BELOW * up, MOST_BELOW * up))
    above = np.minimum(_stretched(reach.up, up), MOST_OF_ROOM * reach.room_up)
    below = np.minimum(_stretched(reach.down, down), MOST_OF_ROOM * reach.room_down)
    top = np.stack([reach.x, reach.y - above], axis=1)
    foot = np.stack([reach.x, reach.y + below], axis=1)
    return np.concatenate([simplify(top), simplify(foot)[::-1]])


def _stretched(reach: Floats, usual: float) -> Floats:
    """The reach scaled so that its usual size is `usual`, and held near it."""
    return np.clip(reach * (usual / _usual(reach)), NARROWEST * usual, WIDEST * usual)


def simplify(points: Floats, tolerance: float = 0.6) -> Floats:
    """A polyline [n, 2] with the points left out that lie within `tolerance` pixels of the rest."""
    kept = cv2.approxPolyDP(points.astype(np.float32).reshape(-1, 1, 2), tolerance, False)
    return kept.reshape(-1, 2).astype(np.float64)
