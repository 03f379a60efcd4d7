"""One page from gray values to its layout: the order of the steps, and the way back to the page's coordinates."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segmentation.bands import bands, is_inked, outline
from segmentation.classical import find_traces
from segmentation.given import outlined
from segmentation.layout import Gray, Layout, Line, Points
from segmentation.learned import LineNetwork, find_baselines, orientation
from segmentation.order import Places, paragraphs, reading_order, regions
from segmentation.paper import find_ink, reduce, upright_rules, without_rules
from segmentation.polygons import outlines, simplify
from segmentation.settings import Segmentation
from segmentation.skew import find_skew, made_level, slope, straighten, turn_back
from segmentation.tables import cells, upright_positions

Floats = npt.NDArray[np.float64]

DEFAULT = Segmentation()
SURE = 0.8  # share of the lines that must say so before a page is turned


@dataclass(frozen=True)
class _Way:
    """The way from the straightened, reduced page back to the page of so many pixels."""

    back: Floats
    factor: float
    width: int
    height: int

    def to_page(self, points: npt.NDArray[np.floating]) -> Points:
        """Points [n, 2] in page pixels, held within the page."""
        page = (turn_back(points[:, :2], self.back) + 0.5) * self.factor - 0.5
        return np.asarray(np.clip(page, 0, [self.width - 1, self.height - 1]), np.float32)


def segment(gray: Gray, settings: Segmentation = DEFAULT, network: LineNetwork | None = None) -> Layout:
    """Lines of a page uint8 [h, w] in reading order, in its own pixels; pages without text have none.

    They are found by the network, or else classically; the network also tells whether the page lies on its side or
    upside down (`Layout.quarters`). The same pixels give the same layout, bit by bit. Raises ValueError for other
    arrays.
    """
    if gray.ndim != 2 or gray.dtype != np.uint8 or not gray.size:
        raise ValueError(f"a gray page is uint8 [h, w] with at least one pixel, not {gray.dtype} {list(gray.shape)}")
    return _by_network(gray, settings, network) if network and settings.learned else _classically(gray, settings)


def _classically(gray: Gray, settings: Segmentation) -> Layout:
    reduced, factor = reduce(gray)
    lying = find_ink(reduced)
    skew = find_skew(lying, settings.max_skew_degrees)
    ink, back = straighten(lying, skew)
    letters = without_rules(ink)
    traces, pitch = find_traces(letters, upright_rules(ink), settings.max_lines)
    places = Places.of(traces)
    order = reading_order(places, pitch)
    polygons = outlines(traces, letters, pitch)
    way = _Way(back, factor, gray.shape[1], gray.shape[0])
    return _layout(
        skew,
        [way.to_page(simplify(traces[index][:, :2])) for index in order],
        [way.to_page(polygons[index]) for index in order],
        places.take(order),
        upright_positions(upright_rules(ink), 0.0, float(np.ptp(places.y)) if order else 0.0),
        pitch,
    )


def _by_network(gray: Gray, settings: Segmentation, network: LineNetwork, turning: bool = True) -> Layout:
    """The layout of a page, which is turned first, once, if it does not lie as it is read."""
    maps = network.maps(gray)
    if maps is None:
        return Layout(0.0, (), ())
    found = find_baselines(maps)
    quarters, sure = orientation(found)
    if quarters and sure >= SURE and turning:
        turned = np.ascontiguousarray(np.rot90(gray, -quarters))
        return replace(_by_network(turned, settings, network, turning=False), quarters=quarters)
    lines = [
        band for band in bands(found.surest(settings.max_lines), maps.body, found.pitch) if is_inked(band, maps.ink)
    ]
    skew = slope([band.baseline for band in lines]) or 0.0
    places = Places.of([made_level(band.baseline, skew) for band in lines])
    order = reading_order(places, found.pitch)
    way = _Way(np.eye(2, 3), maps.factor, gray.shape[1], gray.shape[0])
    return _layout(
        skew,
        [way.to_page(lines[index].baseline) for index in order],
        [way.to_page(outline(lines[index], lines)) for index in order],
        places.take(order),
        upright_positions(maps.rules, skew, float(np.ptp(places.y)) if order else 0.0),
        found.pitch,
    )


def _layout(
    skew: float, baselines: list[Points], polygons: list[Points], places: Places, rules: Floats, pitch: float
) -> Layout:
    """The layout of lines in reading order; places and upright rules are those of the straightened page."""
    region = regions(places, pitch)
    paragraph = paragraphs(places, region, pitch)
    rows, columns = zip(*cells(places, rules, pitch), strict=True) if region else ((), ())
    lines = tuple(map(Line, baselines, polygons, region, paragraph, rows, columns))
    count = region[-1] + 1 if region else 0
    return Layout(skew, tuple(outlined(lines, index) for index in range(count)), lines)
