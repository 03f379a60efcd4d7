import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.lines import NARROWEST, PAPER, normalise, to_height, width_at


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_constant_image_is_paper(shade: int) -> None:
    assert not normalise(np.full((56, 40), shade, np.uint8)).any()


def test_ink_is_one_and_paper_zero_whatever_the_exposure() -> None:
    image = np.full((10, 10), 200, np.uint8)
    image[4:6] = 100
    normal = normalise(image)
    assert normal.dtype == np.float32
    assert np.unique(normal).tolist() == [0.0, 1.0]
    np.testing.assert_array_equal(normalise(image // 2), normal)


def test_faint_noise_is_not_blown_up_to_ink() -> None:
    image = np.full((10, 10), 200, np.uint8)
    image[:5] = 197
    assert normalise(image).max() == pytest.approx(3 / 24)


@given(st.integers(0, 200), st.integers(0, 200), st.sampled_from([48, 56, 80]), st.sampled_from([None, 16, 300]))
def test_any_size_becomes_the_height_and_the_width_that_is_told(
    rows: int, columns: int, height: int, widest: int | None
) -> None:
    crop = np.full((rows, columns), 90, np.uint8)
    image = to_height(crop, height, widest)
    assert image.dtype == np.uint8
    assert image.shape == (height, width_at(crop, height, widest))
    assert image.shape[1] >= NARROWEST
    assert widest is None or image.shape[1] <= widest
    assert np.unique(image).tolist() == ([90] if crop.size else [PAPER])


def test_the_aspect_ratio_is_kept() -> None:
    assert to_height(np.zeros((80, 800), np.uint8), 56).shape == (56, 560)


def test_extreme_crops_become_no_huge_images() -> None:
    assert to_height(np.zeros((1, 20_000), np.uint8), 56, 3072).shape == (56, 3072)
    assert to_height(np.zeros((20_000, 1), np.uint8), 56, 3072).shape == (56, NARROWEST)


def test_an_image_of_the_right_height_is_not_touched() -> None:
    crop = np.arange(56 * 30, dtype=np.uint8).reshape(56, 30)
    assert to_height(crop, 56) is crop
