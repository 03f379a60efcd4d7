from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recognizer.lines import Crop
from recognizer.train import augment as room
from recognizer.train.augment import WIDEST, augment, spot
from tests.recognizer.drawn import line, scribble

SEEDS = range(40)


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def outcomes(change: Callable[..., Any], *arguments: Any) -> list[Any]:
    return [change(arguments[0], generator(seed), *arguments[1:]) for seed in SEEDS]


@pytest.mark.parametrize("width", [1, 16, 40, 500, 3000])
def test_copies_keep_height_and_about_the_width(width: int) -> None:
    image = scribble(width, height=56)
    for varied in outcomes(augment, image):
        assert varied.dtype == np.uint8
        assert varied.shape[0] == 56
        assert 16 <= varied.shape[1] <= min(WIDEST, 2 * width + 100)


def test_the_generator_alone_decides() -> None:
    image = line("abc")
    one, same, other = (augment(image, generator(seed)) for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()


def test_the_line_itself_is_left_as_it_is() -> None:
    image = line("abc")
    before = image.tobytes()
    outcomes(augment, image)
    assert image.tobytes() == before


@pytest.mark.parametrize("gray", [0, 200, 255])
def test_an_even_sheet_has_no_text_afterwards(gray: int) -> None:
    """Rules, stains and noise may come, but a change of shape brings no ink of its own."""
    sheet = np.full((48, 300), gray, np.uint8)
    for seed in SEEDS:
        bent = room.neighbours(room.bend(sheet, generator(seed), gray), generator(seed))
        assert (room.pen(bent, generator(seed)) == gray).all()


@pytest.mark.parametrize("width", [300, 3000])
def test_neither_end_of_a_line_is_cut_off(width: int) -> None:
    image = np.full((48, width), 255, np.uint8)
    image[:, 8:16] = image[:, -16:-8] = 0
    for bent in outcomes(room.bend, image, 255.0):
        dark = np.flatnonzero((bent < 100).any(axis=0))
        middle = bent.shape[1] // 2
        assert (dark < middle).any()
        assert (dark > middle).any()


def test_displacements_are_small_and_smooth_and_differ_along_the_line() -> None:
    for seed in SEEDS:
        field = room.waver(48, 500, 2.0, generator(seed))
        assert field.shape == (48, 500)
        assert np.abs(field).max() < 12
        assert np.abs(np.diff(field, axis=1)).max() < 0.6
        assert field.std(axis=1).min() > 0.5


def test_neighbours_touch_the_edges_alone() -> None:
    image = np.full((50, 400), 255, np.uint8)
    image[10:40, 50:90] = 0
    seen = outcomes(room.neighbours, image)
    assert any((each[:5] < 255).any() for each in seen)
    assert any((each[-5:] < 255).any() for each in seen)
    assert all((each[15:35] == image[15:35]).all() for each in seen)
    assert all((each <= image).all() for each in seen)


def test_pens_are_finer_or_broader_and_never_erase() -> None:
    image = line("ab")
    written = [int(each.sum()) for each in outcomes(room.pen, image)]
    assert min(written) < int(image.sum()) < max(written)
    assert all(each.min() < 130 for each in outcomes(room.pen, image))


def test_rules_only_darken_and_are_rare() -> None:
    image = np.full((48, 400), 230, np.uint8)
    drawn = outcomes(room.rules, image, 230.0, 30.0)
    assert 0 < sum((each != image).any() for each in drawn) < len(drawn) / 3
    assert all((each <= image).all() for each in drawn)
    assert all((each == 230).mean() > 0.8 for each in drawn)


@pytest.mark.parametrize(("ink", "paper"), [(0.0, 255.0), (90.0, 140.0), (199.0, 200.0)])
def test_tones_keep_ink_and_paper_and_their_order(ink: float, paper: float) -> None:
    grays: Crop = np.linspace(ink, paper, 20).astype(np.uint8)[None]
    for toned in outcomes(room.tone, grays, paper, ink):
        assert toned[0, 0] == pytest.approx(ink, abs=1)
        assert toned[0, -1] == pytest.approx(paper, abs=1)
        assert (np.diff(toned[0]) >= 0).all()


def test_noise_is_as_strong_whether_fine_or_coarse() -> None:
    for coarse in (False, True):
        assert room._noise(48, coarse).std() == pytest.approx(1, abs=0.01)


def test_two_columns_at_most_are_blinded() -> None:
    pixels = np.zeros((4, 200), np.float32)
    counts = {int(spot(pixels, generator(seed), 9.0).any(0).sum()) for seed in range(60)}
    assert 0 in counts
    assert 4 <= max(counts) <= 2 * 13
