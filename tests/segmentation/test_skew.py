import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.paper import find_ink, reduce
from segmentation.skew import find_skew, made_level, slope, straighten, turn_back
from tests.segmentation.drawing import draw_page, turn


@pytest.mark.parametrize("degrees", [0, 0.5, -0.5, 3, -3, 10, -10, 15, -15])
def test_slope_of_a_drawn_page_is_found_within_a_tenth_of_a_degree(degrees: float) -> None:
    page, _ = turn(*draw_page(), degrees)
    ink = find_ink(reduce(page)[0])
    assert find_skew(ink, 15.0) == pytest.approx(degrees, abs=0.1)


def test_slope_stays_within_the_limit_and_limit_zero_means_none() -> None:
    page, _ = turn(*draw_page(), 5)
    ink = find_ink(reduce(page)[0])
    assert find_skew(ink, 0.0) == 0.0
    assert abs(find_skew(ink, 2.0)) <= 2.0


def test_blank_page_and_single_speck_have_no_slope() -> None:
    ink = np.zeros((300, 200), np.uint8)
    assert find_skew(ink, 15.0) == 0.0
    ink[100:103, 50:53] = 1
    assert find_skew(ink, 15.0) == 0.0


@pytest.mark.parametrize("degrees", [0.0, 7.5, -12.0, 40.0])
def test_straightened_points_come_back_to_where_they_lay(degrees: float) -> None:
    ink = np.zeros((200, 300), np.uint8)
    ink[50:53, 40:43] = 1
    level, back = straighten(ink, degrees)
    y, x = np.nonzero(level)
    assert turn_back(np.array([[x.mean(), y.mean()]]), back)[0] == pytest.approx([41, 51], abs=0.6)


def test_no_slope_leaves_the_mask_as_it_is() -> None:
    ink = (np.random.default_rng(1).random((40, 60)) < 0.3).astype(np.uint8)
    level, _ = straighten(ink, 0.0)
    assert np.array_equal(level, ink)


def test_lines_of_the_slope_become_level() -> None:
    page, _ = turn(*draw_page(lines=3), 10)
    ink = find_ink(reduce(page)[0])
    level, _ = straighten(ink, 10.0)
    assert find_skew(level, 15.0) == pytest.approx(0, abs=0.1)


def test_the_slope_of_baselines_is_that_of_most_of_the_text() -> None:
    def sloping(degrees: float, length: float) -> np.ndarray:
        turn = np.radians(degrees)
        return np.array([[0, 0], [length * np.cos(turn), length * np.sin(turn)]], np.float32)

    assert slope([sloping(1, 500), sloping(2, 900), sloping(-30, 300), sloping(88, 5000)]) == pytest.approx(2, abs=1e-4)
    assert slope([]) is None


@given(st.floats(-40, 40), st.floats(-500, 500), st.floats(-500, 500))
def test_lines_are_level_after_they_were_made_so(degrees: float, x: float, y: float) -> None:
    way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    line = np.array([x, y]) + np.outer([0, 100, 300], way)
    level = made_level(line, degrees)
    assert np.allclose(np.diff(level, axis=0), [[100, 0], [200, 0]])
