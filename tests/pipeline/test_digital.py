"""Text of digital PDFs: their words, on the ink that poppler draws; and which pages are none."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Array

from pipeline import digital, poppler
from pipeline.failures import PageError
from pipeline.faults import VARIABLE
from pipeline.pdf_places import onto, turned
from pipeline.rendered import DigitalText, Unrenderable
from pipeline.rendering import Renderer
from pipeline.settings import Render
from tests.pipeline.test_poppler import add_page, drawn, scan

if shutil.which("pdftoppm") is None:
    pytest.skip("poppler-utils are not installed", allow_module_level=True)

SAMPLE = Path(__file__).parents[2] / "samples" / "vector-english.pdf"
NEAR = 3
INK = 128
LINES = "BT /F 20 Tf 30 150 Td (Cher ami,) Tj 0 -30 Td (je viens) Tj ET"


def written(path: Path, content: str = LINES, size: tuple[int, int] = (200, 200), **entries: Any) -> Path:
    """A page of text in Helvetica."""
    pdf = pikepdf.new()
    add_page(pdf, size, content, **entries)
    pdf.save(path)
    return path


def read(path: Path, page: int = 1, dpi: int = 300, max_megapixels: int = 300) -> DigitalText | None:
    return digital.read(path, page, dpi, max_megapixels)


def texts(found: DigitalText | None) -> list[str]:
    assert found is not None
    return [" ".join(word.text for word in line.words) for line in found.lines]


def expect_on_ink(path: Path, found: DigitalText | None) -> None:
    """The page has the size it is drawn in; the boxes of its words end where ink does."""
    assert found is not None
    drawing = poppler.render(path, 1, 300, 300)
    assert (found.height, found.width) == drawing.gray.shape
    assert (found.dpi, found.rotation) == (drawing.dpi, drawing.rotation)
    dark = drawing.gray < INK
    for word in (word for line in found.lines for word in line.words):
        left, top, right, bottom = map(round, word.ink)
        rows, columns = np.nonzero(dark[top - NEAR : bottom + NEAR, left - NEAR : right + NEAR])
        edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert np.abs(np.subtract(edges, (NEAR, NEAR, right - left + NEAR, bottom - top + NEAR))).max() <= NEAR, word
        around = dark[top - 5 : bottom + 5, left - 5 : right + 5]
        assert not around[0].any() or not around[-1].any(), word
        assert not around[:, 0].any() or not around[:, -1].any(), word


def turned_sample(path: Path, quarters: int) -> Path:
    """The first page of the sample, stored so that /Rotate puts it upright, and cut a little."""
    with pikepdf.open(SAMPLE) as pdf:
        page = pdf.pages[0]
        left, bottom, right, top = map(float, page.mediabox)
        box = (left, bottom, right, top)
        stored = (0.0, 0.0, box[3], box[2]) if quarters % 2 else box
        matrix = onto(box).inverse() @ turned(-quarters) @ onto(stored)
        page.contents_add(pdf.make_stream(b"q " + matrix.encode() + b" cm"), prepend=True)
        page.contents_add(pdf.make_stream(b"Q"))
        page.MediaBox, page.Rotate = Array(stored), 90 * quarters
        page.CropBox = Array([20, 10, stored[2] - 10, stored[3] - 30])
        del pdf.pages[1:]
        pdf.save(path)
    return path


def test_the_sample_keeps_its_text_to_the_letter() -> None:
    found = [read(SAMPLE, page) for page in (1, 2)]
    assert texts(found[1])[:3] == [
        "Captain Cook’s Journal",
        "Staten Island lies nearest East and",
        "West, and from what I could see and",
    ]
    assert [len(texts(each)) for each in found] == [24, 81]
    assert texts(found[1])[5].endswith("Bays or Har-")


@pytest.mark.parametrize("quarters", range(4))
def test_words_lie_on_their_ink_however_the_page_is_turned_and_cut(tmp_path: Path, quarters: int) -> None:
    path = turned_sample(tmp_path / "a.pdf", quarters)
    found = read(path)
    assert texts(found) == texts(read(SAMPLE))
    expect_on_ink(path, found)


def test_baselines_run_as_the_letters_do(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pdf", "BT /F 20 Tf 0 1 -1 0 100 20 Tm (upright) Tj 1 0 0 1 120 100 Tm (I) Tj ET")
    found = read(path)
    assert found is not None
    (x0, y0), (x1, y1) = found.lines[0].baseline
    assert (x0, y0) == pytest.approx((100 / 72 * 300, 180 / 72 * 300), abs=1)
    assert x1 - x0 == pytest.approx(0, abs=1)
    assert y1 == pytest.approx(found.lines[0].words[0].ink[1], abs=NEAR)
    (x0, y0), (x1, y1) = found.lines[1].baseline
    assert (x1 > x0, y1) == (True, y0)


def test_columns_and_cells_are_lines_of_their_own(tmp_path: Path) -> None:
    content = "BT /F 9 Tf 10 50 Td (left) Tj 100 0 Td (right side) Tj -100 -12 Td (next) Tj ET"
    assert texts(read(written(tmp_path / "a.pdf", content))) == ["left", "right side", "next"]


def test_what_nobody_sees_is_left_out(tmp_path: Path) -> None:
    content = LINES + " BT 3 Tr /F 20 Tf 30 60 Td (hidden) Tj 7 Tr (clip) Tj ET"
    assert texts(read(written(tmp_path / "a.pdf", content))) == ["Cher ami,", "je viens"]


NOT_DIGITAL = {
    "drawing": "0 0 36 36 re f",
    "page number": "BT /F 9 Tf 9 9 Td (12) Tj ET",
    "hidden": f"3 Tr {LINES}",
    "empty": "",
}


@pytest.mark.parametrize("name", NOT_DIGITAL)
def test_pages_that_say_nothing_are_read(tmp_path: Path, name: str) -> None:
    assert read(written(tmp_path / "a.pdf", NOT_DIGITAL[name])) is None


def test_scans_are_read_whatever_text_they_have(tmp_path: Path) -> None:
    hidden = "BT /F 20 Tf 3 Tr 30 30 Td (hidden) Tj ET"
    assert read(scan(tmp_path / "a.pdf", (200, 200), extra=hidden)) is None
    assert read(scan(tmp_path / "a.pdf", (200, 200), extra=LINES)) is None
    part = scan(tmp_path / "a.pdf", (200, 200), place="100 0 0 100 0 0", extra=LINES)
    assert texts(read(part)) == ["Cher ami,", "je viens"]


def with_meanings(path: Path, rows: str) -> Path:
    """The text in a font whose ToUnicode map has these rows."""
    written(path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        codes = "1 begincodespacerange <00> <ff> endcodespacerange"
        cmap = f"/CIDInit /ProcSet findresource begin begincmap {codes} {rows} endcmap"
        pdf.pages[0].Resources.Font.F.ToUnicode = pdf.make_stream(cmap.encode())
        pdf.save()
    return path


@pytest.mark.parametrize("code", ["e000", "fffd", "0001"])
def test_texts_of_unknown_encoding_are_read(tmp_path: Path, code: str) -> None:
    path = with_meanings(tmp_path / "a.pdf", f"1 beginbfrange <21> <7f> [{f'<{code}> ' * 95}] endbfrange")
    assert read(path) is None


def test_letters_that_mean_nothing_are_left_out_of_words(tmp_path: Path) -> None:
    path = with_meanings(tmp_path / "a.pdf", "1 beginbfchar <69> <e000> endbfchar")
    assert texts(read(path)) == ["Cher am,", "je vens"]


def test_letters_beyond_the_basic_plane_and_marks_come_out_composed(tmp_path: Path) -> None:
    path = with_meanings(tmp_path / "a.pdf", "2 beginbfchar <43> <d83dde00> <6a> <00650301> endbfchar")
    assert texts(read(path)) == ["\U0001f600her ami,", "\u00e9e viens"]


def test_pages_that_are_too_large_or_gone(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pdf")
    with pytest.raises(Unrenderable) as caught:
        read(path, dpi=1200, max_megapixels=1)
    assert caught.value.kind == "too-large"
    assert read(path, 2) is None


def test_what_pdfium_does_not_open_is_left_to_poppler(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\nnothing\n%%EOF\n")
    assert read(tmp_path / "a.pdf") is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=40))
def test_damaged_files_give_text_or_none_or_a_reason(tmp_path: Path, place: int, noise: bytes) -> None:
    content = bytearray(written(tmp_path / "a.pdf").read_bytes())
    start = place % len(content)
    content[start : start + len(noise)] = noise
    (tmp_path / "b.pdf").write_bytes(content)
    with suppress(Unrenderable):
        read(tmp_path / "b.pdf")


def test_the_guard_process_answers_for_pdfs_and_images(tmp_path: Path) -> None:
    strange = written(tmp_path / "a.pdf").rename(tmp_path / "caf\udce9.pdf")
    with Renderer(Render()) as renderer:
        assert renderer.text(str(strange), 1) == read(strange)
        assert renderer.text(str(drawn(tmp_path / "b.pdf", (72, 72))), 1) is None
        (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        assert renderer.text(str(tmp_path / "c.png"), 1) is None


@pytest.mark.parametrize(("fault", "kind"), [("crash", "crashed"), ("hang", "timeout"), ("memory", "out-of-memory")])
def test_what_ends_the_library_costs_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, kind: str
) -> None:
    monkeypatch.setenv(VARIABLE, f"text:{fault}:bad")
    good, bad = written(tmp_path / "a.pdf"), written(tmp_path / "bad.pdf")
    with Renderer(Render(timeout_seconds=2)) as renderer:
        with pytest.raises(PageError) as caught:
            renderer.text(str(bad), 1)
        assert (caught.value.stage, caught.value.kind) == ("text", kind)
        assert renderer.text(str(good), 1) is not None
