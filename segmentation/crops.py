"""The straightened picture of one line, and the way back from its columns to the page.

Recognition is trained on crops cut exactly like this: what happens here may change only together with the bundle, which
records the geometry. Points are (x, y) with whole numbers at the centres of pixels, on the page and in the crop.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.layout import Gray, Line, Points

MOST_COLUMNS = 8192
LEAST_REACH = 2.0
MOST_SAMPLES = 256

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]


@dataclass(frozen=True)
class CropGeometry:
    """How crops are cut: `height` rows, of which `margin` above and below the line's band stay for strays.

    The line's reach above its baseline is the `percentile` (0..100) of its polygon's along the normals; the reach below
    likewise, clipped to `least_below`..`most_below` of that above. Both ends are lengthened by `extend` of their sum.
    """

    height: int = 80
    margin: int = 8
    percentile: float = 85.0
    least_below: float = 0.2
    most_below: float = 1.0
    extend: float = 0.2

    @property
    def band(self) -> int:
        """Rows between the margins."""
        return self.height - 2 * self.margin


@dataclass(frozen=True)
class Crop:
    """One line, straightened: `image` uint8 [height, width].

    `feet` float32 [width, 2] are the page's points under the columns, on the baseline, which lies in row `baseline`;
    `normals` float32 [width, 2] point up from them, one crop row long.
    """

    image: Gray
    feet: Points
    normals: Points
    baseline: float

    def to_page(self, points: npt.ArrayLike) -> Points:
        """Points [n, 2] of (column, row) in the crop -> float32 [n, 2] of (x, y) on the page.

        Columns beyond the ends are taken as the ends.
        """
        column, row = np.asarray(points, np.float64).reshape(-1, 2).T
        known = np.arange(len(self.feet))
        foot, normal = (
            np.stack([np.interp(column, known, values[:, axis]) for axis in (0, 1)], axis=1)
            for values in (self.feet, self.normals)
        )
        return (foot + (self.baseline - row)[:, None] * normal).astype(np.float32)


def crop(gray: Gray, line: Line, geometry: CropGeometry) -> Crop:
    """Cut `line` out of the page uint8 [h, w], unrolled along its baseline and scaled to the height of the geometry.

    Beyond the page its border is repeated. A line without length or reach gives a small crop. Wider crops than 8,192
    columns end there.
    """
    baseline = _polyline(line.baseline)
    above, below = reach(line, geometry)
    scale = geometry.band / (above + below)
    feet, tangents = _columns(baseline, above + below, scale, geometry)
    normals = np.stack([tangents[:, 1], -tangents[:, 0]], axis=1) / scale
    row = geometry.margin + above * scale - 0.5
    offsets = row - np.arange(geometry.height, dtype=np.float64)
    image = _sample(gray, feet, normals, offsets, scale)
    return Crop(image, feet.astype(np.float32), normals.astype(np.float32), float(row))


def _finite(points: npt.NDArray[np.floating]) -> Floats:
    values = np.asarray(points, np.float64).reshape(-1, 2)
    return np.asarray(values[np.isfinite(values).all(axis=1)])


def _polyline(points: npt.NDArray[np.floating]) -> Floats:
    """The baseline without repeated points; a point gets a length of one pixel."""
    values = _finite(points)
    if not len(values):
        return np.array([[0.0, 0.0], [1.0, 0.0]])
    moved = np.r_[True, np.abs(np.diff(values, axis=0)).sum(axis=1) > 1e-3]
    values = values[moved]
    return values if len(values) > 1 else np.concatenate([values, values + np.array([1.0, 0.0])])


def _arc(polyline: Floats) -> Floats:
    """Arc length up to every point."""
    return np.asarray(np.r_[0.0, np.cumsum(np.hypot(*np.diff(polyline, axis=0).T))])


def reach(line: Line, geometry: CropGeometry) -> tuple[float, float]:
    """How far a line's polygon goes above and below its baseline, in pixels, along normals of the baseline."""
    baseline, polygon = _polyline(line.baseline), _finite(line.polygon)
    arc = _arc(baseline)
    count = int(np.clip(arc[-1] / 4, 8, MOST_SAMPLES))
    at = np.linspace(0, arc[-1], count)
    feet = np.stack([np.interp(at, arc, baseline[:, axis]) for axis in (0, 1)], axis=1)
    piece = np.clip(np.searchsorted(arc, at, side="right") - 1, 0, len(arc) - 2)
    tangents = (np.diff(baseline, axis=0) / np.diff(arc)[:, None])[piece]
    highest, lowest = _crossings(feet, tangents, polygon)
    ups, downs = highest[highest > 0], -lowest[lowest < 0]
    above = max(float(np.percentile(ups, geometry.percentile)) if len(ups) else 0.0, LEAST_REACH)
    below = float(np.percentile(downs, geometry.percentile)) if len(downs) else 0.0
    return above, float(np.clip(below, geometry.least_below * above, geometry.most_below * above))


