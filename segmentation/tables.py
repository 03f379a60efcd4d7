"""Rows and columns of registers and lists: cells from upright rules and from the alignment of lines.

Columns lie between long upright rules; on pages without, between stretches of the page that hardly any line crosses and
to the right of which lines begin. An entry of a register takes many lines in one column and one in others: rows begin
where a line stands in the first column that numbers them.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.order import Places
from segmentation.paper import Mask
from segmentation.skew import made_level

LEAST_COLUMNS: Final = 3
LEAST_ROWS: Final = 3
RULE: Final = 0.35  # of the height of the text that a rule goes along at least
MERGED: Final = 1.0  # pitches; rules nearer to each other are one
SPANNING: Final = 0.6  # a line with less of its length in one column spans several
CROSSED: Final = 0.08  # share of lines that may cross a white stretch between columns
STARTS: Final = 4  # lines that begin at the right of such a stretch
HALF: Final = 0.5  # pitches; how much lower than the row's number a line of the row may begin

Floats = npt.NDArray[np.float64]


Cell = tuple[int, int] | tuple[None, None]
"""Row and column of a line, from 0; nothing for a line that is in no table."""


def cells(places: Places, rules: Floats, pitch: float) -> list[Cell]:
    """The cell of each line, lines of any order on a straightened page with upright rules at so many x.

    What stands above the first entry is row 0 if there is such. None for lines that span columns, and for all lines of
    a page that is no table.
    """
    edges = _edges(places, rules, pitch)
    columns = [_column(left, right, edges) for left, right in zip(places.left, places.right, strict=True)]
    used = sorted({column for column in columns if column is not None})
    starts = _starts(places, columns, used)
    if len(used) < LEAST_COLUMNS or len(starts) < LEAST_ROWS:
        return [(None, None)] * len(columns)
    rows = np.searchsorted(starts, places.y + HALF * pitch)
    first = int(min(row for row, column in zip(rows, columns, strict=True) if column is not None))
    return [
        (None, None) if column is None else (int(row) - first, used.index(column))
        for row, column in zip(rows, columns, strict=True)
    ]


def upright_positions(rules: Mask, degrees: float, height: float) -> Floats:
    """Where on the straightened page upright rules stand that are long for a text of this height: x, rising.

    `rules` [h, w] are of a page whose lines slope by so many degrees.
    """
    y, x = np.nonzero(rules)
    if not len(x):
        return np.zeros(0)
    level = made_level(np.stack([x, y], 1).astype(np.float64), degrees)
    columns = np.round(level[:, 0]).astype(np.intp)
    offset = columns.min() - 2
    seen = np.zeros((int(columns.max() - offset + 3), int(np.ceil(np.ptp(level[:, 1]))) + 1), bool)
    rows = (level[:, 1] - level[:, 1].min()).astype(np.intp)
    for shift in (-2, -1, 0, 1, 2):  # a rule that leans a little is one rule
        seen[columns - offset + shift, rows] = True
    long = seen.sum(1) > RULE * height
    edges = np.nonzero(np.diff(np.r_[False, long, False].astype(np.int8)))[0].reshape(-1, 2)
    return np.asarray(edges.mean(1) - 0.5 + offset)


def _edges(places: Places, rules: Floats, pitch: float) -> Floats:
    """Borders between columns: the rules, and white stretches where no rule was seen."""
    if not len(places.left):
        return np.zeros(0)
    inner = rules[(rules > places.left.min()) & (rules < places.right.max())]
    apart = inner[np.diff(inner, prepend=-np.inf) > MERGED * pitch]
    white = [x for x in _white(places, pitch) if not len(apart) or np.abs(apart - x).min() > 2 * pitch]
    return np.sort(np.r_[apart, white])


def _white(places: Places, pitch: float) -> Floats:
    """Middles of stretches that few lines cross and where several lines begin."""
    x = np.arange(places.left.min(), places.right.max(), max(1.0, pitch / 8))
    crossing = ((places.left[:, None] < x - pitch / 8) & (places.right[:, None] > x + pitch / 8)).sum(0)
    empty = crossing <= CROSSED * len(places.left)
    runs = np.nonzero(np.diff(np.r_[False, empty, False].astype(np.int8)))[0].reshape(-1, 2)
    found = []
    for start, end in runs:
        right = x[end - 1]
        begun = (places.left > x[start]) & (places.left < right + pitch)
        if x[start] > places.left.min() + pitch and begun.sum() >= STARTS:
            found.append(float(right))
    return np.array(found)


def _column(left: float, right: float, edges: Floats) -> int | None:
    """The column that a line lies in mostly; None when it spans several."""
    borders = np.r_[-np.inf, edges, np.inf]
    shared = np.minimum(right, borders[1:]) - np.maximum(left, borders[:-1])
    best = int(shared.argmax())
    return best if shared[best] >= SPANNING * max(right - left, 1e-6) else None


def _starts(places: Places, columns: Sequence[int | None], used: Sequence[int]) -> Floats:
    """Heights at which rows begin: those of the lines in the first column that has several, fewer than the fullest."""
    by_column = {column: places.y[[k for k, found in enumerate(columns) if found == column]] for column in used}
    most = max((len(lines) for lines in by_column.values()), default=0)
    for column in used:
        if LEAST_ROWS <= len(by_column[column]) <= most:
            return np.sort(by_column[column])
    return np.zeros(0)
