from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segmentation.train.pages import load_pages, to_bytes, to_ink, training_page
from tests.segmentation.drawing import draw_page

Shape = tuple[np.ndarray, np.ndarray]


def shape(y: float, left: float = 100, right: float = 700, height: float = 30) -> Shape:
    outline = [(left, y - height), (right, y - height), (right, y + 10), (left, y + 10)]
    return np.array([(left, y), (right, y)], np.float32), np.array(outline, np.float32)


def written(y: int, stretches: list[tuple[int, int]], gray: np.ndarray) -> None:
    for left, right in stretches:
        gray[y - 18 : y - 4, left:right:6] = 40


def row(name: str, dataset: str, image: bytes, shapes: list[Shape]) -> dict[str, Any]:
    lines = [{"baseline": list(map(float, a.ravel())), "polygon": list(map(float, b.ravel()))} for a, b in shapes]
    return {"page": name, "dataset": dataset, "image": image, "lines": lines, "script": "hand"}


def test_pages_are_read_without_those_that_are_left_out_or_have_no_line(tmp_path: Path) -> None:
    page, _ = draw_page()
    image = cv2.imencode(".png", page)[1].tobytes()
    rows = [row("a", "x", image, [shape(200)]), row("b", "y", image, [shape(200)]), row("c", "x", image, [])]
    pq.write_table(pa.Table.from_pylist([*rows, row("d", "x", b"broken", [shape(200)])]), tmp_path / "pages.parquet")
    assert [found.name for found in load_pages([tmp_path / "pages.parquet"])] == ["a", "b"]
    assert [found.name for found in load_pages([tmp_path / "pages.parquet"], {"y"})] == ["a"]


def test_heights_are_held_near_the_usual_one() -> None:
    gray = np.full((600, 800), 230, np.uint8)
    shapes = [shape(100), shape(200), shape(300, height=200), shape(500, height=3)]
    for y in (100, 200, 300, 500):
        written(y, [(100, 700)], gray)
    page = training_page("p", "d", gray, shapes)
    assert page is not None
    assert [line.height for line in page.lines] == pytest.approx([30, 30, 48, 15])


def test_a_large_page_is_kept_small() -> None:
    gray = np.full((2800, 1400), 230, np.uint8)
    written(1000, [(100, 700)], gray)
    page = training_page("p", "d", gray, [shape(1000)])
    assert page is not None
    assert page.ink.shape == (1400, 700)
    assert page.lines[0].baseline[0] == pytest.approx((50, 500), abs=5)


def test_ink_is_kept_as_bytes() -> None:
    ink = np.linspace(-0.3, 1.3, 50, dtype=np.float32)
    assert np.allclose(to_ink(to_bytes(ink)), ink, atol=1 / 150)


def test_a_faint_line_stays_whole() -> None:
    page = training_page("p", "d", np.full((600, 800), 230, np.uint8), [shape(100)])
    assert page is not None
    assert [len(line.baseline) for line in page.lines] == [2]


def test_lines_that_were_drawn_leftwards_run_as_they_are_read() -> None:
    upright = np.array([(60, 500), (60, 200)], np.float32)
    gray = np.full((600, 800), 230, np.uint8)
    page = training_page("p", "d", gray, [(shape(100)[0][::-1], shape(100)[1]), (upright, shape(100)[1])])
    assert page is not None
    assert page.lines[0].baseline[0].tolist() == [100, 100]
    assert page.lines[1].baseline[0].tolist() == [60, 500]
