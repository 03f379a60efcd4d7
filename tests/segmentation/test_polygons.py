import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segmentation.polygons import outlines, simplify
from segmentation.traces import Trace

PITCH = 40.0


def level_trace(left: int, right: int, y: float) -> Trace:
    x = np.arange(left, right, dtype=np.float64)
    return np.column_stack([x, np.full(len(x), y), np.ones(len(x))])


def signed_distance(polygon: np.ndarray, point: tuple[float, float]) -> float:
    return cv2.pointPolygonTest(polygon.astype(np.float32).reshape(-1, 1, 2), point, True)


def test_no_trace_has_no_outline() -> None:
    assert outlines([], np.zeros((10, 10), np.uint8), PITCH) == []


@given(
    st.lists(st.integers(8, 60), min_size=1, max_size=6),
    st.floats(0, 0.6),
    st.integers(0, 2**32 - 1),
)
def test_outline_contains_its_baseline_and_stays_off_the_neighbours(gaps: list[int], inked: float, seed: int) -> None:
    ys = 70 + np.cumsum(gaps).astype(np.float64)
    ink = (np.random.default_rng(seed).random((int(ys[-1]) + 80, 300)) < inked).astype(np.uint8)
    traces = [level_trace(20, 280, y) for y in ys]
    for index, polygon in enumerate(outlines(traces, ink, PITCH)):
        assert len(polygon) >= 4
        assert np.isfinite(polygon).all()
        assert signed_distance(polygon, (150.0, float(ys[index]))) > 0
        for other in np.delete(ys, index):
            assert signed_distance(polygon, (150.0, float(other))) < 0


def test_tall_ink_makes_a_taller_outline() -> None:
    low, tall = np.zeros((200, 400), np.uint8), np.zeros((200, 400), np.uint8)
    low[90:101, 50:350:3] = 1
    tall[62:101, 50:350:3] = 1
    trace = level_trace(50, 350, 100)
    heights = [np.ptp(outlines([trace], ink, PITCH)[0][:, 1]) for ink in (low, tall)]
    assert heights[1] > heights[0] + 5


def test_lines_of_one_page_lean_on_one_height() -> None:
    ink = np.zeros((500, 400), np.uint8)
    for y, tall in ((100, 24), (200, 24), (300, 24), (400, 10)):
        ink[y - tall : y + 1, 50:350:3] = 1
    polygons = outlines([level_trace(50, 350, y) for y in (100.0, 200.0, 300.0, 400.0)], ink, PITCH)
    usual, low = np.ptp(polygons[0][:, 1]), np.ptp(polygons[3][:, 1])
    assert 0.7 * usual < low < usual


def test_simplified_line_keeps_its_corners() -> None:
    points = np.array([[0, 0], [10, 0.1], [20, 0], [20, 30]], np.float64)
    assert simplify(points).tolist() == [[0, 0], [20, 0], [20, 30]]
