import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation import Crop, CropGeometry, Line, crop, segment
from tests.segmentation.drawing import Gray, draw_page, turn

GEOMETRY = CropGeometry()


def box_line(left: float, right: float, y: float, above: float, below: float) -> Line:
    """A level line with a rectangle around it."""
    polygon = [[left, y - above], [right, y - above], [right, y + below], [left, y + below]]
    return Line(np.array([[left, y], [right, y]], np.float32), np.array(polygon, np.float32))


def turned_line(line: Line, degrees: float, centre: tuple[float, float]) -> Line:
    angle = math.radians(degrees)
    matrix = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return Line(*(((p - centre) @ matrix.T + centre).astype(np.float32) for p in (line.baseline, line.polygon)))


def waves(height: int = 300, width: int = 500) -> Gray:
    """A smooth picture, so that sampling half a pixel off shows little."""
    y, x = np.mgrid[:height, :width]
    return np.asarray(128 + 60 * np.sin(x / 17) + 50 * np.cos(y / 13), np.uint8)


def test_level_line_is_the_scaled_cut_out() -> None:
    page = waves()
    found = crop(page, box_line(100, 400, 150, 40, 24), GEOMETRY).image
    cut = page[150 - 48 : 150 + 32, :][:, 100 - 13 : 400 + 13]
    assert found.shape == (80, 326)
    assert np.abs(found[:, 2:-2].astype(int) - cut[:, 2:-2].astype(int)).mean() < 3


@pytest.mark.parametrize("times", [2, 3])
def test_large_line_is_the_area_average(times: int) -> None:
    page = waves(300 * times, 500 * times)
    line = box_line(100 * times, 400 * times, 150 * times, 40 * times, 24 * times)
    found = crop(page, line, GEOMETRY).image
    small = cv2.resize(page, (500, 300), interpolation=cv2.INTER_AREA)
    cut = small[150 - 48 : 150 + 32, 100 - 13 : 400 + 13]
    assert found.shape == (80, 326)
    assert np.abs(found[:, 2:-2].astype(int) - cut[:, 2:-2].astype(int)).mean() < 3


def test_fine_pattern_is_averaged_and_not_sampled() -> None:
    page = np.zeros((600, 900), np.uint8)
    page[:, ::2] = 255
    found = crop(page, box_line(100, 800, 300, 200, 120), GEOMETRY).image
    assert 100 < found.min() <= found.max() < 156


@pytest.mark.parametrize("degrees", [-170, -90, -30, 5, 45, 90])
def test_turned_page_gives_the_same_crop(degrees: float) -> None:
    page, baselines = draw_page(width=700, height=700, lines=1, top=350, columns=(60,), font_scale=1.0)
    left, right = baselines[0][0, 0], baselines[0][1, 0]
    line = box_line(left, right, 350, 40, 24)
    matrix = cv2.getRotationMatrix2D((350, 350), -degrees, 1.0)
    turned = cv2.warpAffine(page, matrix, (700, 700), flags=cv2.INTER_CUBIC, borderValue=(235.0,))
    level = crop(page, line, GEOMETRY).image.astype(float)
    found = crop(np.asarray(turned, np.uint8), turned_line(line, degrees, (350, 350)), GEOMETRY).image.astype(float)
    assert abs(found.shape[1] - level.shape[1]) <= 1
    width = min(found.shape[1], level.shape[1])
    assert np.corrcoef(found[:, :width].ravel(), level[:, :width].ravel())[0, 1] > 0.97


@given(
    st.floats(-180, 180),
    st.floats(50, 800),
    st.floats(8, 90),
    st.floats(0.2, 1.0),
    st.sampled_from([32, 56, 80]),
)
def test_way_back_leads_to_the_baseline_and_the_edges_of_the_band(
    degrees: float, length: float, above: float, share: float, height: int
) -> None:
    geometry = CropGeometry(height=height)
    line = turned_line(box_line(0, length, 0, above, share * above), degrees, (0, 0))
    found = crop(np.zeros((20, 20), np.uint8), line, geometry)
    columns = np.arange(found.image.shape[1])
    along = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    up = np.array([along[1], -along[0]])
    for row, reach in (
        (found.baseline, 0.0),
        (geometry.margin - 0.5, above),
        (height - geometry.margin - 0.5, -share * above),
    ):
        page = found.to_page(np.column_stack([columns, np.full(len(columns), row)]))
        assert page @ up == pytest.approx(reach, abs=0.01 * above + 0.05)
    ends = found.to_page([[0, found.baseline], [columns[-1], found.baseline]]) @ along
    spare = 0.2 * (1 + share) * above
    step = above * (1 + share) / geometry.band
    assert ends == pytest.approx([-spare, length + spare], abs=1.6 * step + 0.01 * above)


