"""Reading order, regions and paragraphs of straightened lines.

A line comes before another that lies below it in the same column, and before what lies to its right, unless a line
between the two spans both (Breuel 2003).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Table = npt.NDArray[np.bool_]

LEAST_OVERLAP = 0.1
LONGEST_STEP = 3.0
SIDE_BY_SIDE = 0.6
INDENT = 0.8
WIDE_STEP = 1.5


@dataclass(frozen=True)
class Places:
    """Where lines lie on the straightened page: left, right and height y of each, float64 [n], in pixels."""

    left: Floats
    right: Floats
    y: Floats

    @classmethod
    def of(cls, baselines: list[Floats]) -> "Places":
        """Places of baselines [n, 2 or more columns]."""
        ends = [(line[:, 0].min(), line[:, 0].max(), line[:, 1].mean()) for line in baselines]
        return cls(*np.array(ends, np.float64).reshape(-1, 3).T)

    def overlapping(self) -> Table:
        """Which lines [n, n] share a good part of their width."""
        shared = np.minimum(self.right[:, None], self.right) - np.maximum(self.left[:, None], self.left)
        width = self.right - self.left
        return shared > LEAST_OVERLAP * np.minimum(width[:, None], width)

    def take(self, order: list[int]) -> "Places":
        """The places in another order."""
        return Places(self.left[order], self.right[order], self.y[order])


def reading_order(places: Places, pitch: float) -> list[int]:
    """Indices of the lines in the order they are read."""
    count = len(places.y)
    over = places.overlapping()
    before = (over & (places.y[:, None] < places.y)) | _left_of(places, over, pitch)
    waiting = before.sum(axis=0)
    order: list[int] = []
    rest = np.ones(count, bool)
    while len(order) < count:
        free = np.nonzero(rest & (waiting == 0))[0]
        chosen = _next(free if len(free) else np.nonzero(rest)[0], order, places, over)
        order.append(chosen)
        rest[chosen] = False
        waiting -= before[chosen]
    return order


def _left_of(places: Places, over: Table, pitch: float) -> Table:
    """Pairs [n, n] where the first stands to the left and no line between their heights spans both."""
    left = (places.right[:, None] <= places.left + pitch) & ~over
    low, high = np.minimum(places.y[:, None], places.y), np.maximum(places.y[:, None], places.y)
    for spanning in np.nonzero(over.sum(axis=1) > 2)[0]:
        met, y = over[spanning], places.y[spanning]
        left &= ~(met[:, None] & met & (low < y) & (y < high))
    return left


def _next(free: npt.NDArray[np.intp], order: list[int], places: Places, over: Table) -> int:
    """Of the lines that may follow: the nearest one below in the column, else the uppermost, else the leftmost."""
    if not order:
        return int(min(free, key=lambda k: (places.y[k], places.left[k], k)))
    last = order[-1]
    above = places.y < places.y[last]
    return int(min(free, key=lambda k: (not over[last, k], above[k], places.y[k], places.left[k], k)))


def regions(places: Places, pitch: float) -> list[int]:
    """The region of each line, lines in reading order: a new one where the next line is not the next of the column."""
    over = places.overlapping()
    found: list[int] = []
    for line in range(len(places.y)):
        new = line > 0 and not _continues(places, over, line - 1, pitch)
        found.append(found[-1] + new if found else 0)
    return found


def _continues(places: Places, over: Table, line: int, pitch: float) -> bool:
    """Whether the following line goes on below `line`, neither of them spanning columns at the other's height."""
    following = line + 1
    step = places.y[following] - places.y[line]
    if not over[line, following] or not 0 <= step <= LONGEST_STEP * pitch:
        return False
    beside_following = np.abs(places.y - places.y[following]) < SIDE_BY_SIDE * pitch
    beside_line = np.abs(places.y - places.y[line]) < SIDE_BY_SIDE * pitch
    splits = over[line] & ~over[following] & beside_following
    merges = over[following] & ~over[line] & beside_line
    return not (splits.any() or merges.any())


def paragraphs(places: Places, region: list[int], pitch: float) -> list[int]:
    """The paragraph of each line, lines in reading order: a new one at an indent, a wide step or a new region."""
    found: list[int] = []
    for line in range(len(places.y)):
        same = np.equal(region, region[line])
        new = line > 0 and (not same[line - 1] or _begins(places, same, line, pitch))
        found.append(found[-1] + new if found else 0)
    return found


def _begins(places: Places, same: Table, line: int, pitch: float) -> bool:
    """Whether a line opens a paragraph: set in from the region's edge after one that is not, or after a wide step."""
    edge = float(np.median(places.left[same]))
    indented = places.left[line] - edge > INDENT * pitch
    follows_indented = places.left[line - 1] - edge > INDENT * pitch
    steps = np.diff(places.y[same])
    usual = float(np.median(steps)) if len(steps) else pitch
    return bool((indented and not follows_indented) or places.y[line] - places.y[line - 1] > WIDE_STEP * usual)
