"""How well lines were found: baselines against true ones, and their reading order.

The measure of baselines is that of cBAD (Gruening et al. 2017, READ-BAD: A New Dataset and Evaluation Scheme for
Baseline Detection in Archival Documents, section V): how much of a line lies near another, by a tolerance that comes
from the distance of the true lines. Recall takes all found lines together, so that a line in two pieces is found;
precision pairs every found line with one true line at most, so that the second piece, or a line that joins two, costs.
Distances are those to the line, where the authors' tool takes the nearest of its points, axis by axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.layout import Points

TICK: Final = 5.0  # pixels between the points of a line that are looked at
TOLERANCE: Final = 0.25  # of the distance to the next true line
GONE: Final = 3.0  # tolerances away, a point is no longer near at all
FARTHEST: Final = 250.0  # pixels; no line is farther from the next one
MOSTLY: Final = 0.5

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """Recall and precision of a page, in 0..1, and its one-to-one pairs (true line, found line, coverage in 0..1).

    A page without true lines has recall 1, one without found lines precision 1.
    """

    precision: float
    recall: float
    pairs: tuple[tuple[int, int, float], ...]
    covered: tuple[float, ...]
    """How much of each true line was found, in 0..1."""

    sure: tuple[float, ...]
    """How much of each found line is true, in 0..1."""


def compare(true: Sequence[Points], found: Sequence[Points]) -> Agreement:
    """Agreement of found baselines with true ones, float32 [n, 2] each, in pixels of the page."""
    reach = tolerances(true)
    near = _near(true, found, reach)
    covered = [
        _coverage(line, [found[column] for column in np.flatnonzero(beside).tolist()], tolerance)
        for line, beside, tolerance in zip(true, near, reach, strict=True)
    ]
    matrix = np.zeros(near.shape)
    for row, column in np.argwhere(near).tolist():
        matrix[row, column] = _coverage(found[column], [true[row]], reach[row])
    pairs = _pairs(matrix)
    sure = dict.fromkeys(range(len(found)), 0.0) | {column: cover for _, column, cover in pairs}
    return Agreement(
        float(np.mean(list(sure.values()))) if len(found) else 1.0,
        float(np.mean(covered)) if len(true) else 1.0,
        tuple(sorted(pairs)),
        tuple(covered),
        tuple(sure.values()),
    )


def f1(precision: float, recall: float) -> float:
    """Harmonic mean; 0 when both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def tolerances(lines: Sequence[Points]) -> list[float]:
    """A quarter of the least distance from every line to another one beside it, in pixels.

    Lines without a neighbour, and those farther from theirs than usual, take the mean of the page.
    """
    apart = np.array([_nearest(line, lines) for line in lines], np.float64)
    known = apart[(apart > 0) & (apart < FARTHEST)]
    mean = float(known.mean()) if len(known) else FARTHEST
    return [TOLERANCE * float(min(distance or mean, mean)) for distance in apart]


def kendall_tau(places: Sequence[int]) -> float | None:
    """Agreement of two orders, in -1..1, from the places in one of what stands in order in the other.

    Kendall 1938, A New Measure of Rank Correlation; None for less than two.
    """
    pairs = list(combinations(places, 2))
    return sum(1 if first < second else -1 for first, second in pairs) / len(pairs) if pairs else None


def _ticks(line: Points) -> Floats:
    """Points on a polyline, `TICK` pixels apart along it, its ends included: [n >= 2, 2]."""
    return evenly(line, max(2, round(float(_along(line)[-1]) / TICK) + 1))


def _near(true: Sequence[Points], found: Sequence[Points], reach: Sequence[float]) -> Bools:
    """Whether the boxes around a true and a found line come so near that one may cover the other: [true, found]."""
    if not true or not found:
        return np.zeros((len(true), len(found)), bool)
    first, second = (np.array([(line.min(0), line.max(0)) for line in lines], np.float64) for lines in (true, found))
    apart = np.maximum(first[:, None, 0] - second[:, 1], second[:, 0] - first[:, None, 1]).max(2)
    return np.asarray(apart <= GONE * np.array(reach)[:, None])


