"""Pages and crops of real archives, which lie beside the repository where it is developed."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from segmentation import CropGeometry, Line, crop, segment

DATA = Path(__file__).parents[3] / "shared" / "data"
ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"

pytestmark = pytest.mark.skipif(not (DATA / "pages").is_dir(), reason="no ../shared/data/pages with real pages here")


def page_of(name: str) -> np.ndarray:
    page = cv2.imread(str(DATA / "pages" / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE)
    assert page is not None
    return page


def entry_of(name: str) -> dict[str, Any]:
    entries = json.loads((DATA / "pages" / "pages.json").read_text(encoding="utf-8"))
    return next(entry for entry in entries if entry["page"] == name)


def lines_of(name: str) -> list[Line]:
    """The lines of a page's ALTO file, in pixels of its image."""
    scale = entry_of(name)["xml_scale"]

    def points(text: str | None) -> np.ndarray:
        return np.array((text or "").replace(",", " ").split(), np.float32).reshape(-1, 2) * np.float32(scale)

    lines = ET.parse(DATA / "pages" / f"{name}.xml").iter(f"{ALTO}TextLine")
    return [
        Line(points(line.get("BASELINE")), points(line.find(f".//{ALTO}Polygon").get("POINTS")))  # type: ignore[union-attr]
        for line in lines
    ]


@pytest.mark.parametrize("name", ["copiste-04", "tapus-05", "frprint20-02"])
def test_crops_of_true_lines_are_the_crops_that_recognition_was_trained_on(name: str) -> None:
    page, lines = page_of(name), lines_of(name)
    table = pq.read_table(DATA / "lines" / "val.parquet", columns=["page", "line", "scale", "image"])
    rows = table.filter(pc.equal(table["page"], entry_of(name)["source_page"])).to_pylist()
    assert rows
    alike, scales = [], []
    for row in rows:
        found = crop(page, lines[row["line"]], CropGeometry())
        stored = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE)
        assert stored is not None
        resized = cv2.resize(found.image, stored.shape[::-1])
        alike.append(np.corrcoef(resized.ravel(), stored.ravel())[0, 1])
        scales.append(1 / np.hypot(*found.normals[0]) / row["scale"])
    assert np.median(alike) > 0.85
    assert np.median(scales) == pytest.approx(1, abs=0.025)


def near_share(one: np.ndarray, others: list[np.ndarray], tolerance: float) -> float:
    """Share of one baseline's length that lies within `tolerance` pixels of another one's."""
    x = np.linspace(one[0, 0], one[-1, 0], 100)
    y = np.interp(x, one[:, 0], one[:, 1])
    near = np.zeros(len(x), bool)
    for other in others:
        within = (x >= other[0, 0] - tolerance) & (x <= other[-1, 0] + tolerance)
        near |= within & (np.abs(np.interp(x, other[:, 0], other[:, 1]) - y) < tolerance)
    return float(near.mean())


@pytest.mark.parametrize("name", ["copiste-05", "frprint20-02", "expos-01", "tapus-01"])
def test_most_true_lines_are_found_and_little_else(name: str) -> None:
    truth, found = ([line.baseline for line in lines] for lines in (lines_of(name), segment(page_of(name)).lines))
    tolerance = 0.3 * float(np.median(np.abs(np.diff([line[:, 1].mean() for line in truth]))))
    assert np.mean([near_share(line, found, tolerance) for line in truth]) > 0.9
    assert np.mean([near_share(line, truth, tolerance) for line in found]) > 0.9


def test_two_typed_columns_are_read_one_after_the_other() -> None:
    layout = segment(page_of("tapus-01"))
    middle = page_of("tapus-01").shape[1] * 0.53
    body = [line for line in layout.lines if line.baseline[:, 1].mean() > 550]
    sides = [bool(line.baseline[0, 0] > middle) for line in body if np.ptp(line.baseline[:, 0]) > 500]
    assert sides == sorted(sides)
    assert sides.count(True) > 10
    assert sides.count(False) > 10
