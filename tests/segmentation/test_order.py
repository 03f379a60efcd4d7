import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segmentation.order import Places, paragraphs, reading_order, regions

PITCH = 30.0


def places(*lines: tuple[float, float, float]) -> Places:
    """Lines given as (left, right, y)."""
    return Places(*np.array(lines, np.float64).reshape(-1, 3).T)


def column(left: float, right: float, ys: list[float]) -> list[tuple[float, float, float]]:
    return [(left, right, y) for y in ys]


def ordered(*lines: tuple[float, float, float]) -> list[int]:
    return reading_order(places(*lines), PITCH)


def test_no_line_has_an_empty_order() -> None:
    empty = Places.of([])
    assert reading_order(empty, PITCH) == []
    assert regions(empty, PITCH) == []
    assert paragraphs(empty, [], PITCH) == []


def test_one_column_reads_downwards() -> None:
    assert ordered(*column(0, 500, [90, 30, 60])) == [1, 2, 0]


def test_two_columns_read_one_after_the_other_whatever_their_heights() -> None:
    lines = column(0, 400, [10, 40, 70]) + column(450, 850, [5, 35, 65, 95])
    assert ordered(*lines) == [0, 1, 2, 3, 4, 5, 6]


def test_heading_comes_first_and_footer_last() -> None:
    left, right = column(0, 400, [60, 90]), column(450, 850, [60, 90])
    assert ordered(*right, *left, (100, 700, 20), (100, 700, 150)) == [4, 2, 3, 0, 1, 5]


def test_heading_in_the_middle_ends_both_columns_above_it() -> None:
    above = column(0, 400, [10, 40]) + column(450, 850, [10, 40])
    below = column(0, 400, [130, 160]) + column(450, 850, [130, 160])
    assert ordered(*above, (50, 800, 85), *below) == [0, 1, 2, 3, 4, 5, 6, 7, 8]


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 500), st.integers(0, 900)), max_size=25))
def test_order_is_a_permutation_and_regions_and_paragraphs_rise(lines: list[tuple[int, int, int]]) -> None:
    found = places(*[(left, left + wide, y) for left, wide, y in lines])
    order = reading_order(found, PITCH)
    assert sorted(order) == list(range(len(lines)))
    in_order = found.take(order)
    region = regions(in_order, PITCH)
    paragraph = paragraphs(in_order, region, PITCH)
    for numbers in (region, paragraph):
        assert numbers[:1] == [0][: len(numbers)]
        assert set(np.diff(numbers)) <= {0, 1}
    assert len(set(zip(region, paragraph, strict=True))) == len(set(paragraph))


def test_columns_and_heading_are_regions_of_their_own() -> None:
    lines = places((100, 700, 20), *column(0, 400, [60, 90]), *column(450, 850, [60, 90]))
    assert regions(lines, PITCH) == [0, 1, 1, 2, 2]


def test_wide_white_space_parts_regions() -> None:
    assert regions(places(*column(0, 400, [0, 30, 60, 200, 230])), PITCH) == [0, 0, 0, 1, 1]


def test_indent_begins_a_paragraph() -> None:
    lines = places((0, 400, 0), (0, 400, 30), (40, 400, 60), (0, 400, 90), (0, 400, 120))
    assert paragraphs(lines, [0] * 5, PITCH) == [0, 0, 1, 1, 1]


def test_wide_step_begins_a_paragraph_and_so_does_a_region() -> None:
    lines = places(*column(0, 400, [0, 30, 60, 120, 150]))
    assert paragraphs(lines, [0] * 5, PITCH) == [0, 0, 0, 1, 1]
    assert paragraphs(lines, [0, 0, 0, 0, 1], PITCH)[-1] == 2
