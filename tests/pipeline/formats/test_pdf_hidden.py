"""Text that nobody sees is found wherever it stands, and taken out without a change of the picture."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name

from pipeline.formats.pdf_hidden import find_hidden, take_out
from tests.pipeline import pdfs
from tests.pipeline.test_poppler import NOISE, add_page, image

if shutil.which("pdftotext") is None:
    pytest.skip("poppler-utils are not installed", allow_module_level=True)

SIZE = (200, 100)
PICTURE = "q 200 0 0 100 0 0 cm /I Do Q"
TOP = "BT /F 9 Tf 10 80 Td (top) Tj ET"
OLD = "BT /F 9 Tf 3 Tr 10 10 Td (old) Tj [(er) 5 (s)] TJ ET"


def form(pdf: pikepdf.Pdf, content: str, **entries: Any) -> pikepdf.Object:
    kind = {"Type": Name.XObject, "Subtype": Name.Form, "BBox": Array([0, 0, 200, 100])}
    return pdf.make_stream(content.encode(), **kind, **entries)


def page(content: str, forms: dict[str, tuple[str, dict[str, Any]]] | None = None, **of_image: Any) -> pikepdf.Pdf:
    """A PDF of one page with an image /I and these forms, of which the later ones may draw the earlier."""
    pdf = pikepdf.new()
    drawn: dict[str, Any] = {"/I": image(pdf, NOISE, **of_image)}
    add_page(pdf, SIZE, content, drawn)
    resources = pdf.pages[0].Resources
    for name, (inner, entries) in (forms or {}).items():
        resources.XObject[name] = form(pdf, inner, **entries)
    return pdf


def cleaned(pdf: pikepdf.Pdf, folder: Path) -> tuple[list[bool], list[str]]:
    """What was found hidden, and the words that are left; the picture must be the same."""
    before, after = folder / "before.pdf", folder / "after.pdf"
    pdf.save(before)
    hidden = find_hidden(pdf.pages[0])
    take_out(pdf, pdf.pages[0], hidden)
    pdf.save(after)
    assert np.array_equal(pdfs.picture(before), pdfs.picture(after))
    assert not any(find_hidden(pdf.pages[0]))
    return hidden, pdfs.text(after)


CONTENTS = {
    "invisible": (f"{PICTURE} {OLD} {TOP}", [True, True, True], []),
    "restored": (f"{PICTURE} q {OLD} Q {TOP}", [True, True, False], ["top"]),
    "painted over": (f"{TOP} {PICTURE}", [True], []),
    "painted over in part": (f"{TOP} q 100 0 0 100 0 0 cm /I Do Q", [False], ["top"]),
    "painted over on its side": (f"{TOP} q 0 100 -200 0 200 0 cm /I Do Q", [True], []),
    "all the ways to show": (
        "BT /F 9 Tf 3 Tr 9 TL 10 90 Td (a) ' 0 0 (b) \" ET 0 Tr " + TOP,
        [True, True, False],
        ["top"],
    ),
    "leading to what is seen": ("BT /F 9 Tf 3 Tr 10 90 Td (a) Tj 0 Tr (b) Tj ET", [False, False], ["ab"]),
    "unbalanced": (f"{TOP} q q", [False], ["top"]),
    "none": (PICTURE, [], []),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_hidden_text_is_taken_out(tmp_path: Path, name: str) -> None:
    content, hidden, left = CONTENTS[name]
    assert cleaned(page(content), tmp_path) == (hidden, left)


@pytest.mark.parametrize("entry", ["SMask", "Mask", "ImageMask"])
def test_text_under_pictures_that_let_it_through_is_seen(entry: str) -> None:
    pdf = page(f"{TOP} {PICTURE}")
    drawn = pdf.pages[0].Resources.XObject.I
    drawn[f"/{entry}"] = True if entry == "ImageMask" else image(pdf, NOISE)
    assert find_hidden(pdf.pages[0]) == [False]


@pytest.mark.parametrize("state", [{"ca": 0.5}, {"BM": Name.Multiply}])
def test_text_under_pictures_laid_on_like_glass_is_seen(state: dict[str, Any]) -> None:
    pdf = page(f"{TOP} /G gs {PICTURE}")
    pdf.pages[0].Resources.ExtGState = Dictionary(G=Dictionary(**state))
    assert find_hidden(pdf.pages[0]) == [False]


def test_forms_are_looked_into_at_any_depth(tmp_path: Path) -> None:
    forms: dict[str, tuple[str, dict[str, Any]]] = {"/A": (OLD, {}), "/B": (f"/A Do {TOP}", {})}
    assert cleaned(page(f"{PICTURE} /B Do", forms), tmp_path) == ([True, True, False], ["top"])


def test_forms_inherit_the_state_and_have_their_own_matrix(tmp_path: Path) -> None:
    halved = {"Matrix": Array([0.5, 0, 0, 0.5, 0, 0])}
    assert cleaned(page("3 Tr /A Do", {"/A": (TOP, {})}), tmp_path) == ([True], [])
    assert cleaned(page(f"{TOP} /A Do", {"/A": (PICTURE, halved)}), tmp_path) == ([False], ["top"])
    assert cleaned(page(f"{TOP} /A Do", {"/A": (PICTURE, {})}), tmp_path) == ([True], [])


def test_a_form_that_is_hidden_once_and_seen_once_is_kept_once(tmp_path: Path) -> None:
    pdf = page("q 3 Tr /A Do Q /A Do", {"/A": (TOP, {})})
    shared = pdf.pages[0].Resources.XObject.A
    assert cleaned(pdf, tmp_path) == ([True, False], ["top"])
    assert shared.read_bytes() == TOP.encode()


def test_forms_that_draw_themselves_come_to_an_end() -> None:
    pdf = page("/A Do")
    pdf.pages[0].Resources.XObject.A = form(pdf, f"{TOP} /A Do", Resources=pdf.pages[0].Resources)
    assert len(find_hidden(pdf.pages[0])) <= 20


def test_resources_may_be_missing() -> None:
    pdf = page("/None Do /None gs q")
    pdf.pages[0].Resources = Dictionary()
    assert find_hidden(pdf.pages[0]) == []


PIECES = st.sampled_from([PICTURE, OLD, TOP, "q", "Q", "/A Do", "0 Tr", "3 Tr", "1 0 0 1 3 3 cm"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=8))
def test_whatever_stands_there_the_picture_stays(tmp_path: Path, pieces: list[str]) -> None:
    saved = "q " * pieces.count("Q")  # poppler gives up at a Q without its q
    hidden, left = cleaned(page(saved + " ".join(pieces), {"/A": (f"q {OLD} Q {TOP}", {})}), tmp_path)
    assert len("".join(left).replace("top", "").replace("olders", "")) == 0
    assert bool(left) == (not all(hidden))
