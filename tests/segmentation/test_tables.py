import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.order import Places
from segmentation.tables import Cell, cells, upright_positions

PITCH = 20.0
COLUMNS = [(10, 60), (80, 130), (150, 450), (470, 520)]
RULES = np.array([70.0, 140.0, 460.0])
Entry = tuple[float, float, float]


def places(lines: list[Entry]) -> Places:
    return Places(*np.array(lines, np.float64).reshape(-1, 3).T)


def register(entries: list[int], ragged: float = 0.0) -> tuple[list[Entry], list[Cell]]:
    """Entries of so many lines in the third column and one in the others, and their cells."""
    lines: list[Entry] = []
    expected: list[Cell] = []
    y = 100.0
    for row, count in enumerate(entries):
        for column, (left, right) in enumerate(COLUMNS):
            height = y + (count - 1) * PITCH if column == 3 else y
            for step in range(count if column == 2 else 1):
                lines.append((left, right - ragged * (step % 3), height + step * PITCH * (column == 2)))
                expected.append((row, column))
        y += count * PITCH
    return lines, expected


def test_entries_of_a_ruled_register_are_rows() -> None:
    lines, expected = register([3, 1, 5, 2])
    assert cells(places(lines), RULES, PITCH) == expected


def test_without_rules_white_stretches_part_the_columns() -> None:
    lines, expected = register([3, 1, 5, 2, 2], ragged=60.0)
    assert cells(places(lines), np.zeros(0), PITCH) == expected


def test_a_rule_that_was_not_seen_is_made_up_for() -> None:
    lines, expected = register([3, 1, 5, 2, 2])
    assert cells(places(lines), RULES[1:], PITCH) == expected


def test_what_stands_above_the_first_entry_is_row_0_and_what_spans_columns_in_none() -> None:
    lines, expected = register([3, 1, 5, 2])
    found = cells(places([(20.0, 300.0, 30.0), (150.0, 400.0, 60.0), *lines]), RULES, PITCH)
    assert found[:2] == [(None, None), (0, 2)]
    assert found[2:] == [(row + 1, column) for row, column in expected if row is not None and column is not None]


def test_the_order_of_lines_does_not_matter() -> None:
    lines, expected = register([3, 1, 5, 2])
    order = np.random.default_rng(1).permutation(len(lines))
    assert cells(places([lines[k] for k in order]), RULES, PITCH) == [expected[k] for k in order]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [(100.0, 900.0, y) for y in range(100, 900, 20)],
        [(left, left + 400.0, y) for left in (0.0, 450.0) for y in range(100, 900, 20)],
    ],
    ids=["nothing", "prose", "two columns of prose"],
)
def test_other_pages_have_no_cells(lines: list[Entry]) -> None:
    assert cells(places(lines), np.zeros(0), PITCH) == [(None, None)] * len(lines)


@given(st.lists(st.tuples(st.floats(0, 900), st.floats(1, 300), st.floats(0, 1000)), max_size=30), st.booleans())
def test_any_lines_have_cells_or_none(lines: list[Entry], ruled: bool) -> None:
    found = cells(places([(left, left + wide, y) for left, wide, y in lines]), RULES if ruled else np.zeros(0), PITCH)
    assert len(found) == len(lines)
    assert all((row is None) == (column is None) for row, column in found)
    rows = {row for row, _ in found if row is not None}
    assert not rows or min(rows) == 0


@pytest.mark.parametrize("degrees", [0.0, 1.5, -3.0])
def test_long_upright_rules_are_found_on_a_sloping_page(degrees: float) -> None:
    mask = np.zeros((800, 600), np.uint8)
    turn = np.tan(np.radians(degrees))
    for left, top, foot in ((100, 50, 750), (300, 100, 700), (450, 300, 380)):
        for y in range(top, foot):
            x = round(left - turn * (y - 400))
            mask[y, x : x + 2] = 1
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    expected = [cos * left + sin * 400 for left in (100.5, 300.5)]
    assert upright_positions(mask, degrees, 700.0) == pytest.approx(expected, abs=1.5)


def test_a_page_without_rules_has_none() -> None:
    assert upright_positions(np.zeros((80, 60), np.uint8), 1.0, 70.0).size == 0
