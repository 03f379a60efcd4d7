from pathlib import Path

import numpy as np
import pytest

from recognizer.draw.fonts import Font
from recognizer.draw.script import BAND, ROWS, reduced, script
from recognizer.lines import NARROWEST, Floats
from tests.recognizer.draw.made import ROMAN, SANS, fonts


@pytest.fixture
def sans(tmp_path: Path) -> Font:
    return Font.load(fonts(tmp_path, SANS) / SANS)


def drawn(font: Font, text: str, others: tuple[str, str] = ("", ""), seed: int = 1) -> Floats:
    return script(font, text, others, np.random.default_rng(seed))


def test_a_line_is_as_long_as_its_text_and_has_room_at_its_ends(sans: Font) -> None:
    short, long = drawn(sans, "to"), drawn(sans, "to the house of the rising sun")
    assert short.shape[0] == long.shape[0] == ROWS
    assert long.shape[1] > 5 * short.shape[1]
    for line in (short, long):
        inked = np.flatnonzero(line.max(0))
        assert inked[0] >= 10
        assert line.shape[1] - inked[-1] >= 10


def test_no_letter_is_drawn_like_another(sans: Font) -> None:
    line = drawn(sans, "nn nn nn nn")
    assert not np.array_equal(line, drawn(sans, "nn nn nn nn", seed=2))
    assert np.array_equal(line, drawn(sans, "nn nn nn nn"))


def test_the_band_holds_tall_and_long_letters(sans: Font) -> None:
    for seed in range(8):
        line = reduced(drawn(sans, "dlhbgpqy dlhbgpqy", seed=seed), 1.0)
        rows = np.flatnonzero(line.max(1) > 0.3)
        assert line.shape[0] == 80
        assert 0.75 * BAND < len(rows) < 80


def test_lines_above_and_below_reach_into_the_crop(sans: Font) -> None:
    others = ("gypq gypq gypq", "HHHH HHHH HHHH")
    alone, among = (np.mean([drawn(sans, "mmm mmm", o, seed).sum() for seed in range(8)]) for o in (("", ""), others))
    assert among > 1.02 * alone


def test_what_the_font_lacks_is_left_out_of_lines_beside(tmp_path: Path) -> None:
    roman = Font.load(fonts(tmp_path, ROMAN) / ROMAN)
    for seed in range(4):
        boxes, nothing = drawn(roman, "ab", ("漢漢", "éé"), seed), drawn(roman, "ab", ("", ""), seed)
        assert np.array_equal(boxes, nothing)


def test_a_line_is_stretched_and_never_too_narrow(sans: Font) -> None:
    line = drawn(sans, "abcdef")
    assert reduced(line, 1.5).shape[1] == pytest.approx(1.5 * reduced(line, 1.0).shape[1], abs=1)
    assert reduced(line[:, :4], 0.5).shape == (80, NARROWEST)
