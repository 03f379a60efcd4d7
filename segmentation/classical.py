"""Baselines without learning, by following the lower edges of smeared rows.

1. Crests of the edge map (see rows) are followed from column to column into traces.
2. Traces are joined in their direction where the map bridges the gap or the gap is small, never across a barrier: an
   upright rule, or a white gutter between columns.
3. Ends are fitted to ink. Short, faint and empty traces are dropped, the shorter the surer they have to be.

Lengths below are in pitches unless they say pixels.
"""

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.paper import Mask
from segmentation.rows import edge_map, find_pitch
from segmentation.traces import Ground, Joining, Trace, crests, follow, join, smooth, spacing

JOINING = Joining(weak=0.14, strong=0.5, bridge=0.05, close=0.8)
LEAST_LENGTH, LEAST_STRENGTH, SURER = 1.0, 0.3, 0.1
GUTTER_WIDTH, GUTTER_HEIGHT = 1.3, 6.0
LETTERS = 0.15, 0.75
LEAST_INKED = 0.22
END_REACH = 0.9
EDGE_PIXELS, SHORT_AT_EDGE = 3, 4.0
SETTLE_UP, SETTLE_DOWN = 0.35, 0.1


def find_traces(letters: Mask, rules: Mask, most: int) -> tuple[list[Trace], float]:
    """Baselines of straightened ink, none across upright `rules`, at most `most`, the surest; the pitch in pixels."""
    pitch = find_pitch(letters)
    edges = edge_map(letters, pitch)
    barriers = rules | _gutters(letters, pitch)
    edges[barriers > 0] *= 0.3
    level, _ = crests(edges, JOINING)
    pieces = follow(level)
    pitch = spacing(pieces, pitch)
    whole = join(pieces, Ground(edges, barriers), pitch, JOINING)
    joined = (_fit_ends(trace, letters, barriers, pitch) for trace in whole)
    lines = [trace for trace in joined if _is_line(trace, letters, pitch)]
    sure = sorted(lines, key=lambda trace: -float(trace[:, 2].sum()))
    return [_settle(smooth(trace, pitch), letters, pitch) for trace in sure[:most]], pitch


def _gutters(letters: Mask, pitch: float) -> Mask:
    """White bands between columns: wider than spaces between words and several lines high."""
    size = (int(GUTTER_WIDTH * pitch) | 1, int(GUTTER_HEIGHT * pitch) | 1)
    white = (cv2.boxFilter(letters, cv2.CV_32F, size, normalize=False) == 0).astype(np.uint8)
    return np.asarray(cv2.boxFilter(white, cv2.CV_32F, size, normalize=False) > 0.5, np.uint8)


def _inked(trace: Trace, letters: Mask, pitch: float) -> npt.NDArray[np.bool_]:
    """At which columns letters stand over the baseline; it is passed over itself, as forms have rules there."""
    low, high = LETTERS
    rows = np.round(trace[:, 1, None] - np.arange(low * pitch, high * pitch)).astype(np.intp).clip(0, len(letters) - 1)
    return np.asarray((letters[rows, trace[:, 0, None].astype(np.intp)] > 0).any(axis=1))


def _fit_ends(trace: Trace, letters: Mask, barriers: Mask, pitch: float) -> Trace:
    """The trace from its first to its last column of ink, small marks a little beyond its ends included."""
    longer = np.concatenate(
        [
            _beyond(trace[0], barriers, -int(END_REACH * pitch))[::-1],
            trace,
            _beyond(trace[-1], barriers, int(END_REACH * pitch)),
        ]
    )
    inked = np.nonzero(_inked(longer, letters, pitch))[0]
    return longer[inked[0] : inked[-1] + 1] if len(inked) else trace[:0]


def _beyond(end: Trace, barriers: Mask, reach: int) -> Trace:
    """Points that go on level from an end of a trace, outwards, up to a barrier or the page's edge."""
    way = 1 if reach > 0 else -1
    x = end[0] + np.arange(way, reach + way, way)
    x = x[(x >= 0) & (x < barriers.shape[1])]
    row = int(np.clip(round(end[1]), 0, len(barriers) - 1))
    met = barriers[row, x.astype(np.intp)] > 0
    x = x[: met.argmax()] if met.any() else x
    return np.column_stack([x, np.full(len(x), end[1]), np.full(len(x), end[2])])


def _is_line(trace: Trace, letters: Mask, pitch: float) -> bool:
    """Whether a trace is long, strong and inked enough, and no remains of a neighbouring page at the edge."""
    if len(trace) < 3:
        return False
    length = float(np.hypot(*(trace[-1, :2] - trace[0, :2])))
    surer = SURER * max(0.0, 1 - length / (2 * pitch))
    at_edge = trace[0, 0] < EDGE_PIXELS or trace[-1, 0] >= letters.shape[1] - EDGE_PIXELS
    return (
        length >= (SHORT_AT_EDGE if at_edge else LEAST_LENGTH) * pitch
        and float(trace[:, 2].mean()) >= LEAST_STRENGTH + surer
        and float(_inked(trace, letters, pitch).mean()) >= LEAST_INKED
    )


def _settle(trace: Trace, letters: Mask, pitch: float) -> Trace:
    """The trace moved up or down as a whole to where the ink of its rows ends most sharply; the blur has lowered it."""
    offsets = np.arange(-round(SETTLE_UP * pitch) - 2, round(SETTLE_DOWN * pitch) + 3)
    rows = np.round(trace[:, 1, None] + offsets).astype(np.intp).clip(0, len(letters) - 1)
    profile = letters[rows, trace[:, 0, None].astype(np.intp)].mean(axis=0)
    drop = np.convolve(profile, [-1, -1, 0, 1, 1], "valid")
    return np.asarray(trace + np.array([0.0, float(offsets[2 + int(drop.argmax())]), 0.0]))
