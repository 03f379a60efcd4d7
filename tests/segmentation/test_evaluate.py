import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.evaluate import compare, f1, kendall_tau, together, tolerances
from segmentation.layout import Points


def flat(y: float, left: float = 100, right: float = 900) -> Points:
    return np.array([[left, y], [right, y]], np.float32)


PAGE = [flat(100), flat(200), flat(300)]


def test_tolerance_is_a_quarter_of_the_way_to_the_next_line_and_never_above_the_mean() -> None:
    assert tolerances([flat(100), flat(140), flat(240)]) == pytest.approx([10, 10, 15])


def test_lines_side_by_side_are_no_neighbours() -> None:
    assert tolerances([flat(100, 0, 400), flat(102, 500, 900), flat(160, 0, 900)])[0] == pytest.approx(60 / 4, abs=0.6)


def test_a_lone_line_has_the_widest_tolerance() -> None:
    assert tolerances([flat(100)]) == [62.5]


def test_the_same_lines_agree_wholly() -> None:
    agreement = compare(PAGE, PAGE)
    assert (agreement.precision, agreement.recall) == (1, 1)
    assert [pair[:2] for pair in agreement.pairs] == [(0, 0), (1, 1), (2, 2)]


@pytest.mark.parametrize(("offset", "share"), [(20, 1.0), (25, 1.0), (50, 0.5), (74.9, 0.0), (-37.5, 0.75)])
def test_lines_beside_count_less_the_farther_they_are(offset: float, share: float) -> None:
    agreement = compare([flat(100), flat(1000), flat(1100)], [flat(100 + offset)])
    assert agreement.precision == pytest.approx(share, abs=0.01)
    assert agreement.recall == pytest.approx(share / 3, abs=0.01)


def test_a_line_in_two_pieces_costs_precision_alone() -> None:
    agreement = compare(PAGE, [flat(100, 100, 500), flat(100, 500, 900), flat(200), flat(300)])
    assert agreement.recall == 1
    assert agreement.precision == pytest.approx(3 / 4)


def test_a_line_that_joins_two_costs_precision_alone() -> None:
    cells = [flat(100, 0, 400), flat(100, 500, 900), flat(200, 0, 400), flat(200, 500, 900)]
    agreement = compare(cells, [flat(100, 0, 900), flat(200, 0, 900)])
    assert agreement.recall == 1
    # 400 of 900 pixels lie on the line it is paired with, and the first 75 after it are not yet wholly off it.
    assert agreement.precision == pytest.approx((400 + 25 + 25) / 900, abs=0.01)


def test_half_a_line_is_half_recalled_and_wholly_true() -> None:
    agreement = compare([flat(100), flat(200)], [flat(100, 100, 500), flat(200)])
    assert agreement.recall == pytest.approx(0.78, abs=0.005)  # the tolerance reaches over its end
    assert agreement.precision == 1


def test_invented_lines_cost_precision_and_missed_ones_recall() -> None:
    agreement = compare(PAGE, [PAGE[0], flat(700)])
    assert agreement.precision == pytest.approx(0.5)
    assert agreement.recall == pytest.approx(1 / 3)
    assert agreement.covered == (1, 0, 0)
    assert agreement.sure == (1, 0)


def test_nothing_found_and_nothing_true() -> None:
    assert (compare([], []).precision, compare([], []).recall) == (1, 1)
    assert (compare(PAGE, []).precision, compare(PAGE, []).recall) == (1, 0)
    assert (compare([], PAGE).precision, compare([], PAGE).recall) == (0, 1)
    assert f1(0, 0) == 0
    assert f1(1, 0.5) == pytest.approx(2 / 3)


def test_steep_lines_are_measured_across_themselves() -> None:
    steep = [np.array([[x, 900], [x, 100]], np.float32) for x in (100, 140)]
    assert tolerances(steep) == pytest.approx([10, 10])
    assert compare(steep, steep[:1]).recall == pytest.approx(0.5)


@given(st.permutations(range(6)))
def test_tau_of_an_order_and_of_its_reverse_are_opposite(places: list[int]) -> None:
    tau, reverse = kendall_tau(places), kendall_tau(places[::-1])
    assert tau is not None
    assert reverse == pytest.approx(-tau)


def test_tau() -> None:
    assert kendall_tau([0, 1, 2, 3]) == 1
    assert kendall_tau([3, 2, 1, 0]) == -1
    assert kendall_tau([0, 2, 1]) == pytest.approx(1 / 3)
    assert kendall_tau([0]) is None


LINES = st.lists(st.tuples(st.integers(0, 900), st.integers(50, 800)), min_size=1, max_size=6)


@given(LINES, LINES, st.integers(-500, 500))
def test_a_page_that_is_moved_is_judged_the_same(
    true: list[tuple[int, int]], found: list[tuple[int, int]], shift: int
) -> None:
    sides = [[flat(float(y), 50, 50 + float(length)) for y, length in side] for side in (true, found)]
    moved = [[line + np.float32(shift) for line in side] for side in sides]
    before, after = compare(*sides), compare(*moved)
    assert after.precision == pytest.approx(before.precision)
    assert after.recall == pytest.approx(before.recall)


def test_a_page_that_is_scaled_is_judged_nearly_the_same() -> None:
    found = [flat(109), flat(230), flat(100, 1000, 1200)]
    before, after = compare(PAGE, found), compare([2 * line for line in PAGE], [2 * line for line in found])
    assert after.precision == pytest.approx(before.precision, abs=0.03)
    assert after.recall == pytest.approx(before.recall, abs=0.03)


def test_pieces_and_joined_cells_belong_together_and_others_stand_alone() -> None:
    true = [flat(100), flat(200, 500, 900), flat(200, 100, 400), flat(300), flat(400)]
    found = [flat(100, 520, 900), flat(100, 100, 480), flat(200), flat(305), flat(800)]
    groups = sorted(together(true, found), key=str)
    assert groups == sorted([([0], [1, 0]), ([2, 1], [2]), ([3], [3]), ([4], []), ([], [4])], key=str)
