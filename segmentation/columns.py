"""Lines that run on from one column of a page into the next, cut where most lines of the page begin anew.

A line is cut at white paper in it when more lines begin at the far side of such white paper than run across it: columns
of print are told from the entries and prices of a list, which run across. Lengths are in pitches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.bands import Band, Inked, part
from segmentation.skew import made_level

WIDEST_SPACE: Final = 1.3  # between words; more is white paper
ALIGNED: Final = 0.7
LEAST_LINES: Final = 4  # that begin a column

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Gap:
    """White paper in a line: between two shares of its length, and where it ends on the straightened page."""

    line: int
    start: float
    end: float
    x: float


def cut_at_columns(lines: Sequence[Inked], pitch: float, skew: float) -> list[Band]:
    """The lines, those parted that run across the gap between two columns; the page's lines slope by `skew` degrees."""
    gaps = [gap for number, line in enumerate(lines) for gap in _gaps(number, line, pitch, skew)]
    begins = np.array([made_level(line.band.baseline[:1], skew)[0, 0] for line in lines], np.float64)
    ends = np.array([gap.x for gap in gaps], np.float64)
    cuts: dict[int, list[_Gap]] = {}
    for gap in gaps:
        beginning = int((np.abs(begins - gap.x) < ALIGNED * pitch).sum())
        crossing = int((np.abs(ends - gap.x) < ALIGNED * pitch).sum())
        if beginning >= LEAST_LINES and beginning > crossing:
            cuts.setdefault(gap.line, []).append(gap)
    return [piece for number, line in enumerate(lines) for piece in _cut(line.band, cuts.get(number, []))]


def _gaps(number: int, line: Inked, pitch: float, skew: float) -> list[_Gap]:
    edges = np.nonzero(np.diff(line.seen, prepend=True, append=True))[0].reshape(-1, 2)
    wide = [(start, end) for start, end in edges.tolist() if end - start > WIDEST_SPACE * pitch]
    last = len(line.seen) - 1
    inner = [(start / last, end / last) for start, end in wide if start > 0 and end < last]
    return [_Gap(number, start, end, float(made_level(_at(line.band, end), skew)[0, 0])) for start, end in inner]


def _at(band: Band, share: float) -> Floats:
    return part(band, share, 1.0).baseline[:1]


def _cut(band: Band, gaps: Sequence[_Gap]) -> list[Band]:
    starts = [0.0, *(gap.end for gap in gaps)]
    ends = [*(gap.start for gap in gaps), 1.0]
    return [part(band, start, end) for start, end in zip(starts, ends, strict=True)] if gaps else [band]
