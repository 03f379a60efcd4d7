import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognizer.draw.fields import bent, field

LENGTHS = st.integers(1, 90)


@given(LENGTHS, LENGTHS, st.floats(1.5, 200), st.floats(1.5, 200), st.integers(0, 99))
def test_a_field_has_the_shape_and_about_the_deviation(
    height: int, width: int, rows: float, columns: float, seed: int
) -> None:
    found = field(np.random.default_rng(seed), (height, width), (rows, columns), 2.0)
    assert found.shape == (height, width)
    assert found.dtype == np.float32
    assert np.abs(found).max() < 30


def test_a_field_varies_over_its_cells() -> None:
    rng = np.random.default_rng(1)
    fine, coarse = (field(rng, (200, 200), (cell, cell), 1.0) for cell in (3, 60))
    assert np.abs(np.diff(fine, axis=1)).mean() > 5 * np.abs(np.diff(coarse, axis=1)).mean()
    assert 0.5 < fine.std() < 1.2


def test_a_cell_without_end_lets_every_row_be_the_same() -> None:
    found = field(np.random.default_rng(1), (40, 100), (np.inf, 20), 1.0)
    assert np.allclose(found, found[:1])
    assert np.ptp(found[0]) > 0.5


def test_nothing_comes_in_from_beyond_an_image() -> None:
    image = np.ones((10, 20), np.float32)
    shift = np.full((10, 20), 5, np.float32)
    moved = bent(image, shift, 0 * shift)
    assert moved[:, :15].min() == 1
    assert moved[:, 15:].max() == 0
    assert bent(image, 0 * shift, -shift)[:5].max() == 0
