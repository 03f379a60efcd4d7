"""What a person transcribed of a page: lines with text, baseline and polygon, as ALTO and PAGE files carry them.

Not every export has both shapes of a line. What is missing is made from what is there, by the proportions of 1,619
transcribed lines of 15 collections (hands, registers, typescript and print, 17th to 21st century).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from pipeline.document import Polyline, area, bounding_box, length

# How far down a polygon its baseline runs: the collections' medians lie between 0.58 and 0.83, their mean is 0.75.
BASELINE_SHARE: Final = 0.75
# Polygons are scalloped: what lies between their highest and lowest parts is 1.2 times their mean height.
BAND_OF_HEIGHT: Final = 1.2
# The same band over the distance of neighbouring baselines: 0.99 in the median of 50 pages.
BAND_OF_DISTANCE: Final = 1.0
SAMPLES: Final = 64
NO_SHAPE: Final = "line without a usable baseline or polygon"
NO_HEIGHT: Final = "line without a polygon on a page that tells no line height"
OUTSIDE: Final = "line outside the page"

Floats = npt.NDArray[np.float64]


class BadTranscription(Exception):
    """A file cannot be used: `reason` is one for many files, the message says what is wrong with this one."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TranscribedLine:
    """A line in pixels of the XML; `text` is the transcriber's own, without white space at its ends; '' for none.

    `number` is the place in the page's reading order, from 0; lines that were skipped are counted too. `region` is the
    id of the block or table cell, `language` as the XML spells it; both '' where the XML does not say. A reader gives
    () for a `baseline` or `polygon` that it does not find; in a TranscribedPage they have at least 2 and 3 points.
    """

    id: str
    number: int
    text: str
    baseline: Polyline
    polygon: Polyline
    region: str
    language: str


@dataclass(frozen=True, slots=True)
class TranscribedPage:
    """A page: the name of its image and its size in pixels as the XML states them, and its lines in reading order.

    `width` and `height` are 0, `image` is '' where the XML does not say. `skipped` are lines that cannot be used:
    reason -> ids.
    """

    image: str
    width: int
    height: int
    lines: tuple[TranscribedLine, ...]
    skipped: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, image: str, width: int, height: int, found: Iterable[TranscribedLine]) -> Self:
        """The page with the lines that a reader found, completed and in order; the others are skipped.

        A line without a baseline gets a straight one, `BASELINE_SHARE` down its polygon. A line without a polygon gets
        a band along its baseline, as high as the page's other lines, or else as its lines are apart.
        """
        with_baselines = [_with_baseline(line) for line in found]
        band = _band(with_baselines)
        kept: list[TranscribedLine] = []
        skipped: dict[str, list[str]] = defaultdict(list)
        for line in (_with_polygon(line, band) for line in with_baselines):
            if reason := _fault(line, width, height):
                skipped[reason].append(line.id)
            else:
                kept.append(line)
        return cls(image, width, height, tuple(kept), {reason: tuple(ids) for reason, ids in skipped.items()})


def with_shapes(found: Sequence[TranscribedLine], width: int, height: int) -> Iterator[TranscribedLine]:
    """The lines that a reader found on a page of such a size, all of them, each with a baseline and a polygon.

    They keep the shapes that they have, of whatever size. Others are made as in a TranscribedPage; failing that, a
    polygon is as flat as the line's baseline, or is the whole page.
    """
    made = {line.number: line for line in TranscribedPage.of("", 0, 0, found).lines}
    page = ((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height)))
    for line in found:
        other = made.get(line.number, line)
        polygon = line.polygon or other.polygon or line.baseline or page
        baseline = line.baseline if len(line.baseline) > 1 else other.baseline
        yield replace(line, polygon=polygon, baseline=baseline if len(baseline) > 1 else _across(polygon))


def _fault(line: TranscribedLine, width: int, height: int) -> str | None:
    """Why a completed line cannot be used."""
    if not line.baseline:
        return NO_SHAPE
    if not line.polygon:
        return NO_HEIGHT
    left, top, right, bottom = bounding_box(line.polygon)
    if right < 0 or bottom < 0 or (width and left > width) or (height and top > height):
        return OUTSIDE
    return None


def _with_baseline(line: TranscribedLine) -> TranscribedLine:
    """The line without shapes of less than a pixel, and with a baseline if it has a polygon."""
    polygon = line.polygon if area(line.polygon) >= 1 and _spread(line.polygon) >= 1 else ()
    baseline = line.baseline if len(line.baseline) > 1 and length(line.baseline) >= 1 else ()
    return replace(line, polygon=polygon, baseline=baseline or (_baseline(polygon) if polygon else ()))


def _with_polygon(line: TranscribedLine, band: float) -> TranscribedLine:
    if line.polygon or not line.baseline or not band:
        return line
    points = np.array(line.baseline)
    along = points[-1] - points[0]
    length = float(np.hypot(*along))
    up = np.array([along[1], -along[0]]) / length if length else np.array([0.0, -1.0])
    above, below = points + up * band * BASELINE_SHARE, points - up * band * (1 - BASELINE_SHARE)
    outline = np.concatenate([above, below[::-1]])
    return replace(line, polygon=tuple((float(x), float(y)) for x, y in outline))


def _baseline(polygon: Polyline) -> Polyline:
    """The straight line, from left to right, that runs nearest to `BASELINE_SHARE` of the way down the polygon."""
    left, _, right, _ = bounding_box(polygon)
    x = left + (np.arange(SAMPLES) + 0.5) / SAMPLES * (right - left)
    top, bottom = _edges(np.array(polygon), x)
    slope, start = np.polyfit(x - left, top + BASELINE_SHARE * (bottom - top), 1)
    return (left, float(start)), (right, float(start + slope * (right - left)))


def _across(polygon: Polyline) -> Polyline:
    """A level baseline, `BASELINE_SHARE` down a polygon of whatever size."""
    left, top, right, bottom = bounding_box(polygon)
    height = top + BASELINE_SHARE * (bottom - top)
    return (left, height), (right, height)


def _edges(polygon: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Upper and lower edge of a polygon over every x between its ends."""
    start, end = polygon[None], np.roll(polygon, -1, axis=0)[None]
    crosses = (start[..., 0] > x[:, None]) != (end[..., 0] > x[:, None])
    run = np.where(crosses, end[..., 0] - start[..., 0], 1.0)
    y = start[..., 1] + (x[:, None] - start[..., 0]) / run * (end[..., 1] - start[..., 1])
    return np.where(crosses, y, np.inf).min(axis=1), np.where(crosses, y, -np.inf).max(axis=1)


def _band(lines: Sequence[TranscribedLine]) -> float:
    """The typical height of the page's lines between ascenders and descenders; 0 when nothing tells it."""
    heights = [area(line.polygon) / length(line.baseline) for line in lines if line.polygon]
    if heights:
        return BAND_OF_HEIGHT * median(heights)
    distances = _distances([line.baseline for line in lines if line.baseline])
    return BAND_OF_DISTANCE * median(distances) if distances else 0.0


def _spread(polygon: Polyline) -> float:
    left, _, right, _ = bounding_box(polygon)
    return right - left


def _distances(baselines: Sequence[Polyline]) -> list[float]:
    """From every baseline to the nearest one above or below it."""
    spans = [(min(x), max(x), sum(y) / len(y)) for x, y in (zip(*points, strict=True) for points in baselines)]
    nearest = []
    for left, right, middle in spans:
        others = (abs(y - middle) for start, end, y in spans if start < right and left < end and abs(y - middle) > 1)
        nearest.append(min(others, default=0.0))
    return [distance for distance in nearest if distance]
