import numpy as np
import pytest

from recognizer.train.augment import WIDEST, augment, spot
from tests.recognizer.drawn import line, scribble


@pytest.mark.parametrize("width", [1, 16, 40, 500, 3000])
def test_copies_keep_height_range_and_about_the_width(width: int) -> None:
    image = scribble(width, height=56)
    for seed in range(20):
        varied = augment(image, np.random.default_rng(seed))
        assert varied.dtype == np.float32
        assert varied.shape[0] == 56
        assert 16 <= varied.shape[1] <= min(WIDEST, 2 * width + 60)
        assert varied.min() >= 0
        assert varied.max() <= 255


def test_the_generator_alone_decides() -> None:
    image = line("abc")
    one, same, other = (augment(image, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()


def test_the_line_itself_is_left_as_it_is() -> None:
    image = line("abc")
    before = image.tobytes()
    for seed in range(10):
        augment(image, np.random.default_rng(seed))
    assert image.tobytes() == before


def test_two_columns_at_most_are_blinded() -> None:
    pixels = np.zeros((4, 200), np.float32)
    counts = {int(spot(pixels, np.random.default_rng(seed), 9.0).any(0).sum()) for seed in range(60)}
    assert 0 in counts
    assert 4 <= max(counts) <= 2 * 13
