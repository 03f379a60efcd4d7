import numpy as np
import pytest

from segmentation.classical import find_traces
from segmentation.paper import Mask
from segmentation.rows import find_pitch, letter_height

NONE = 10**6


def rows_of_letters(rows: list[int], spans: list[tuple[int, int]], shape: tuple[int, int] = (500, 700)) -> Mask:
    """Upright strokes 12 pixels tall that stand on these rows, 3 wide and 7 apart, within the spans of columns."""
    ink = np.zeros(shape, np.uint8)
    for row in rows:
        for left, right in spans:
            for x in range(left, right - 4, 7):
                ink[row - 11 : row + 1, x : x + 4] = 1
    return ink


ROWS = list(range(60, 460, 30))
EMPTY = np.zeros((500, 700), np.uint8)


def test_letters_have_their_height_and_lines_their_pitch() -> None:
    ink = rows_of_letters(ROWS, [(50, 650)])
    assert letter_height(ink) == 12
    assert find_pitch(ink) == pytest.approx(30, abs=1)


def test_empty_mask_has_usual_measures_and_no_line() -> None:
    assert letter_height(EMPTY) == 12
    assert find_pitch(EMPTY) == 24
    assert find_traces(EMPTY, EMPTY, NONE)[0] == []


def test_every_row_gives_one_trace_on_its_foot_from_end_to_end() -> None:
    traces, pitch = find_traces(rows_of_letters(ROWS, [(50, 650)]), EMPTY, NONE)
    assert pitch == pytest.approx(30, abs=2)
    traces.sort(key=lambda trace: float(trace[0, 1]))
    assert len(traces) == len(ROWS)
    for trace, row in zip(traces, ROWS, strict=True):
        assert np.abs(trace[:, 1] - row).max() <= 2
        assert trace[0, 0] == pytest.approx(50, abs=3)
        assert trace[-1, 0] == pytest.approx(648, abs=5)
        assert (np.diff(trace[:, 0]) > 0).all()


def test_gutter_of_two_pitches_parts_columns_and_a_word_gap_does_not() -> None:
    parted, _ = find_traces(rows_of_letters(ROWS, [(50, 320), (380, 650)]), EMPTY, NONE)
    whole, _ = find_traces(rows_of_letters(ROWS, [(50, 340), (358, 650)]), EMPTY, NONE)
    assert len(parted) == 2 * len(ROWS)
    assert len(whole) == len(ROWS)


def test_no_line_crosses_an_upright_rule() -> None:
    rules = EMPTY.copy()
    rules[:, 348:351] = 1
    traces, _ = find_traces(rows_of_letters(ROWS, [(50, 340), (360, 650)]), rules, NONE)
    assert len(traces) == 2 * len(ROWS)
    assert not any(trace[0, 0] < 348 < trace[-1, 0] for trace in traces)


def test_most_keeps_the_surest() -> None:
    ink = rows_of_letters(ROWS, [(50, 650)])
    ink[ROWS[3] - 15 : ROWS[3] + 5, 250:] = 0
    traces, _ = find_traces(ink, EMPTY, len(ROWS) - 1)
    assert len(traces) == len(ROWS) - 1
    assert not any(abs(trace[0, 1] - ROWS[3]) < 8 for trace in traces)


def test_remains_of_a_neighbouring_page_at_the_edge_are_dropped() -> None:
    ink = rows_of_letters(ROWS, [(0, 60), (200, 650)])
    traces, _ = find_traces(ink, EMPTY, NONE)
    assert len(traces) == len(ROWS)
    assert min(trace[0, 0] for trace in traces) > 150


def test_ascending_lines_are_followed() -> None:
    ink = np.zeros((500, 700), np.uint8)
    for row in ROWS[2:]:
        for x in range(50, 640, 7):
            y = row - round(0.05 * x)
            ink[y - 11 : y + 1, x : x + 4] = 1
    traces, _ = find_traces(ink, EMPTY, NONE)
    assert len(traces) == len(ROWS) - 2
    for trace in traces:
        assert trace[-1, 1] - trace[0, 1] == pytest.approx(-0.05 * (trace[-1, 0] - trace[0, 0]), abs=3)
