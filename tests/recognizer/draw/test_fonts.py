from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont

from recognizer.draw.fonts import Font, Fonts, NoFonts
from tests.recognizer.draw.made import ROMAN, SANS, SERIF, fonts


def test_fonts_are_found_by_family_in_all_folders(tmp_path: Path) -> None:
    fonts(tmp_path / "a", SANS, ROMAN)
    fonts(tmp_path / "b" / "c", SERIF)
    (tmp_path / "LICENSE.txt").write_text("free", encoding="utf-8")
    assert list(Fonts.find(tmp_path).families) == ["DejaVu Sans", "DejaVu Serif", "cmr10"]


def test_fonts_of_signs_are_passed_over(tmp_path: Path) -> None:
    fonts(tmp_path, SANS, "STIXSizOneSymReg.ttf", "STIXNonUni.ttf")
    assert list(Fonts.find(tmp_path).families) == ["DejaVu Sans"]


def test_of_a_font_in_two_forms_one_is_taken(tmp_path: Path) -> None:
    fonts(tmp_path, ROMAN)
    packed = TTFont(tmp_path / ROMAN)
    packed.flavor = "woff"
    packed.save(tmp_path / "cmr10.woff")
    ((font,),) = Fonts.find(tmp_path).families.values()
    again = Font.load(tmp_path / "cmr10.woff")
    assert font.path.suffix == ".ttf"
    assert font.sized(128).length("fly") == again.sized(128).length("fly")


def test_what_a_font_lacks_is_known_and_never_drawn_as_a_box(tmp_path: Path) -> None:
    sans, roman = (Font.load(fonts(tmp_path, name) / name) for name in (SANS, ROMAN))
    assert all(map(sans.has, "a é W ,-'?ſ—“"))
    assert [character for character in "aé漢" if not roman.has(character)] == ["é", "漢"]
    assert not sans.has("漢")
    assert roman.has(" ")


def test_a_text_is_drawn_in_a_font_that_has_all_of_it(tmp_path: Path) -> None:
    both = Fonts.find(fonts(tmp_path, SANS, ROMAN))
    rng = np.random.default_rng(1)

    def drawn(text: str) -> set[str]:
        return {font.family for font in (both.fitting(text, rng) for _ in range(20)) if font}

    assert drawn("abc") == {"DejaVu Sans", "cmr10"}
    assert drawn("été") == {"DejaVu Sans"}
    assert drawn("漢") == set()
    assert both.lacking("aé漢Ω") == {"漢"}


@pytest.mark.parametrize("name", [SANS, SERIF, ROMAN])
def test_letters_fill_the_band(tmp_path: Path, name: str) -> None:
    face = Font.load(fonts(tmp_path, name) / name).sized(128)
    assert face.above + face.below == pytest.approx(128)
    cover = face.drawn({(10.0, 100.0): "dlhbgpqy"}, (200, round(face.length("dlhbgpqy")) + 20))
    inked = np.flatnonzero(cover.max(1) > 0.5)
    assert 122 <= len(inked) <= 134
    assert inked[0] == pytest.approx(100 - face.above, abs=3)
    assert 0 <= cover.min() < cover.max() <= 1


def test_letters_stand_closer_where_they_fit_together(tmp_path: Path) -> None:
    face = Font.load(fonts(tmp_path, SANS) / SANS).sized(128)
    assert face.length("AV") < face.length("A") + face.length("V")


def test_a_folder_without_fonts_and_a_file_that_is_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoFonts, match=r"no font with Latin letters there; put files \*\.ttf, .*\*\.woff2 into it"):
        Fonts.find(tmp_path)
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    with pytest.raises(NoFonts, match=r"broken\.ttf: .*take it out of the folder"):
        Fonts.find(tmp_path)
