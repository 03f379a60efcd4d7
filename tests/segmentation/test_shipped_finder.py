"""The finder that is shipped, on pages drawn for it and on pages that are none. Real pages are in test_real_pages."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from segmentation import Layout, segment
from segmentation.evaluate import compare
from segmentation.learned import DnnNetwork
from segmentation.settings import Segmentation
from tests.segmentation.drawing import Floats, Gray, draw_page, turn

FINDER = Path(__file__).parents[2] / "recognizer" / "bundles" / "default" / "lines.onnx"
WIDE, HIGH = 1100, 1600


@cache
def network() -> DnnNetwork:
    return DnnNetwork(FINDER.read_bytes())


def found(page: Gray) -> Layout:
    return segment(page, network=network())


def paper(noise: float = 6, high: int = HIGH, wide: int = WIDE) -> Gray:
    random = np.random.default_rng(1)
    return np.clip(random.normal(215, noise, (high, wide)), 0, 255).astype(np.uint8)


def framed() -> Gray:
    page = np.full((HIGH, WIDE), 8, np.uint8)
    page[120:-90, 100:-70] = paper()[120:-90, 100:-70]
    return page


def ruled(columns: bool) -> Gray:
    page = paper()
    page[100:1500:48, 60:1040] = 120
    if columns:
        page[100:1500, 200:1000:200] = 100
    return page


def photo() -> Gray:
    random = np.random.default_rng(1)
    rough = random.normal(128, 60, (40, 28)).astype(np.float32)
    return cv2.resize(rough, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def contours() -> Gray:
    """A map: lines of equal height."""
    random = np.random.default_rng(1)
    ground = cv2.resize(random.normal(0, 1, (12, 9)).astype(np.float32), (WIDE, HIGH), interpolation=cv2.INTER_CUBIC)
    page = paper()
    for height in np.arange(-2, 2, 0.25):
        lines, _ = cv2.findContours((ground > height).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(page, lines, -1, (60,), 2)
    return page


NOTHING = {
    "white": np.full((HIGH, WIDE), 255, np.uint8),
    "black": np.zeros((HIGH, WIDE), np.uint8),
    "paper": paper(),
    "noise": paper(80),
    "frame": framed(),
    "ruled": ruled(columns=False),
    "table": ruled(columns=True),
    "photo": photo(),
    "map": contours(),
    "100 px": paper(high=100, wide=70),
    "1 px": paper(high=1, wide=1),
    "thin": paper(high=14_000, wide=50),
    "14,000 px": paper(0, high=14_000, wide=9_000),
}


@pytest.mark.parametrize("page", NOTHING.values(), ids=NOTHING.keys())
def test_where_there_is_no_text_no_line_is_found(page: Gray) -> None:
    assert not found(page).lines


def assert_found(page: Gray, true: list[Floats]) -> None:
    layout = found(page)
    agreement = compare([line.astype(np.float32) for line in true], [line.baseline for line in layout.lines])
    assert agreement.precision > 0.98
    assert agreement.recall > 0.98
    assert [place for _, place, _ in agreement.pairs] == list(range(len(true)))


@pytest.mark.parametrize("degrees", [-3, 0, 1.5, 8])
def test_drawn_lines_are_found_however_they_slope(degrees: float) -> None:
    page, true = turn(*draw_page(), degrees)
    assert_found(page, true)
    assert found(page).skew_degrees == pytest.approx(degrees, abs=1.1)


@pytest.mark.parametrize("factor", [0.5, 2, 8])
def test_the_same_lines_are_found_in_every_size(factor: float) -> None:
    page, true = draw_page()
    resized = np.asarray(cv2.resize(page, None, fx=factor, fy=factor), np.uint8)
    assert_found(resized, [line * factor for line in true])


@pytest.mark.parametrize("shift", [(0, 40), (64, 0), (37, 91)])
def test_lines_move_with_the_page(shift: tuple[int, int]) -> None:
    page, true = draw_page()
    x, y = shift
    moved = cv2.copyMakeBorder(page, y, 0, x, 0, cv2.BORDER_CONSTANT, value=(235.0,))
    assert_found(np.asarray(moved, np.uint8), [line + np.array(shift) for line in true])


def test_two_columns_are_read_one_after_the_other_within_a_black_frame_after_jpeg() -> None:
    page, true = draw_page(2000, columns=(100, 1050), font_scale=1.4)
    framed = cv2.copyMakeBorder(page, 60, 60, 90, 80, cv2.BORDER_CONSTANT, value=(5.0,))
    _, coded = cv2.imencode(".jpg", framed, [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert_found(
        np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8), [line + np.array([90, 60]) for line in true]
    )


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_on_its_side_or_upside_down_is_turned(quarters: int) -> None:
    page, true = draw_page()
    layout = found(np.ascontiguousarray(np.rot90(page, quarters)))
    assert layout.quarters == quarters
    upright = found(page)
    assert len(layout.lines) == len(upright.lines) == len(true)
    assert all((a.baseline == b.baseline).all() for a, b in zip(layout.lines, upright.lines, strict=True))


def test_the_same_page_gives_the_same_lines_whatever_was_seen_before() -> None:
    page = draw_page()[0]
    before = [line.polygon.tobytes() for line in found(page).lines]
    found(photo())
    assert [line.polygon.tobytes() for line in found(page).lines] == before


def test_lines_stay_on_the_page_and_do_not_outnumber_the_setting() -> None:
    page = draw_page(left := 1200, columns=(0,), top=20)[0]
    layout = segment(page, Segmentation(max_lines=5), network())
    assert len(layout.lines) == 5
    points = np.concatenate([line.polygon for line in layout.lines])
    assert points.min() >= 0
    assert (points.max(0) <= [left - 1, page.shape[0] - 1]).all()
