"""How found lines differ from the true ones: python -m bench.line_errors PAGES... [--bundle B].

PAGES are layout Parquet or folders of scans with PAGE XML or ALTO. Percentiles of what a crop of a found line sees
otherwise than that of the true one, in heights of the true line: how much lower its baseline lies, how far it goes on
beyond both ends; degrees of slope; and how its reach above and below compares (1: alike). Training draws such errors.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pyarrow.parquet as pq

from pipeline.bundles import line_finder
from pipeline.pairing import Tally
from pipeline.truth import true_pages
from recognizer.bundle import Bundle
from segmentation import CropGeometry, Line, segment
from segmentation.crops import reach
from segmentation.evaluate import compare
from segmentation.layout import Gray

SURE: Final = 0.8  # of both lines lies on the other
PERCENTILES: Final = (5, 25, 50, 75, 95)
MEASURES: Final = ("lower", "slope", "above", "below", "before", "after")

Page = tuple[Gray, list[Line]]


def pages(paths: Sequence[Path]) -> Iterator[Page]:
    """Images with their true lines."""
    for path in paths:
        if path.suffix == ".parquet":
            yield from _stored(path)
        else:
            yield from ((page.gray, list(page.lines)) for page in true_pages([path], Tally()))


def _stored(path: Path) -> Iterator[Page]:
    for batch in pq.ParquetFile(path).iter_batches(16, columns=["image", "lines"]):
        for row in batch.to_pylist():
            gray = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE)
            shapes = [
                [np.array(line[kind], np.float32).reshape(-1, 2) for kind in ("baseline", "polygon")]
                for line in row["lines"]
            ]
            if gray is not None:
                yield np.asarray(gray, np.uint8), [Line(line, outline) for line, outline in shapes if len(line) > 1]


def differences(true: Line, found: Line) -> list[float]:
    """See the module; in the order of MEASURES."""
    geometry = CropGeometry()
    above, below = reach(true, geometry)
    found_above, found_below = reach(found, geometry)
    way = (true.baseline[-1] - true.baseline[0]).astype(np.float64)
    along = way / max(float(np.hypot(*way)), 1.0)
    frame = np.stack([along, [-along[1], along[0]]], 1)
    own, other = ((line.baseline - true.baseline[0]) @ frame for line in (true, found))
    at = np.linspace(max(own[0, 0], other[0, 0]), min(own[-1, 0], other[-1, 0]), 20)
    lower = np.interp(at, *other.T) - np.interp(at, *own.T)
    slope = np.degrees(np.arctan(np.polyfit(at, lower, 1)[0])) if np.ptp(at) > 1 else 0.0
    tall = above + below
    ends = (own[0, 0] - other[0, 0]) / tall, (other[-1, 0] - own[-1, 0]) / tall
    return [float(lower.mean()) / tall, float(slope), found_above / above, found_below / below, *map(float, ends)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.line_errors", description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--bundle", default="default")
    options = parser.parse_args()
    bundle = Bundle.load(options.bundle)
    finder = line_finder(bundle, bundle.arithmetic())
    seen = []
    for gray, true in pages(options.pages):
        found = segment(gray, network=finder).lines
        agreement = compare([line.baseline for line in true], [line.baseline for line in found])
        pairs = ((t, f) for t, f, cover in agreement.pairs if min(cover, agreement.covered[t]) > SURE)
        seen += [differences(true[t], found[f]) for t, f in pairs]
    table = np.percentile(np.array(seen).reshape(-1, len(MEASURES)), PERCENTILES, axis=0).round(3)
    print(
        json.dumps(
            {"lines": len(seen), "percentiles": PERCENTILES, **dict(zip(MEASURES, table.T.tolist(), strict=True))}
        )
    )


if __name__ == "__main__":
    main()
