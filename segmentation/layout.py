"""What segmentation finds on a page: arrays in page pixels, frozen, in reading order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Line:
    """One line: `baseline` float32 [n >= 2, 2] in reading direction, `polygon` float32 [m >= 4, 2] around its ink.

    `region` indexes `Layout.regions`; `paragraph` counts from 0 within the page; `row` and `column` from 0 within the
    page's table, None for lines that are in none.
    """

    baseline: Points
    polygon: Points
    region: int = 0
    paragraph: int = 0
    row: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class Region:
    """A block of lines: `kind` ('column', or 'margin' for notes that climb or fall) and its outline, float32 [m, 2]."""

    kind: str
    polygon: Points


@dataclass(frozen=True)
class Layout:
    """A page's lines in reading order and their regions. `skew_degrees` is the clockwise slope of the lines.

    `quarters` is by how many quarters clockwise the page had to be turned to be read: all places are those of the page
    after it.
    """

    skew_degrees: float
    regions: tuple[Region, ...]
    lines: tuple[Line, ...]
    quarters: int = 0
