"""A layout from lines that somebody else has drawn, in their order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from segmentation.evaluate import tolerances
from segmentation.layout import Layout, Line, Region
from segmentation.order import Places, paragraphs, regions
from segmentation.skew import made_level, slope
from segmentation.tables import cells

QUARTERS: Final = 4  # a tolerance is a quarter of the distance of lines


def given(lines: Sequence[Line], names: Sequence[str] | None = None) -> Layout:
    """The layout of lines in reading order, each in the region of its name; paragraphs and tables are found.

    Without names the regions are found too.
    """
    if not lines:
        return Layout(0.0, (), ())
    baselines = [line.baseline for line in lines]
    skew = slope(baselines) or 0.0
    pitch = QUARTERS * float(np.median(tolerances(baselines)))
    places = Places.of([made_level(line.astype(np.float64), skew) for line in baselines])
    region = regions(places, pitch) if names is None else _numbered(names)
    told = zip(lines, region, paragraphs(places, region, pitch), cells(places, np.zeros(0), pitch), strict=True)
    placed = tuple(
        replace(line, region=number, paragraph=paragraph, row=row, column=column)
        for line, number, paragraph, (row, column) in told
    )
    return Layout(skew, tuple(outlined(placed, number) for number in range(max(region) + 1)), placed)


def _numbered(names: Sequence[str]) -> list[int]:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return [numbers[name] for name in names]


def outlined(lines: Sequence[Line], number: int, kind: str = "column") -> Region:
    """The region of this number, outlined by the hull of its lines."""
    points = np.concatenate([line.polygon for line in lines if line.region == number])
    return Region(kind, np.asarray(cv2.convexHull(points), np.float32).reshape(-1, 2))
