"""One page from gray values to its layout: the order of the steps, and the way back to the page's coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segmentation.bands import bands, cut_to_ink, neighbours, outline
from segmentation.classical import find_traces
from segmentation.columns import cut_at_columns
from segmentation.given import outlined
from segmentation.layout import Gray, Layout, Line, Points
from segmentation.learned import LineNetwork, find_baselines, find_maps, orientation
from segmentation.order import Places, paragraphs, reading_order, regions
from segmentation.paper import find_ink, reduce, upright_rules, without_rules
from segmentation.polygons import outlines, simplify
from segmentation.settings import Segmentation
from segmentation.skew import find_skew, made_level, quarters, slope, straighten, turn_back
from segmentation.tables import Cell, cells, upright_positions

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
        [way.to_page(simplify(trace[:, :2])) for trace in traces],
        [way.to_page(polygon) for polygon in polygons],
        [_Flow(order, places.take(order))] if order else [],
        upright_positions(upright_rules(ink), 0.0, float(np.ptp(places.y)) if order else 0.0),
        pitch,
    )


def _by_network(gray: Gray, settings: Segmentation, network: LineNetwork, turns: int = 2) -> Layout:
    """The layout of a page, which is turned first if it does not lie as it is read, at most so many times."""
    maps = find_maps(gray, network)
    if maps is None:
        return Layout(0.0, (), ())
    found = find_baselines(maps)
    turn, sure = orientation(found)
    if turn and sure >= SURE and turns:
        layout = _by_network(np.ascontiguousarray(np.rot90(gray, -turn)), settings, network, turns - 1)
        return replace(layout, quarters=(turn + layout.quarters) % 4)
    whole = bands(found.surest(settings.max_lines), maps.body, found.pitch)
    inked = [line for band in whole if (line := cut_to_ink(band, maps.ink))]
    skew = slope([line.band.baseline for line in inked]) or 0.0
    lines = cut_at_columns(inked, found.pitch, skew)
    baselines = [band.baseline for band in lines]
    flows = _flows(baselines, skew, found.pitch)
    high = float(np.ptp(flows[0].places.y)) if flows else 0.0
    way = _Way(np.eye(2, 3), maps.factor, gray.shape[1], gray.shape[0])
    return _layout(
        skew,
        [way.to_page(baseline) for baseline in baselines],
        [way.to_page(outline(band, near)) for band, near in zip(lines, neighbours(lines), strict=True)],
        flows,
        upright_positions(maps.rules, skew, high),
        found.pitch,
    )


@dataclass(frozen=True)
class _Flow:
    """Lines that run the same way: their indices in reading order, and their places in it, as they are read."""

    order: list[int]
    places: Places
    quarters: int = 0


def _flows(baselines: list[Floats], skew: float, pitch: float) -> list[_Flow]:
    """Lines of a page of that slope by the way they run: first the level ones, then notes that climb or fall."""
    runs = quarters(baselines)
    flows = []
    for turn in sorted(set(runs.tolist())):
        members = np.nonzero(runs == turn)[0]
        places = Places.of([made_level(baselines[index], skew - 90 * turn) for index in members])
        order = reading_order(places, pitch)
        flows.append(_Flow(members[order].tolist(), places.take(order), turn))
    return flows


def _layout(
    skew: float, baselines: list[Points], polygons: list[Points], flows: list[_Flow], rules: Floats, pitch: float
) -> Layout:
    """The layout of lines, one flow after the other; upright rules are those of the straightened page."""
    lines: list[Line] = []
    kinds: list[str] = []
    for flow in flows:
        region = [len(kinds) + each for each in regions(flow.places, pitch)]
        kinds += ["margin" if flow.quarters else "column"] * (region[-1] + 1 - len(kinds))
        paragraph = paragraphs(flow.places, region, pitch)
        paragraph = [lines[-1].paragraph + 1 + each if lines else each for each in paragraph]
        table: Sequence[Cell] = [(None, None)] * len(region) if flow.quarters else cells(flow.places, rules, pitch)
        lines += [
            Line(baselines[index], polygons[index], *places, *cell)
            for index, *places, cell in zip(flow.order, region, paragraph, table, strict=True)
        ]
    return Layout(skew, tuple(outlined(lines, index, kind) for index, kind in enumerate(kinds)), tuple(lines))