def test_way_back_finds_a_mark_on_a_curved_line() -> None:
    x = np.arange(50, 551, 10)
    y = 200 + 25 * np.sin(x / 90)
    page = np.full((400, 600), 250, np.uint8)
    cv2.circle(page, (300, 180), 4, 0, -1)
    baseline = np.column_stack([x, y]).astype(np.float32)
    polygon = np.concatenate([baseline - np.array([0, 45]), baseline[::-1] + np.array([0, 20])]).astype(np.float32)
    found = crop(page, Line(baseline, polygon), GEOMETRY)
    rows, columns = np.nonzero(found.image < 100)
    assert found.to_page([[columns.mean(), rows.mean()]])[0] == pytest.approx([300, 180], abs=1.5)


def test_columns_beyond_the_ends_are_taken_as_the_ends() -> None:
    found = crop(waves(), box_line(100, 400, 150, 40, 24), GEOMETRY)
    last = found.image.shape[1] - 1
    far, near = found.to_page([[last + 50, 20], [last, 20]])
    assert far.tolist() == near.tolist()
    assert found.to_page(np.zeros((0, 2))).shape == (0, 2)


def test_reach_below_is_held_between_its_limits() -> None:
    page = np.full((400, 600), 200, np.uint8)
    flat = crop(page, box_line(100, 400, 200, 50, 0), GEOMETRY)
    deep = crop(page, box_line(100, 400, 200, 50, 190), GEOMETRY)
    assert flat.baseline == pytest.approx(8 + 64 / 1.2 - 0.5)
    assert deep.baseline == pytest.approx(8 + 32 - 0.5)


def test_single_flourish_does_not_set_the_scale() -> None:
    line = box_line(100, 500, 200, 40, 20)
    flourish = np.array([[100, 160], [280, 160], [285, 60], [290, 160], [500, 160], [500, 220], [100, 220]], np.float32)
    page = np.full((400, 600), 200, np.uint8)
    assert crop(page, Line(line.baseline, flourish), GEOMETRY).image.shape == crop(page, line, GEOMETRY).image.shape


def test_beyond_the_page_its_border_is_repeated() -> None:
    page = np.full((60, 200), 50, np.uint8)
    page[:, 198:] = 220
    found = crop(page, box_line(20, 400, 30, 40, 30), GEOMETRY).image
    assert (found[:, -100:] == 220).all()
    assert (found[:, :100] == 50).all()


DEGENERATE = [
    ([[10, 10], [10, 10]], [[10, 10]] * 4),
    ([[10, 10], [60, 10]], [[10, 10], [60, 10], [60, 10], [10, 10]]),
    ([[10, 10]], []),
    ([], []),
    ([[np.nan, 1], [5, np.inf]], [[np.nan, 1], [5, np.inf], [1, 1]]),
    ([[10, 10], [60, 10], [10, 10]], [[10, 0], [60, 0], [60, 20], [10, 20]]),
    ([[-900, -900], [-800, -900]], [[-900, -920], [-800, -920], [-800, -890], [-900, -890]]),
    ([[0, 30], [1e7, 30]], [[0, 28], [1e7, 28], [1e7, 31], [0, 31]]),
    ([[10, 50], [60, 50]], [[10, 80], [60, 80], [60, 90], [10, 90]]),
]


@pytest.mark.parametrize(("baseline", "polygon"), DEGENERATE)
def test_degenerate_line_gives_a_valid_crop(baseline: list[list[float]], polygon: list[list[float]]) -> None:
    line = Line(np.array(baseline, np.float32).reshape(-1, 2), np.array(polygon, np.float32).reshape(-1, 2))
    found = crop(waves(60, 90), line, GEOMETRY)
    assert_valid(found)


def assert_valid(found: Crop) -> None:
    height, width = found.image.shape
    assert found.image.dtype == np.uint8
    assert height == GEOMETRY.height
    assert 1 <= width <= 8192
    assert np.isfinite(found.to_page([[0, 0], [width - 1, height - 1]])).all()


points = st.lists(st.tuples(st.floats(-50, 200, width=32), st.floats(-50, 200, width=32)), max_size=8)


@given(points, points)
def test_any_points_give_a_valid_crop(baseline: list[tuple[float, float]], polygon: list[tuple[float, float]]) -> None:
    line = Line(np.array(baseline, np.float32).reshape(-1, 2), np.array(polygon, np.float32).reshape(-1, 2))
    assert_valid(crop(waves(60, 90), line, GEOMETRY))


def test_crops_of_a_found_page_show_ink_in_their_band() -> None:
    page, _ = turn(*draw_page(), 6)
    for line in segment(page).lines:
        image = crop(page, line, GEOMETRY).image
        dark = (image < 120).sum(axis=1)
        assert dark[8:72].sum() > 0.95 * dark.sum()
