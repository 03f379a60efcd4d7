import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from segmentation.traces import Joining, Map, Trace, crests, follow, spacing

JOINING = Joining(weak=0.3, strong=0.6, bridge=0.1, close=0.5)


def empty() -> Map:
    return np.zeros((60, 80), np.float32)


def run_by_run(column: Map) -> list[tuple[float, float]]:
    """Centre of mass and mean strength of every run of a column."""
    runs: list[list[int]] = []
    for row in np.nonzero(column)[0].tolist():
        if runs and runs[-1][-1] == row - 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [(float(np.average(run, weights=column[run])), float(column[run].mean())) for run in runs]


@given(arrays(np.float32, array_shapes(min_dims=1, max_dims=1, max_side=12), elements=st.sampled_from([0, 0.5, 1])))
def test_each_run_of_a_column_is_followed_through_its_centre_of_mass(column: Map) -> None:
    found = follow(np.repeat(column[:, None], 4, axis=1))
    runs = sorted((trace[0, 1], trace[0, 2]) for trace in found)
    assert np.array(runs) == pytest.approx(np.array(run_by_run(column)))
    assert all(trace[:, 0].tolist() == [0, 1, 2, 3] for trace in found)


def test_a_crest_at_the_foot_and_one_at_the_top_are_two() -> None:
    strength = empty()
    strength[-2:, :40] = strength[:2, 40:] = 1
    low, high = follow(strength)
    assert (low[0, :2].tolist(), low[-1, :2].tolist()) == ([0, 58.5], [39, 58.5])
    assert (high[0, :2].tolist(), high[-1, :2].tolist()) == ([40, 0.5], [79, 0.5])


def test_all_arms_of_a_fork_are_cut() -> None:
    strength = empty()
    strength[20:22, 10:40] = strength[19, 40:70] = strength[22, 40:70] = 1
    strength[19:23, 39] = 1
    assert sorted((trace[0, 0], trace[-1, 0]) for trace in follow(strength)) == [(10, 39), (40, 69), (40, 69)]


def test_nothing_is_followed_where_nothing_is() -> None:
    assert follow(empty()) == []


def test_level_and_steep_crests_are_parted_and_weak_ones_dropped() -> None:
    strength = empty()
    strength[10:12, 10:60] = 0.7
    strength[20:50, 30:33] = 0.8
    strength[55:57, 10:60] = 0.5
    level, steep = crests(strength, JOINING)
    assert (level.max(), steep.max()) == pytest.approx((0.7, 0.8))
    assert np.array_equal(level > 0, strength == np.float32(0.7))
    assert np.array_equal(steep > 0, strength == np.float32(0.8))


def piece(y: float, left: int, right: int, slope: float = 0.0) -> Trace:
    x = np.arange(left, right, dtype=np.float64)
    return np.column_stack([x, y + slope * (x - left), np.ones(len(x))])


def test_spacing_is_the_usual_distance_of_pieces_above_each_other() -> None:
    rows = [piece(y, 10, 60, 0.1) for y in (10, 30, 50)]
    assert spacing(rows, 7.0) == pytest.approx(20)
    assert spacing([*rows, piece(35, 60, 90), piece(52, 10, 60, 0.1)], 7.0) == pytest.approx(20)


def test_the_usual_spacing_where_no_piece_stands_above_another() -> None:
    assert spacing([], 7.0) == 7.0
    assert spacing([piece(10, 0, 20), piece(30, 20, 40), piece(15, 0, 7)], 7.0) == 7.0
