"""How tall lines are, read off the body map, and the outlines around them: as far as their neighbours leave room.

Crops are scaled by these outlines, so their heights must agree with the outlines recognition was trained on; lines of
one page want one scale, so each line's height leans on the page's usual one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.traces import Map

STEP: Final = 0.5  # pitches between samples along a line
FINE: Final = 0.25  # pixels between samples across it
TALLEST: Final = 1.6  # pitches
BODY: Final = 0.55  # share of its height that a line's body has, as it is drawn in training
INSIDE: Final = 0.5
LEAST_USUAL, MOST_USUAL = 0.45, 1.2  # pitches
LEAST, MOST = 0.7, 1.8  # of the page's usual height
DARK: Final = 0.2
LEAST_INKED: Final = 0.22  # true lines have 0.26 at the least, empty ruled ones less
LETTERS: Final = (0.22, 0.75)  # heights above the baseline where letters stand and rules of forms do not
UP: Final = (0.8, 0.6, 1.05)  # share of the room to the neighbour; least and most, in heights of the line
DOWN: Final = (0.35, 0.25, 0.45)
WHITE: Final = 0.6  # heights that are left at an end
BESIDE: Final = 0.4  # heights; a line nearer than this runs beside and not above or below
FARTHEST: Final = max(most / share for share, _, most in (UP, DOWN))  # heights; lines beyond leave room enough

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """A line with samples [n, 2] along its baseline, its direction, the way up from it, and its height in pixels."""

    baseline: Floats
    points: Floats
    along: Floats
    up: Floats
    height: float


@dataclass(frozen=True)
class Inked:
    """A line, and where letters stand above it: bool [n], about a pixel apart along it."""

    band: Band
    seen: npt.NDArray[np.bool_]


def bands(baselines: Sequence[Floats], body: Map, pitch: float) -> list[Band]:
    """The bands of baselines [n, 2] on the body map; heights lean on the page's usual one."""
    samples = [_samples(line, pitch) for line in baselines]
    if not samples:
        return []
    ways = [_ways(line) for line in baselines]
    heights = np.array([_height(points, up, body, pitch) for points, (_, up) in zip(samples, ways, strict=True)])
    usual = float(np.clip(np.median(heights), LEAST_USUAL * pitch, MOST_USUAL * pitch))
    leaning = (heights.clip(LEAST * usual, MOST * usual) + usual) / 2
    parts = zip(baselines, samples, ways, leaning, strict=True)
    return [Band(line, points, along, up, float(height)) for line, points, (along, up), height in parts]


def cut_to_ink(band: Band, ink: Map) -> Inked | None:
    """The line without white paper at its ends; None where letters stand above too little of it."""
    whole = inked(band, ink)
    if whole.seen.mean() < LEAST_INKED:
        return None
    places, last, margin = np.nonzero(whole.seen)[0], len(whole.seen) - 1, WHITE * band.height
    ends = max(0.0, places[0] - margin) / last, min(1.0, (places[-1] + margin) / last)
    return whole if ends == (0.0, 1.0) else inked(part(band, *ends), ink)


def inked(band: Band, ink: Map) -> Inked:
    """The line with the ink map's letters above it; its baseline is passed over, as forms have rules there."""
    feet = _resampled(band.points, int(max(4, np.hypot(*(band.points[-1] - band.points[0])))))
    low, high = LETTERS
    seen = _across(ink, feet, band.up, np.linspace(low * band.height, high * band.height, 6)).max(1)
    return Inked(band, seen > DARK)


def part(band: Band, start: float, end: float) -> Band:
    """The line between two shares of its length."""
    return replace(band, baseline=_part(band.baseline, start, end), points=_part(band.points, start, end))


def neighbours(lines: Sequence[Band]) -> list[list[Band]]:
    """For each line those of the others that may stand in the way of its outline, by the boxes around them."""
    low, high = (np.array([end(line.baseline, axis=0) for line in lines]) for end in (np.min, np.max))
    near = []
    for line in lines:
        reach = FARTHEST * line.height + 1  # a pixel more, lest rounding decides
        close = (low <= line.points.max(0) + reach) & (high >= line.points.min(0) - reach)
        near.append([lines[index] for index in np.flatnonzero(close.all(1)).tolist() if lines[index] is not line])
    return near


def outline(band: Band, others: Sequence[Band]) -> Floats:
    """The polygon [m, 2] around a line: up and down from its baseline as far as the other lines leave room."""
    above, below = _room(band, others)
    share, least, most = UP
    up = np.clip(share * above, least * band.height, most * band.height)
    share, least, most = DOWN
    down = np.clip(share * below, least * band.height, most * band.height)
    top, foot = band.points + band.up * up[:, None], band.points - band.up * down[:, None]
    return np.vstack([top, foot[::-1]])


def _room(band: Band, others: Sequence[Band]) -> tuple[Floats, Floats]:
    """Distance across to the nearest line above and below each of a line's points, infinite where there is none."""
    start = band.points[0]
    frame = np.stack([band.along, -band.up], 1)
    at, level = ((band.points - start) @ frame).T
    places = [(other.baseline - start) @ frame for other in others]
    rising = [place if place[0, 0] <= place[-1, 0] else place[::-1] for place in places]
    levels = [np.interp(at, place[:, 0], place[:, 1], left=np.nan, right=np.nan) for place in rising]
    apart = np.reshape(levels, (-1, len(at))) - level
    above, below = (np.where(way > BESIDE * band.height, way, np.inf) for way in (-apart, apart))
    return above.min(0, initial=np.inf), below.min(0, initial=np.inf)


def _height(points: Floats, up: Floats, body: Map, pitch: float) -> float:
    """How far the body reaches above the baseline without a break, the median along the line, as a whole height."""
    seen = _across(body, points, up, np.arange(2 * FINE, TALLEST * pitch, FINE)) > INSIDE
    return float(np.median(np.cumprod(seen, 1).sum(1)) * FINE + 2 * FINE) / BODY


def _across(values: Map, points: Floats, up: Floats, offsets: Floats) -> npt.NDArray[np.float32]:
    """Values at so many pixels above each of the points: [points, offsets]."""
    x, y = ((points[:, axis, None] + up[axis] * offsets).astype(np.float32) for axis in (0, 1))
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR), np.float32)


def _samples(line: Floats, pitch: float) -> Floats:
    length = float(np.hypot(*np.diff(line, axis=0).T).sum())
    return _resampled(line, int(max(2, length / max(STEP * pitch, 2))) + 1)


def _resampled(line: Floats, count: int) -> Floats:
    """So many points along a polyline, equally far apart."""
    arc = _arc(line)
    at = np.linspace(0, arc[-1], count)
    return np.stack([np.interp(at, arc, line[:, axis]) for axis in (0, 1)], 1)


def _part(line: Floats, start: float, end: float) -> Floats:
    """The polyline between two shares of its length."""
    arc = _arc(line)
    low, high = start * arc[-1], end * arc[-1]
    at = np.r_[low, arc[(arc > low) & (arc < high)], high]
    return np.stack([np.interp(at, arc, line[:, axis]) for axis in (0, 1)], 1)


def _arc(line: Floats) -> Floats:
    """Length of the polyline up to each of its points."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])


def _ways(line: Floats) -> tuple[Floats, Floats]:
    """Unit vectors along the line and up from it."""
    way = line[-1] - line[0]
    along = way / (np.hypot(*way) or 1.0)
    return along, np.array([along[1], -along[0]])
