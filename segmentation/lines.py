"""Baselines without learning, by following the lower edges of smeared rows.

1. Crests of the edge map (see rows) are followed from column to column into traces; where they fork, all arms are cut.
2. Traces are joined in their direction where the map bridges the gap or the gap is small, never across a barrier: an
   upright rule, or a white gutter between columns.
3. Ends are fitted to ink. Short, faint and empty traces are dropped, the shorter the surer they have to be.

Lengths below are in pitches unless they say pixels. A trace is float64 [n, 3]: x rising, y, strength 0..1.
"""

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.paper import Mask
from segmentation.rows import Map, edge_map, find_pitch

Trace = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

WEAK, STRONG = 0.14, 0.5
LEAST_LENGTH, LEAST_STRENGTH, SURER = 1.0, 0.3, 0.1
BRIDGE, CLOSE_GAP, LONGEST_GAP = 0.05, 0.8, 3.0
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
    pieces = [piece for piece in _follow(edges) if len(piece) >= 3]
    pitch = _spacing(pieces, pitch)
    joined = (_fit_ends(trace, letters, barriers, pitch) for trace in _join(pieces, edges, barriers, pitch))
    lines = [trace for trace in joined if _is_line(trace, letters, pitch)]
    sure = sorted(lines, key=lambda trace: -float(trace[:, 2].sum()))
    return [_settle(_smooth(trace, pitch), letters, pitch) for trace in sure[:most]], pitch


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


