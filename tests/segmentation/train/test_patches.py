import numpy as np
import pytest

from segmentation.train import patches
from segmentation.train.pages import TrainingPage, TrueLine, to_bytes
from segmentation.train.patches import SIDE, patch
from segmentation.train.truth import UNMARKED, draw

NOTHING = np.zeros((0, 2), np.float32)
BLANK = np.zeros((200, 400), np.float32)


def line(*points: tuple[float, float], height: float = 40) -> TrueLine:
    return TrueLine(np.array(points, np.float32), NOTHING, height)


def page() -> TrainingPage:
    ink = np.zeros((1400, 1000), np.float32)
    lines = tuple(line((100, y), (900, y)) for y in range(200, 1300, 80))
    for each in lines:
        y = int(each.baseline[0, 1])
        ink[y - 30 : y - 3, 100:900:9] = 1
    return TrainingPage("p", "d", to_bytes(ink), lines)


def test_truth_is_drawn_where_the_line_lies() -> None:
    baseline, ends, body = draw([line((100, 120), (300, 120))], np.eye(2, 3), 1.0, BLANK).maps
    assert set(np.nonzero(baseline)[0]) == {59, 60, 61}
    assert np.nonzero(baseline.any(0))[0][[0, -1]] == pytest.approx((50, 150), abs=1)
    assert np.nonzero(body.any(1))[0][[0, -1]] == pytest.approx((60 - 0.55 * 20, 60), abs=1)
    assert set(np.nonzero(ends.any(0))[0]) <= {*range(46, 51), *range(150, 155)}


def test_baselines_of_low_lines_are_thin() -> None:
    baseline = draw([line((100, 120), (300, 120), height=9)], np.eye(2, 3), 1.0, BLANK).maps[0]
    assert set(np.nonzero(baseline)[0]) == {60}


def test_the_body_lies_where_the_letters_of_turned_text_stand() -> None:
    body = draw([line((300, 120), (100, 120))], np.eye(2, 3), 1.0, BLANK).maps[2]
    assert np.nonzero(body.any(1))[0].min() >= 59
    assert np.nonzero(body.any(1))[0].max() == pytest.approx(60 + 0.55 * 20, abs=1)


def test_ink_far_from_every_line_weighs_little() -> None:
    ink = BLANK.copy()
    ink[20:40, 100:200] = 1
    ink[100:118, 100:300] = 1
    weight = draw([line((100, 120), (300, 120))], np.eye(2, 3), 1.0, ink).weight
    assert weight[15, 75] == np.float32(UNMARKED)
    assert weight[55, 75] == 1
    assert weight[90, 190] == 1


def test_a_patch_depends_on_its_generator_alone() -> None:
    pages = [page()]
    one, same, other = (patch(pages, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one.ink == same.ink).all()
    assert (one.truth.maps == same.truth.maps).all()
    assert (one.ink != other.ink).any()


@pytest.mark.parametrize("seed", range(8))
def test_patches_have_the_network_s_size_and_their_truth_lies_on_ink(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "_varied", lambda ink, _: ink)
    made = patch([page()], np.random.default_rng(seed))
    assert made.ink.shape == (SIDE, SIDE)
    assert made.ink.dtype == np.float32
    assert made.truth.maps.shape == (3, SIDE // 2, SIDE // 2)
    inside, outside = (made.ink[::2, ::2][made.truth.maps[2] == k] for k in (1, 0))
    assert inside.mean() > outside.mean() + 0.05
