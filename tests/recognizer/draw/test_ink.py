import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.draw.ink import Ints, contrast, core_rows, density, ink_beside, paper_along, sheared, slant_of
from tests.recognizer.draw.made import CELL, CORE, ROOM, cells


def cut(text: str) -> Ints:
    return ROOM + CELL * np.arange(len(text) + 1)


@given(st.integers(130, 255), st.integers(30, 80))
def test_ink_is_measured_whatever_the_paper(paper: int, ink: int) -> None:
    found = density(cells("on the house", paper, ink))
    assert np.median(found) == pytest.approx(0, abs=0.05)
    assert np.percentile(found, 99) == pytest.approx(1, abs=0.15)


def test_paper_is_followed_along_the_line() -> None:
    image = cells("to the house that jack built").astype(np.float32) - np.linspace(0, 90, 2 * ROOM + CELL * 28)
    paper = paper_along(np.clip(image, 0, 255).astype(np.uint8))
    assert paper[40] - paper[-40] == pytest.approx(80, abs=10)
    assert np.abs(np.diff(paper)).max() < 2


def test_the_faintest_line_has_some_contrast() -> None:
    assert contrast(np.full((80, 100), 200, np.uint8)) == 24
    assert contrast(cells("house")) == pytest.approx(190, abs=5)


@pytest.mark.parametrize("slant", [-0.3, 0.0, 0.4, 0.9])
def test_slant_is_found(slant: float) -> None:
    ink = np.zeros((80, 600), np.float32)
    for column in range(80, 500, 22):
        cv2.line(ink, (column, 20), (column, 60), 1.0, 3)
    assert slant_of(sheared(ink, slant)) == pytest.approx(slant, abs=0.11)


def test_shearing_back_gives_the_line_again() -> None:
    padded = np.pad(density(cells("house")), ((0, 0), (60, 60)))
    ink = np.asarray(cv2.GaussianBlur(padded, (0, 0), 2), np.float32)
    assert np.abs(sheared(sheared(ink, 0.5), -0.5) - ink)[:, 60:-60].mean() < 0.01


def test_the_core_is_what_low_letters_fill() -> None:
    text = "the mere sum of numbers"
    top, bottom = core_rows(density(cells(text)), text, cut(text)) or (0, 0)
    assert top == pytest.approx(37, abs=4)
    assert bottom == pytest.approx(49, abs=4)


@pytest.mark.parametrize("text", ["HIGH", "to", "ABC a b"])
def test_a_core_needs_low_letters(text: str) -> None:
    assert core_rows(density(cells(text)), text, cut(text)) is None


def test_blank_paper_has_no_core() -> None:
    assert core_rows(np.zeros((80, 200), np.float32), "same", np.arange(20, 140, 20)) is None


def test_ink_beside_a_cut_is_seen_where_it_is() -> None:
    ink = np.zeros((80, 100), np.float32)
    ink[38:43, :50] = 1
    found = ink_beside(ink, np.array([0, 30, 50, 80, 100]), CORE)
    assert found.shape == (5, 2, 15)
    assert found[1].sum() == 2
    assert found[1, 0].tolist() == found[1, 1].tolist()
    assert found[2, 0].sum() > 1.5 * found[2, 1].sum()
    assert found[3].max() == 0