def _follow(edges: Map) -> list[Trace]:
    """Traces along the crests: components that are strong somewhere and wider than tall, run by run."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((edges > WEAK).astype(np.uint8), connectivity=8)
    keep = np.zeros(count, bool)
    keep[np.unique(labels[edges > STRONG])] = True
    tall, wide = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    keep &= (tall <= 1.5 * wide) | (tall <= 14)
    keep[0] = False
    return _link(edges * keep[labels])


def _link(crests: Map) -> list[Trace]:
    """Runs of each column linked to the runs of the next that they touch, where that is one to one."""
    column, start, end = _runs(crests)
    if not len(column):
        return []
    rows = len(crests) + 1
    before, after = column * rows + start, column * rows + end
    first = np.searchsorted(after, before + rows, side="right")
    last = np.searchsorted(before, after + rows, side="left")
    touched = np.zeros(len(column) + 1, np.intp)
    np.add.at(touched, first[last > first], 1)
    np.add.at(touched, last[last > first], -1)
    single = (last - first == 1) & (np.cumsum(touched)[np.minimum(first, len(column) - 1)] == 1)
    previous = np.arange(len(column))
    previous[first[single]] = np.nonzero(single)[0]
    for _ in range(int(np.ceil(np.log2(crests.shape[1] + 1))) + 1):
        previous = previous[previous]
    order = np.argsort(previous, kind="stable")
    points = np.stack([column, *_centres(crests, column, start, end)], axis=1)[order]
    return np.split(points, np.nonzero(np.diff(previous[order]))[0] + 1)


def _runs(crests: Map) -> tuple[Ints, Ints, Ints]:
    """Column, first row and row after the last of every upright run, by columns."""
    padded = np.pad((crests.T > 0).astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    column, start = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    return column, start, end


def _centres(crests: Map, column: Ints, start: Ints, end: Ints) -> tuple[Trace, Trace]:
    """Centre of mass and mean strength of every run."""
    flat = np.ascontiguousarray(crests.T, np.float64)
    mass = np.pad(np.cumsum(flat, axis=1), ((0, 0), (1, 0)))
    moment = np.pad(np.cumsum(flat * np.arange(flat.shape[1]), axis=1), ((0, 0), (1, 0)))
    weight = mass[column, end] - mass[column, start]
    return (moment[column, end] - moment[column, start]) / weight, weight / (end - start)


def _spacing(pieces: list[Trace], pitch: float) -> float:
    """Median distance in pixels from the middle of a piece to the nearest above or below; `pitch` if there is none."""
    long = [piece for piece in pieces if len(piece) >= 8]
    distances = []
    for piece in long:
        x, y = piece[len(piece) // 2, :2]
        apart = [abs(float(np.interp(x, o[:, 0], o[:, 1])) - y) for o in long if o[0, 0] <= x <= o[-1, 0]]
        apart = [distance for distance in apart if distance > 3]
        if apart:
            distances.append(min(apart))
    return float(np.median(distances)) if distances else pitch


def _join(pieces: list[Trace], edges: Map, barriers: Mask, pitch: float) -> list[Trace]:
    """Pieces joined end to start, the best fitting first; every piece has at most one follower."""
    pieces = sorted(pieces, key=lambda piece: (piece[0, 0], piece[0, 1]))
    follower: dict[int, int] = {}
    leader: dict[int, int] = {}
    for _, left, right in sorted(_candidates(pieces, edges, barriers, pitch)):
        if left not in follower and right not in leader:
            follower[left], leader[right] = right, left
    joined = []
    for head in range(len(pieces)):
        if head not in leader:
            members = [head]
            while members[-1] in follower:
                members.append(follower[members[-1]])
            trace = np.concatenate([pieces[member] for member in members])
            joined.append(trace[np.argsort(trace[:, 0], kind="stable")])
    return joined


def _candidates(pieces: list[Trace], edges: Map, barriers: Mask, pitch: float) -> list[tuple[float, int, int]]:
    """(cost, left, right) of pairs that may be joined."""
    heads = np.array([piece[0, :2] for piece in pieces]).reshape(-1, 2)
    slopes = [(_slope(piece[: _near(pitch)]), _slope(piece[-_near(pitch) :])) for piece in pieces]
    found = []
    for left, piece in enumerate(pieces):
        gap, drop = (heads - piece[-1, :2]).T
        off = np.abs(drop - 0.5 * (slopes[left][1] + np.array([slope[0] for slope in slopes])) * gap)
        fits = (gap > 0) & (gap < LONGEST_GAP * pitch) & (off < 0.22 * pitch + 1 + 0.08 * gap)
        for right in np.nonzero(fits)[0]:
            bridge, barred = _between(edges, barriers, piece[-1, :2], heads[right])
            if not barred and (bridge > BRIDGE or gap[right] < CLOSE_GAP * pitch):
                found.append((float(gap[right] + 2 * off[right] - 4 * bridge), left, int(right)))
    return found


def _near(pitch: float) -> int:
    return int(max(6, 1.5 * pitch))


def _slope(points: Trace) -> float:
    if len(points) < 4:
        return 0.0
    x = points[:, 0] - points[:, 0].mean()
    return float(np.clip((x @ points[:, 1]) / (x @ x + 1e-6), -0.35, 0.35))


def _between(edges: Map, barriers: Mask, tail: Trace, head: Trace) -> tuple[float, bool]:
    """Mean strength of the map between a piece's tail and the next one's head, and whether a barrier stands there."""
    count = int(max(2, head[0] - tail[0] + 1))
    x = np.linspace(tail[0], head[0], count).round().astype(np.intp)
    y = np.linspace(tail[1], head[1], count).round().astype(np.intp).clip(1, len(edges) - 2)
    bridge = np.maximum(np.maximum(edges[y - 1, x], edges[y, x]), edges[y + 1, x])
    return float(bridge.mean()), bool(barriers[y, x].any())


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


def _smooth(trace: Trace, pitch: float) -> Trace:
    """The trace with y averaged over about one pitch."""
    window = int(max(3, min(len(trace) // 3, pitch))) | 1
    if len(trace) <= window:
        return trace
    padded = np.pad(trace[:, 1], window // 2, mode="reflect", reflect_type="odd")
    smooth = np.convolve(padded, np.ones(window) / window, "valid")
    return np.column_stack([trace[:, 0], smooth, trace[:, 2]])


def _settle(trace: Trace, letters: Mask, pitch: float) -> Trace:
    """The trace moved up or down as a whole to where the ink of its rows ends most sharply; the blur has lowered it."""
    offsets = np.arange(-round(SETTLE_UP * pitch) - 2, round(SETTLE_DOWN * pitch) + 3)
    rows = np.round(trace[:, 1, None] + offsets).astype(np.intp).clip(0, len(letters) - 1)
    profile = letters[rows, trace[:, 0, None].astype(np.intp)].mean(axis=0)
    drop = np.convolve(profile, [-1, -1, 0, 1, 1], "valid")
    return np.asarray(trace + np.array([0.0, float(offsets[2 + int(drop.argmax())]), 0.0]))
