import cv2
import numpy as np
import pytest

from segmentation.paper import find_ink, reduce, upright_rules, without_rules
from tests.segmentation.drawing import draw_page


@pytest.mark.parametrize("shape", [(1, 1), (50, 20_000), (3000, 2000), (400, 600)])
def test_reduced_page_has_a_long_side_of_1200(shape: tuple[int, int]) -> None:
    reduced, factor = reduce(np.full(shape, 200, np.uint8))
    assert max(reduced.shape) == 1200
    assert factor == pytest.approx(max(shape) / 1200)
    assert min(reduced.shape) >= 1


def test_ink_is_the_letters_and_not_the_paper() -> None:
    reduced, _ = reduce(draw_page(width=1000, height=1200, lines=5)[0])
    ink = find_ink(reduced)
    assert ink.any()
    assert not ink[reduced > 200].any()
    assert ink[reduced < 60].mean() > 0.95


def test_ink_on_unevenly_lit_paper_is_found_in_the_shade_too() -> None:
    page = draw_page(width=1000, height=1200, lines=10, top=150)[0].astype(np.float64)
    light = np.linspace(1.0, 0.55, 1200)[:, None]
    ink = find_ink((page * light).astype(np.uint8))
    assert ink[780:900].sum() > 0.7 * ink[140:260].sum()


@pytest.mark.parametrize("value", [0, 128, 255])
def test_even_page_has_no_ink(value: int) -> None:
    assert not find_ink(np.full((400, 300), value, np.uint8)).any()


def test_page_of_pure_noise_has_no_ink_or_little() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 300), np.uint8)
    assert find_ink(noise).mean() < 0.3


def test_scan_border_is_not_ink() -> None:
    page, _ = draw_page(width=1000, height=1060, lines=10, top=100, pitch=80)
    framed = cv2.copyMakeBorder(page, 70, 70, 70, 70, cv2.BORDER_CONSTANT, value=(5.0,))
    ink = find_ink(np.asarray(framed, np.uint8))
    for side in (ink[:72], ink[-72:], ink[:, :72], ink[:, -72:]):
        assert not side.any()
    assert ink.any()


def test_large_stroke_at_the_edge_is_dropped_and_a_letter_there_is_kept() -> None:
    page = np.full((500, 400), 230, np.uint8)
    page[100:300, 0:4] = 20
    page[100:120, 388:400] = 20
    ink = find_ink(page)
    assert not ink[100:300, :10].any()
    assert ink[100:120, 388:].any()


def test_rules_go_and_letters_stay() -> None:
    ink = np.zeros((300, 300), np.uint8)
    ink[100:102, 20:280] = 1
    ink[20:280, 200:202] = 1
    ink[60:80, 60:75] = 1
    letters = without_rules(ink)
    assert not letters[101, 90:180].any()
    assert not letters[150:270, 201].any()
    assert letters[60:80, 60:75].all()


def test_upright_rules_are_thin_and_tall() -> None:
    ink = np.zeros((300, 300), np.uint8)
    ink[20:280, 200:202] = 1
    ink[20:280, 20:60] = 1
    ink[100:150, 120:122] = 1
    rules = upright_rules(ink)
    assert rules[30:270, 200].all()
    assert not rules[:, :150].any()