def _crossings(feet: Floats, tangents: Floats, polygon: Floats) -> tuple[Floats, Floats]:
    """Highest and lowest crossing of each normal with the polygon's outline, above positive; 0 where there is none."""
    if len(polygon) < 3:
        return np.zeros(len(feet)), np.zeros(len(feet))
    apart = polygon[None] - feet[:, None]
    along = (apart * tangents[:, None]).sum(axis=2)
    up = apart[..., 0] * tangents[:, None, 1] - apart[..., 1] * tangents[:, None, 0]
    along_next, up_next = np.roll(along, -1, axis=1), np.roll(up, -1, axis=1)
    crosses = (along > 0) != (along_next > 0)
    share = along / np.where(crosses, along - along_next, 1.0)
    height = np.where(crosses, up + share * (up_next - up), 0.0)
    return height.max(axis=1), height.min(axis=1)


def _columns(baseline: Floats, tall: float, scale: float, geometry: CropGeometry) -> tuple[Floats, Floats]:
    """Points [width, 2] on the lengthened baseline, one a column, and unit directions smoothed over one line height."""
    arc = _arc(baseline)
    spare = geometry.extend * tall
    width = int(np.clip(round((arc[-1] + 2 * spare) * scale), 1, MOST_COLUMNS))
    at = (np.arange(width) + 0.5) / scale - spare
    feet = np.stack([np.interp(at, arc, baseline[:, axis]) for axis in (0, 1)], axis=1)
    directions = np.diff(baseline, axis=0) / np.diff(arc)[:, None]
    beyond = np.minimum(at, 0.0)[:, None] * directions[0] + np.maximum(at - arc[-1], 0.0)[:, None] * directions[-1]
    piece = np.clip(np.searchsorted(arc, at, side="right") - 1, 0, len(arc) - 2)
    return feet + beyond, _smooth(directions[piece], geometry.band)


def _smooth(directions: Floats, columns: int) -> Floats:
    """Moving average of directions over so many columns, made unit length again."""
    mean = cv2.blur(directions, (1, columns | 1), borderType=cv2.BORDER_REPLICATE)
    length = np.hypot(mean[:, 0], mean[:, 1])[:, None]
    return np.where(length > 0.1, mean / np.maximum(length, 0.1), directions)


def _sample(gray: Gray, feet: Floats, normals: Floats, offsets: Floats, scale: float) -> Gray:
    """Gray values at every offset along every normal, averaged over areas when the crop is smaller than the page."""
    low, high = _box(np.concatenate([feet + offset * normals for offset in offsets[[0, -1]]]), gray, scale)
    part = gray[low[1] : high[1], low[0] : high[0]]
    factor = np.ones(2)
    if scale < 1:
        size = np.maximum(np.round((high - low) * scale), 1).astype(int)
        factor = size / (high - low)
        part = np.asarray(cv2.resize(part, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA), np.uint8)
    starts = ((feet - low + 0.5) * factor - 0.5).astype(np.float32)
    ways = (normals * factor).astype(np.float32)
    x, y = (starts[:, axis] + offsets[:, None].astype(np.float32) * ways[:, axis] for axis in (0, 1))
    return np.asarray(cv2.remap(part, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _box(corners: Floats, gray: Gray, scale: float) -> tuple[Ints, Ints]:
    """Left top and right bottom of the part of the page that holds these points and what averaging mixes in."""
    pad = int(np.ceil(2 / scale)) + 2
    limit = np.array(gray.shape[::-1])
    low = np.clip(np.floor(corners.min(axis=0)) - pad, 0, limit - 1).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + pad + 1, low + 1, limit).astype(int)
    return low, high
