"""Traces: pieces of lines followed along the crests of a map, and joined where the map or a small gap allows.

The map may be smeared rows (classical) or what a network says (learned); what differs is told by a `Joining`. A trace
is float64 [n, 3]: x rising, y, strength 0..1. Lengths are in pitches, the distance of lines, unless they say pixels.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.paper import Mask

Map = npt.NDArray[np.float32]
Trace = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

LONGEST_GAP: Final = 3.0
OFF, OFF_PER_GAP = 0.22, 0.08
WIDE_ENOUGH, LOW = 1.5, 14  # components that are wider than tall, or lower than so many pixels
AN_END: Final = 0.5


@dataclass(frozen=True)
class Joining:
    """When pieces of a map are traces and one line, all in 0..1 but `close`.

    A component above `weak` that somewhere exceeds `strong` is a trace. Two are joined where the map between them has a
    mean above `bridge` or the gap is under `close` pitches, and across a barrier only above `across` and where no line
    ends.
    """

    weak: float
    strong: float
    bridge: float
    close: float
    across: float = 1.0


@dataclass(frozen=True)
class Ground:
    """What traces are joined on, all [h, w]: their map 0..1, barriers 0 or 1, and where lines end 0..1."""

    strength: Map
    barriers: Mask
    ends: Map | None = None

    def transposed(self) -> "Ground":
        """The ground with x and y exchanged, to join what is steep."""
        ends = None if self.ends is None else np.ascontiguousarray(self.ends.T)
        return Ground(np.ascontiguousarray(self.strength.T), np.ascontiguousarray(self.barriers.T), ends)


def crests(strength: Map, joining: Joining, kept: Map | float = 1.0) -> tuple[Map, Map]:
    """The parts of a map that are traces, level ones and steep ones, without components that are weak everywhere.

    `kept`, 0..1, is how much of the map counts where traces are parted.
    """
    weak = (strength * kept > joining.weak).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    strong = np.zeros(count, bool)
    strong[labels[strength > joining.strong]] = True
    strong[0] = False
    tall, wide = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    level = (tall <= WIDE_ENOUGH * wide) | (tall <= LOW)
    return strength * (strong & level)[labels], strength * (strong & ~level)[labels]


def follow(crests: Map) -> list[Trace]:
    """Traces of at least three pixels along level crests."""
    return [trace for trace in _link(crests) if len(trace) >= 3] if crests.any() else []


def spacing(pieces: list[Trace], usual: float) -> float:
    """Median distance in pixels from the middle of a piece to the nearest above or below; `usual` if there is none.

    Pieces go on from column to column, as they are followed.
    """
    long = [piece for piece in pieces if len(piece) >= 8]
    first, last = (np.array([piece[end, 0] for piece in long]) for end in (0, -1))
    distances = []
    for piece in long:
        x, y = piece[len(piece) // 2, :2]
        crossing = np.nonzero((first <= x) & (x <= last))[0]
        apart = np.abs([long[index][int(x - first[index]), 1] - y for index in crossing])
        if (apart > 3).any():
            distances.append(apart[apart > 3].min())
    return float(np.median(distances)) if distances else usual


def join(pieces: list[Trace], ground: Ground, pitch: float, joining: Joining) -> list[Trace]:
    """Pieces joined end to start, the best fitting first; every piece has at most one follower."""
    pieces = sorted(pieces, key=lambda piece: (piece[0, 0], piece[0, 1]))
    follower: dict[int, int] = {}
    leader: dict[int, int] = {}
    for _, left, right in sorted(_candidates(pieces, ground, pitch, joining)):
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


def smooth(trace: Trace, pitch: float) -> Trace:
    """The trace with y averaged over about one pitch."""
    window = int(max(3, min(len(trace) // 3, pitch))) | 1
    if len(trace) <= window:
        return trace
    padded = np.pad(trace[:, 1], window // 2, mode="reflect", reflect_type="odd")
    averaged = np.convolve(padded, np.ones(window) / window, "valid")
    return np.column_stack([trace[:, 0], averaged, trace[:, 2]])


def _link(crests: Map) -> list[Trace]:
    """Runs of each column linked to the runs of the next that they touch, where that is one to one: at forks all arms
    are cut."""
    column, start, end, *centres = _runs(crests)
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
    points = np.stack([column, *centres], axis=1)[order]
    return np.split(points, np.nonzero(np.diff(previous[order]))[0] + 1)


def _runs(crests: Map) -> tuple[Ints, Ints, Ints, Trace, Trace]:
    """Every upright run, by columns: its column, first row and row after the last, centre of mass, mean strength."""
    columns = np.ascontiguousarray(crests.T).ravel()
    inside = np.flatnonzero(columns > 0)
    row, strength = inside % len(crests), columns[inside].astype(np.float64)
    begins = np.flatnonzero((np.diff(inside, prepend=-2) > 1) | (row == 0))
    mass, moment = (np.add.reduceat(each, begins) for each in (strength, strength * row))
    start, size = row[begins], np.diff(begins, append=len(inside))
    return inside[begins] // len(crests), start, start + size, moment / mass, mass / size


def _candidates(pieces: list[Trace], ground: Ground, pitch: float, joining: Joining) -> list[tuple[float, int, int]]:
    """(cost, left, right) of pairs that may be joined."""
    heads = np.array([piece[0, :2] for piece in pieces]).reshape(-1, 2)
    slopes = [(_slope(piece[: _near(pitch)]), _slope(piece[-_near(pitch) :])) for piece in pieces]
    found = []
    for left, piece in enumerate(pieces):
        gap, drop = (heads - piece[-1, :2]).T
        off = np.abs(drop - 0.5 * (slopes[left][1] + np.array([slope[0] for slope in slopes])) * gap)
        fits = (gap > 0) & (gap < LONGEST_GAP * pitch) & (off < OFF * pitch + 1 + OFF_PER_GAP * gap)
        for right in np.nonzero(fits)[0]:
            bridge = _bridge(ground, piece[-1, :2], heads[right], pitch, joining)
            if bridge is not None:
                found.append((float(gap[right] + 2 * off[right] - 4 * bridge), left, int(right)))
    return found


def _near(pitch: float) -> int:
    return int(max(6, 1.5 * pitch))


def _slope(points: Trace) -> float:
    if len(points) < 4:
        return 0.0
    x = points[:, 0] - points[:, 0].mean()
    return float(np.clip((x @ points[:, 1]) / (x @ x + 1e-6), -0.35, 0.35))


def _bridge(ground: Ground, tail: Trace, head: Trace, pitch: float, joining: Joining) -> float | None:
    """Mean strength of the map between a piece's tail and the next one's head; None where they may not be joined."""
    gap = float(head[0] - tail[0])
    count = int(max(2, gap + 1))
    x = np.linspace(tail[0], head[0], count).round().astype(np.intp)
    y = np.linspace(tail[1], head[1], count).round().astype(np.intp).clip(1, len(ground.strength) - 2)
    strength = ground.strength
    bridge = float(np.maximum(np.maximum(strength[y - 1, x], strength[y, x]), strength[y + 1, x]).mean())
    end = 0.0 if ground.ends is None else float(ground.ends[y, x].max())
    ended = end > AN_END and gap > 3 and bridge < joining.across / 2
    barred = bool(ground.barriers[y, x].any()) and (bridge < joining.across or end > AN_END)
    near = bridge > joining.bridge or gap < joining.close * pitch * (1 - end)
    return bridge if near and not barred and not ended else None
