from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from segmentation import Layout, Segmentation, segment
from segmentation.learned import Maps
from tests.segmentation.drawing import Floats, Gray, distance, draw_page, turn
from tests.segmentation.test_learned import perfect

NEAR = 6.0  # pixels; drawn lines are 80 apart


def assert_found(layout: Layout, baselines: list[Floats], near: float = NEAR) -> None:
    """Every baseline is found once, in this order, in place and over its whole length."""
    assert len(layout.lines) == len(baselines)
    for line, truth in zip(layout.lines, baselines, strict=True):
        assert distance(line.baseline, truth) < near
        assert np.hypot(*(line.baseline[0] - truth[0])) < 3 * near
        assert np.hypot(*(line.baseline[-1] - truth[-1])) < 3 * near


@pytest.mark.parametrize("degrees", [0, 0.5, -0.5, 3, -3, 10, -10, 15, -15])
def test_lines_of_a_turned_page_are_found_in_order(degrees: float) -> None:
    page, baselines = turn(*draw_page(), degrees)
    layout = segment(page)
    assert layout.skew_degrees == pytest.approx(degrees, abs=0.1)
    assert_found(layout, baselines)


def test_two_columns_are_two_regions_read_one_after_the_other() -> None:
    page, baselines = draw_page(width=1700, columns=(100, 930))
    layout = segment(page)
    assert_found(layout, baselines)
    assert [line.region for line in layout.lines] == [0] * 14 + [1] * 14
    assert [region.kind for region in layout.regions] == ["column", "column"]


def test_two_columns_under_a_heading_on_a_turned_page() -> None:
    page, baselines = draw_page(width=1700, columns=(100, 930))
    cv2.putText(page, "A HEADING ACROSS BOTH OF THE COLUMNS", (300, 110), cv2.FONT_HERSHEY_COMPLEX, 1.4, 30, 3)
    heading = np.array([[300, 110], [1290, 110]], np.float64)
    turned, lines = turn(page, [heading, *baselines], 2.0)
    layout = segment(turned)
    assert len(layout.lines) == 29
    assert all(distance(line.baseline, truth) < NEAR for line, truth in zip(layout.lines, lines, strict=True))


def test_black_border_is_no_line_and_hides_none() -> None:
    page, baselines = draw_page()
    framed = cv2.copyMakeBorder(page, 90, 60, 150, 80, cv2.BORDER_CONSTANT, value=(5.0,))
    assert_found(segment(np.asarray(framed, np.uint8)), [line + np.array([150, 90]) for line in baselines])


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_half_and_double_size_give_the_same_lines(factor: float) -> None:
    page, baselines = draw_page()
    resized = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert_found(segment(np.asarray(resized, np.uint8)), [line * factor for line in baselines], NEAR * factor)


def test_jpeg_of_low_quality_gives_the_same_lines() -> None:
    page, baselines = draw_page()
    _, content = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert_found(segment(np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)), baselines)


def test_layout_is_whole() -> None:
    page, _ = draw_page()
    layout = segment(page)
    for line in layout.lines:
        assert line.baseline.dtype == line.polygon.dtype == np.float32
        assert line.baseline.shape[0] >= 2
        assert line.polygon.shape[0] >= 4
        assert 0 <= line.region < len(layout.regions)
        for points in (line.baseline, line.polygon):
            assert (points >= 0).all()
            assert (points <= [page.shape[1] - 1, page.shape[0] - 1]).all()
        region = layout.regions[line.region].polygon
        assert region.dtype == np.float32
        middle = line.baseline.mean(axis=0)
        assert cv2.pointPolygonTest(region.reshape(-1, 1, 2), (float(middle[0]), float(middle[1])), False) > 0


def test_paragraphs_count_from_zero_without_gaps() -> None:
    numbers = [line.paragraph for line in segment(draw_page()[0]).lines]
    assert numbers[0] == 0
    assert set(np.diff(numbers)) <= {0, 1}


def dumped(layout: Layout) -> list[bytes]:
    return [line.baseline.tobytes() + line.polygon.tobytes() for line in layout.lines]


