import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.bands import Band, bands, cut_to_ink, inked, neighbours, outline
from segmentation.traces import Map
from tests.segmentation.test_learned import HEIGHT, SIZE, level, perfect


def band(x: float, y: float, length: float, degrees: float, height: float) -> Band:
    """A line that bends a little in its middle."""
    along = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    up = np.array([along[1], -along[0]])
    shares = np.linspace(0, 1, 9)[:, None]
    points = np.array([x, y]) + shares * length * along + 0.1 * height * np.sin(np.pi * shares) * up
    return Band(points[::4], points, along, up, height)


lines = st.builds(band, st.floats(0, 600), st.floats(0, 400), st.floats(5, 500), st.floats(-180, 180), st.floats(5, 60))


@given(st.lists(lines, max_size=12))
def test_lines_that_are_no_neighbours_change_no_outline(found: list[Band]) -> None:
    for each, near in zip(found, neighbours(found), strict=True):
        assert outline(each, near).tobytes() == outline(each, found).tobytes()


def test_neighbours_stand_near_and_not_in_another_column() -> None:
    rows = [band(x, y, 200, 0, HEIGHT) for x in (100, 500) for y in (100, 125, 200)]
    first, second, alone, *_ = neighbours(rows)
    assert first == [rows[1]]
    assert second == [rows[0]]
    assert alone == []


def test_a_line_outlines_to_half_way_between_its_neighbours() -> None:
    above, line, below = (band(100, y, 200, 0, 20.0) for y in (80, 100, 120))
    shape = outline(line, [above, below])
    assert shape[0, 1] == pytest.approx(100 - 0.8 * 20)
    assert shape[-1, 1] == pytest.approx(100 + 0.35 * 20)
    assert outline(line, [])[[0, -1], 1] == pytest.approx([100 - 1.05 * 20, 100 + 0.45 * 20])


def letters(*spans: tuple[int, int]) -> Map:
    """Ink above a line at y = 100, in these columns."""
    ink = np.zeros(SIZE, np.float32)
    for start, end in spans:
        ink[80:98, start:end] = 1
    return ink


@pytest.mark.parametrize(
    ("spans", "ends"),
    [([(100, 700)], (100, 700)), ([(200, 300), (400, 500)], (200 - 0.6 * HEIGHT, 500 + 0.6 * HEIGHT))],
)
def test_a_line_is_cut_to_its_ink_and_tells_where_that_is(
    spans: list[tuple[int, int]], ends: tuple[float, float]
) -> None:
    ink = letters(*spans)
    (whole,) = bands([level(100)], perfect([level(100)]).body, 60.0)
    found = cut_to_ink(whole, ink)
    assert found is not None
    assert found.band.baseline[[0, -1], 0] == pytest.approx(ends, abs=3)
    assert (found.seen == inked(found.band, ink).seen).all()
    assert found.seen.sum() == pytest.approx(sum(end - start for start, end in spans), abs=4)


def test_a_line_inked_from_end_to_end_stays_the_same() -> None:
    (whole,) = bands([level(100)], perfect([level(100)]).body, 60.0)
    found = cut_to_ink(whole, letters((90, 710)))
    assert found is not None
    assert found.band is whole
    assert found.seen.all()