def _coverage(line: Points, others: Sequence[Points], tolerance: float) -> float:
    """How much of a line lies near the others: 1 within the tolerance, falling to 0 at `GONE` of it."""
    points = _ticks(line)
    distance = np.full(len(points), np.inf)
    for other in others:
        distance = np.minimum(distance, distances(points, other))
    return float(np.clip((GONE - distance / tolerance) / (GONE - 1), 0, 1).mean())


def evenly(line: Points | Floats, count: int) -> Floats:
    """So many points at equal distances along a polyline, its ends included: float64 [count, 2]."""
    points, along = np.asarray(line, np.float64), _along(line)
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)


def _along(line: Points | Floats) -> Floats:
    """How far along a polyline each of its points lies, in pixels: float64 [n]."""
    steps = np.hypot(*np.diff(np.asarray(line, np.float64), axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def distances(points: Floats, line: Points | Floats) -> Floats:
    """From every point [n, 2] to the nearest point of a polyline [m >= 2, 2]: float64 [n], in pixels."""
    corners = np.asarray(line, np.float64)
    start, way = corners[:-1], np.diff(corners, axis=0)
    apart = points[:, None] - start
    share = np.clip((apart * way).sum(2) / np.maximum((way**2).sum(1), 1e-9), 0, 1)
    return np.asarray(np.hypot(*(apart - share[..., None] * way).transpose(2, 0, 1)).min(1))


def _pairs(matrix: Floats) -> list[tuple[int, int, float]]:
    """Pairs of rows and columns, the best first, each row and column once, as long as anything is covered."""
    left = matrix.copy()
    pairs = []
    while left.size and left.max() > 0:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        pairs.append((int(row), int(column), float(left[row, column])))
        left[row], left[:, column] = 0, 0
    return pairs


def _nearest(line: Points, lines: Sequence[Points]) -> float:
    """Distance across a line to the nearest other one that runs beside it, at most `FARTHEST`."""
    points = np.asarray(line, np.float64)
    way = points[-1] - points[0]
    length = float(np.hypot(*way)) or 1.0
    turn = np.array([[way[0], -way[1]], [way[1], way[0]]]) / length
    own = (points - points[0]) @ turn
    distances = (
        _beside(own, (np.asarray(other, np.float64) - points[0]) @ turn) for other in lines if other is not line
    )
    return min(distances, default=FARTHEST)


def _beside(own: Floats, other: Floats) -> float:
    """How near two lines come where both are, in a frame in which the first lies flat; `FARTHEST` if nowhere."""
    start, end = max(own[:, 0].min(), other[:, 0].min()), min(own[:, 0].max(), other[:, 0].max())
    if start >= end:
        return FARTHEST
    at = np.linspace(start, end, 20)
    ordered = [points[np.argsort(points[:, 0], kind="stable")] for points in (own, other)]
    first, second = (np.interp(at, points[:, 0], points[:, 1]) for points in ordered)
    return min(float(np.abs(first - second).min()), FARTHEST)


def together(true: Sequence[Points], found: Sequence[Points]) -> list[tuple[list[int], list[int]]]:
    """Which true and found lines lie on each other: groups of indices, each from left to right.

    A true line found in two pieces, or two cells found as one line, are one group; a line that lies on none is alone.
    """
    reach = tolerances(true)
    parent = list(range(len(true) + len(found)))

    def root(member: int) -> int:
        while parent[member] != member:
            member = parent[member]
        return member

    for row, column in np.argwhere(_near(true, found, reach)).tolist():
        one, other = true[row], found[column]
        if max(_coverage(one, [other], reach[row]), _coverage(other, [one], reach[row])) > MOSTLY:
            parent[root(len(true) + column)] = root(row)
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for member in sorted(range(len(parent)), key=lambda m: float([*true, *found][m][:, 0].min())):
        side = member >= len(true)
        groups.setdefault(root(member), ([], []))[side].append(member - side * len(true))
    return list(groups.values())