def test_same_bytes_whatever_came_before() -> None:
    page, _ = turn(*draw_page(), 1.3)
    first = dumped(segment(page))
    segment(draw_page(width=900, height=700, lines=5)[0])
    assert dumped(segment(page)) == first


def noise(height: int, width: int) -> Gray:
    return np.random.default_rng(7).integers(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize(
    "page",
    [
        np.zeros((1, 1), np.uint8),
        np.zeros((900, 700), np.uint8),
        np.full((900, 700), 255, np.uint8),
        np.full((50, 20_000), 200, np.uint8),
        noise(50, 20_000),
        noise(20_000, 50),
        noise(2, 3),
        np.repeat(np.array([0, 255], np.uint8), 500)[:, None].repeat(800, axis=1),
    ],
    ids=["pixel", "black", "white", "strip", "noisy strip", "noisy pillar", "tiny", "half black"],
)
def test_page_without_text_has_no_lines(page: Gray) -> None:
    layout = segment(page)
    assert layout.lines == ()
    assert layout.regions == ()


def test_page_of_pure_noise_has_at_most_the_allowed_lines() -> None:
    assert len(segment(noise(600, 400), Segmentation(max_lines=20)).lines) <= 20


def test_empty_ruled_sheet_has_no_lines() -> None:
    sheet = np.full((1600, 1200), 235, np.uint8)
    sheet[200:1500:60, 80:1120] = 120
    sheet[201:1500:60, 80:1120] = 120
    assert segment(sheet).lines == ()


@pytest.mark.parametrize(
    "page", [np.zeros((4, 4, 3), np.uint8), np.zeros((0, 5), np.uint8), np.zeros((4, 4), np.float32)]
)
def test_what_is_no_gray_page_is_refused(page: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"uint8 \[h, w\]"):
        segment(page)


def test_slope_beyond_the_limit_is_not_straightened() -> None:
    page, _ = turn(*draw_page(), 5)
    assert segment(page, Segmentation(max_skew_degrees=0)).skew_degrees == 0


LEVEL = [np.array([(150.0, y), (450, y)]) for y in range(150, 460, 60)]


class Drawn:
    """Stands in for a network: perfect maps of lines that lie as they were drawn on a page, however it is turned."""

    def __init__(self, quarters: int, lines: Sequence[Floats] = LEVEL) -> None:
        self.pages, self.lines = [quarters, 0], lines

    def maps(self) -> Maps:
        quarters = self.pages.pop(0)
        turn = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), quarters)
        return replace(perfect([(line - 300) @ turn + 300 for line in self.lines], size=(600, 600)), factor=2.0)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentation.page.find_maps", lambda _, network: network.maps())


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize("quarters", range(4))
def test_a_page_that_lies_on_its_side_is_turned(quarters: int) -> None:
    layout = segment(np.full((1200, 1200), 200, np.uint8), network=Drawn(quarters))  # type: ignore[arg-type]
    assert layout.quarters == quarters
    assert [float(line.baseline[0, 1]) for line in layout.lines] == pytest.approx(range(300, 920, 120), abs=4)
    assert all(line.baseline[0, 0] < line.baseline[-1, 0] for line in layout.lines)
    assert layout.skew_degrees == pytest.approx(0, abs=0.5)


@pytest.mark.usefixtures("drawn")
def test_notes_that_climb_are_read_after_the_text_from_left_to_right() -> None:
    notes = [np.array([(x, 400.0), (x, 200)]) for x in (40.0, 90.0)]
    page = np.full((1200, 1200), 200, np.uint8)
    layout = segment(page, network=Drawn(0, [*notes, *LEVEL]))  # type: ignore[arg-type]
    assert [region.kind for region in layout.regions] == ["column", "margin"]
    assert [line.region for line in layout.lines] == [0] * len(LEVEL) + [1, 1]
    assert [line.baseline[:, 0].mean() for line in layout.lines[-2:]] == pytest.approx([80, 180], abs=4)
    paragraphs = [line.paragraph for line in layout.lines]
    assert paragraphs == sorted(paragraphs)
    assert paragraphs[-2] == paragraphs[-3] + 1
