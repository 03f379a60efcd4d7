"""Pages to learn line finding from: their ink and their lines, from the Parquet of a layout data set.

Columns of the Parquet: `page`, `dataset`, `image` (anything that OpenCV decodes), `lines`: a list of {baseline,
polygon}, each x, y, x, y ... in pixels of the image. Others are not read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from segmentation.layout import Gray, Points
from segmentation.learned import normalise

LEAST_HEIGHT, MOST_HEIGHT = 0.5, 1.6  # of the page's median: outlines differ by who drew them
COLUMNS_READ: Final = ["page", "dataset", "image", "lines"]
COLUMNS: Final = 10
UNKNOWN_HEIGHT: Final = 12.0
LARGEST: Final = 1400  # pixels; the network sees 1,024 and a third more at most

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TrueLine:
    """A baseline float32 [n, 2] in reading direction, its outline float32 [m, 2], and its height in pixels."""

    baseline: Points
    polygon: Points
    height: float


@dataclass(frozen=True)
class TrainingPage:
    """A page: ink uint8 [h, w] as `to_bytes` keeps it, and its lines."""

    name: str
    dataset: str
    ink: Gray
    lines: tuple[TrueLine, ...]


def load_pages(files: Sequence[Path], without: Collection[str] = ()) -> list[TrainingPage]:
    """Pages with at least one line, in order, those of some data sets left out."""
    rows = (row for file in files for row in pq.read_table(file, columns=COLUMNS_READ).to_pylist())
    pages = (_page(row) for row in rows if row["dataset"] not in without)
    return [page for page in pages if page]


def to_bytes(ink: npt.NDArray[np.float32]) -> Gray:
    """Normalised ink, about 0 to 1, as bytes: paper is 50, ink 200."""
    return np.asarray((150 * ink + 50).clip(0, 255), np.uint8)


def to_ink(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The way back from `to_bytes`."""
    return np.asarray((values.astype(np.float32) - 50) / 150, np.float32)


def training_page(name: str, dataset: str, gray: Gray, shapes: Sequence[tuple[Points, Points]]) -> TrainingPage | None:
    """A page of a gray image uint8 [h, w] with its lines' baselines and polygons; None without a line.

    It is kept no larger than the network will ever see it.
    """
    scale = min(1.0, LARGEST / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else gray
    scaled = [(_rightwards(baseline) * scale, polygon * scale) for baseline, polygon in shapes if len(baseline) > 1]
    if not scaled:
        return None
    ink = normalise(np.asarray(small, np.uint8))
    heights = [_height(*shape) for shape in scaled]
    usual = float(np.median(heights))
    lines = tuple(
        TrueLine(baseline, polygon, float(np.clip(height, LEAST_HEIGHT * usual, MOST_HEIGHT * usual)))
        for (baseline, polygon), height in zip(scaled, heights, strict=True)
    )
    return TrainingPage(name, dataset, to_bytes(ink), lines)


def _page(row: dict[str, Any]) -> TrainingPage | None:
    gray = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE)
    shapes = [
        (np.array(line["baseline"], np.float32).reshape(-1, 2), np.array(line["polygon"], np.float32).reshape(-1, 2))
        for line in row["lines"]
    ]
    return None if gray is None else training_page(row["page"], row["dataset"], np.asarray(gray, np.uint8), shapes)


def _rightwards(line: Points) -> Points:
    """The line turned if it runs leftwards, as some programs draw them, unless it is steep."""
    way = line[-1] - line[0]
    return line[::-1] if way[0] < 0 and abs(way[0]) > abs(way[1]) else line


def _height(baseline: Points, polygon: Points) -> float:
    """How far the outline reaches above the baseline: the median of some columns, which ascenders do not move."""
    if len(polygon) < 3:
        return UNKNOWN_HEIGHT
    ring = np.vstack([polygon, polygon[:1]])
    start, end = ring[:-1], ring[1:]
    reaches = []
    for x in np.linspace(baseline[:, 0].min(), baseline[:, 0].max(), COLUMNS + 2)[1:-1]:
        crossing = (start[:, 0] - x) * (end[:, 0] - x) < 0
        if crossing.any():
            before, after = start[crossing], end[crossing]
            share = (x - before[:, 0]) / (after[:, 0] - before[:, 0])
            top = (before[:, 1] + share * (after[:, 1] - before[:, 1])).min()
            reaches.append(float(np.interp(x, baseline[:, 0], baseline[:, 1]) - top))
    return float(np.median(reaches)) if reaches else UNKNOWN_HEIGHT
