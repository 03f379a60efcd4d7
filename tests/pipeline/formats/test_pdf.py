"""PDFs of scans: the picture as it was, every word once, on its place."""

import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.document import Document, Page, Record, bounding_box
from pipeline.failures import Unwritable
from pipeline.formats import pdf
from pipeline.formats.pdf_text import plain
from pipeline.reading import failed_page
from tests.pipeline import pdfs, strategies
from tests.pipeline.drawn import save_png
from tests.pipeline.formats.written import rendered
from tests.pipeline.pdfs import document, line, page_of, text, words
from tests.pipeline.test_poppler import NOISE, drawn, scan

if shutil.which("pdftotext") is None:
    pytest.skip("poppler-utils are not installed", allow_module_level=True)

SIZE = (2400, 3000)
NEAR = 3.0
CAPTURED: Any = {"capture_output": True, "check": True}


def save(folder: Path, made: Document) -> Path:
    """Make the PDF, expect that qpdf has nothing to say of it."""
    path = folder / "made.pdf"
    path.write_bytes(pdf.render(made))
    with pikepdf.open(path) as opened:
        assert opened.check_pdf_syntax() == []
    return path


def jpeg(folder: Path, name: str = "a.jpg", size: tuple[int, int] = SIZE, **options: object) -> Path:
    path = folder / name
    Image.linear_gradient("L").resize(size).convert("RGB").save(path, "JPEG", dpi=(300, 300), **options)
    return path


def expect_on_place(path: Path, page: Page, number: int = 1) -> None:
    """Every word of the page once, in order, its box near the word's."""
    ours = [word for line in page.lines for word in line.words]
    found = words(path, number)
    assert [each for each, _ in found] == [word.text for word in ours]
    for (_, box), word in zip(found, ours, strict=True):
        assert np.abs(np.subtract(box, bounding_box(word.polygon))).max() < NEAR, word.text


LINES = (line(["When", "first", "we", "met,"], 300, 400), line(["he", "came"], 300, 520), line(["late."], 340, 640))


def test_words_lie_on_their_places_in_reading_order(tmp_path: Path) -> None:
    page = page_of(jpeg(tmp_path), *LINES)
    expect_on_place(save(tmp_path, document(page)), page)


@pytest.mark.parametrize("slope", [-0.03, -0.01, 0.002, 0.01, 0.03])
def test_words_of_sloped_lines_stay_whole_and_near(tmp_path: Path, slope: float) -> None:
    page = page_of(jpeg(tmp_path), line(["on", "the", "way", "down"], 300, 900, slope))
    found = words(save(tmp_path, document(page)))
    assert [each for each, _ in found] == ["on", "the", "way", "down"]
    for (_, box), word in zip(found, page.lines[0].words, strict=True):
        middle = np.mean(word.polygon, axis=0)
        assert np.abs(np.add(box[:2], box[2:]) / 2 - middle).max() < NEAR
        assert box[2] - box[0] == pytest.approx(np.ptp([x for x, _ in word.polygon]), abs=NEAR)


def test_words_without_a_space_between_them_stay_two(tmp_path: Path) -> None:
    near = [pdfs.word("Northward;", 300, 400, 400), pdfs.word("there", 698, 400, 200)]
    page = page_of(jpeg(tmp_path), replace(LINES[0], words=tuple(near)))
    assert text(save(tmp_path, document(page))) == ["Northward;", "there"]


@pytest.mark.parametrize("turn", [0, 90])
def test_pdfium_and_with_it_chrome_finds_every_word(tmp_path: Path, turn: int) -> None:
    stamp = "BT /F 20 Tf 20 20 Td (stamp) Tj ET"
    source = scan(tmp_path / "a.pdf", (288, 192), Rotate=turn, extra=stamp)
    size = {"width": 800, "height": 1200} if turn else {"width": 1200, "height": 800}
    page = page_of(source, line(["I", "am", "a"], 20, 100), line(["word"], 20, 200), rotation=turn, **size)
    with pypdfium2.PdfDocument(save(tmp_path, document(page))) as opened:
        assert opened[0].get_textpage().get_text_bounded().split() == ["I", "am", "a", "word"]


def test_steep_lines_keep_their_slope(tmp_path: Path) -> None:
    page = page_of(jpeg(tmp_path), line(["up"], 300, 900, -0.5))
    with pikepdf.open(save(tmp_path, document(page))) as opened:
        (matrix,) = [operands for operands, name in pikepdf.parse_content_stream(opened.pages[0], "Tm")]
    assert float(matrix[1]) / float(matrix[0]) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("beyond", [0, 90])
def test_pages_of_pdfs_keep_their_rotation_and_have_words_on_the_ink(tmp_path: Path, turn: int, beyond: int) -> None:
    source = scan(tmp_path / "a.pdf", (144, 96), CropBox=[10, 20, 130, 80], Rotate=turn)
    seen = (turn + beyond) % 360
    width, height = (250, 500) if seen % 180 else (500, 250)
    page = page_of(source, line(["ab", "cd"], 20, 100), width=width, height=height, rotation=seen)
    made = save(tmp_path, document(page))
    assert np.array_equal(pdfs.picture(made), pdfs.picture(source))
    with pikepdf.open(made) as opened:
        assert int(opened.pages[0].get("/Rotate", 0)) == turn
        opened.pages[0].Rotate = seen
        opened.save(tmp_path / "upright.pdf")
    expect_on_place(tmp_path / "upright.pdf", page)


def test_the_text_that_others_read_gives_way(tmp_path: Path) -> None:
    hidden = "BT /F 9 Tf 3 Tr 10 10 Td (old words) Tj ET"
    source = scan(tmp_path / "a.pdf", (144, 96), extra=hidden)
    assert text(source) == ["old", "words"]
    page = page_of(source, line(["new"], 20, 100), width=600, height=400)
    made = save(tmp_path, document(page))
    assert text(made) == ["new"]
    assert np.array_equal(pdfs.picture(made), pdfs.picture(source))


def test_a_blank_page_loses_what_others_read_and_keeps_what_is_seen(tmp_path: Path) -> None:
    source = scan(tmp_path / "a.pdf", (144, 96), extra="BT /F 9 Tf 3 Tr (old) Tj ET BT 0 Tr 30 30 Td (stamp) Tj ET")
    assert text(save(tmp_path, document(page_of(source, width=600, height=400, status="blank")))) == ["stamp"]


def test_visible_text_that_was_read_again_is_found_once(tmp_path: Path) -> None:
    source = scan(tmp_path / "a.pdf", (288, 192), extra="BT /F 20 Tf 20 20 Td (stamp) Tj ET")
    page = page_of(source, line(["stamp"], 83, 716), width=1200, height=800)
    made = save(tmp_path, document(page))
    assert text(made) == ["stamp"]
    assert np.array_equal(pdfs.picture(made), pdfs.picture(source))


def test_pages_whose_text_was_taken_from_them_get_no_other(tmp_path: Path) -> None:
    source = scan(tmp_path / "a.pdf", (288, 192), extra="BT /F 20 Tf 20 20 Td (digital) Tj ET")
    page = page_of(source, line(["digital"], 83, 716), width=1200, height=800, origin="pdf")
    assert text(save(tmp_path, document(page))) == ["digital"]


@pytest.mark.parametrize("left", ["q q", "Q Q"])
def test_content_that_leaves_its_state_behind_does_not_move_our_words(tmp_path: Path, left: str) -> None:
    source = scan(tmp_path / "a.pdf", (144, 96), extra=f"{left} 2 0 0 2 9 9 cm")
    page = page_of(source, line(["here"], 20, 100), width=600, height=400)
    expect_on_place(save(tmp_path, document(page)), page)


HOSTILE = {
    "controls": ("a\x00b\x1f\x7f", ["ab"]),
    "directions": ("\u202eabc\u202c", ["abc"]),
    "astral": ("\U0001f58b\U0002070e", ["\U0001f58b\U0002070e"]),
    "combined": ("a\u0323\u0302x", None),
    "hebrew": ("\u05e9\u05dc\u05d5\u05dd", ["\u05e9\u05dc\u05d5\u05dd"]),
    "operators": (")Tj<</(\\", [")Tj<</(\\"]),
    "nothing": ("\x00", []),
    "long": ("x" * 10_000, ["x" * 10_000]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_comes_out_harmless(tmp_path: Path, name: str) -> None:
    given_text, expected = HOSTILE[name]
    page = page_of(jpeg(tmp_path), replace(LINES[0], words=(pdfs.word(given_text, 300, 400, 900),)))
    found = text(save(tmp_path, document(page)))
    assert found == expected if expected is not None else sorted("".join(found)) == sorted(given_text)


def test_a_line_without_words_has_its_text_over_its_polygon(tmp_path: Path) -> None:
    page = page_of(jpeg(tmp_path), replace(LINES[0], words=()))
    found = words(save(tmp_path, document(page)))
    assert [each for each, _ in found] == ["When", "first", "we", "met,"]
    left, top, right, bottom = bounding_box(LINES[0].polygon)
    assert found[0][1][:2] == pytest.approx((left, top), abs=NEAR)
    assert found[-1][1][2:] == pytest.approx((right, bottom), abs=NEAR)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_document_becomes_a_sound_pdf_with_all_its_text(tmp_path: Path, data: st.DataObject) -> None:
    source = str(save_png(tmp_path / "a.png"))
    made = data.draw(strategies.documents().filter(lambda made: bool(made.pages)))
    pages = tuple(
        replace(page, source=source, source_sha256="", status="read", origin="read", number=number)
        for number, page in enumerate(made.pages[:1], 1)
    )
    path = save(tmp_path, replace(made, pages=pages))
    spoken = Counter(letter for page in pages for each in page.lines for letter in plain(each.text) if letter != " ")
    with pikepdf.open(path) as opened:
        shown = Counter(letter for page in opened.pages for letter in spelled(page) if letter != " ")
    assert shown == spoken


def spelled(page: pikepdf.Page) -> str:
    """What the text layer says by its font's ToUnicode map."""
    if "/Font" not in page.resources:
        return ""
    rows = page.resources.Font["/Inkbeam"].ToUnicode.read_bytes().decode().splitlines()
    pairs = (row[1:-1].split("> <") for row in rows if "> <" in row and row != "<0000> <ffff>")
    meaning = {int(code, 16): bytes.fromhex(utf16).decode("utf-16-be") for code, utf16 in pairs}
    strings = (bytes(operands[0]) for operands, _ in pikepdf.parse_content_stream(page, "Tj"))
    return "".join(
        meaning[int.from_bytes(code)] for each in strings for code in zip(each[::2], each[1::2], strict=True)
    )


def test_the_same_document_gives_the_same_bytes(tmp_path: Path) -> None:
    made = document(page_of(jpeg(tmp_path), *LINES))
    assert pdf.render(made) == pdf.render(made)


def test_documents_of_several_files_are_one_pdf_in_order(tmp_path: Path) -> None:
    first = tmp_path / "b.tif"
    frames = [Image.fromarray(np.full((40 + 10 * n, 60), 60 * n, np.uint8)) for n in range(3)]
    frames[0].save(first, save_all=True, append_images=frames[1:])
    second = scan(tmp_path / "a.pdf", (144, 96))
    pages = [page_of(first, width=60, height=40 + 10 * n, number=n + 1) for n in range(3)]
    made = save(tmp_path, document(*pages, page_of(second, width=600, height=400, number=4)))
    found = [pdfs.picture(made, n) for n in range(1, 5)]
    assert [each.shape for each in found] == [(40, 60), (50, 60), (60, 60), NOISE.shape]
    assert [int(each[5, 5]) for each in found[:3]] == [0, 60, 120]


def test_pages_that_failed_have_their_picture_or_are_empty(tmp_path: Path) -> None:
    good, broken, gone = jpeg(tmp_path, "c.jpg"), tmp_path / "b.jpg", tmp_path / "gone.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    failed = [failed_page(number, str(path), "", "b", "r") for number, path in enumerate((good, broken, gone), 2)]
    made = save(tmp_path, document(page_of(jpeg(tmp_path), *LINES), *failed))
    with pikepdf.open(made) as opened:
        assert ["/XObject" in page.resources for page in opened.pages] == [True, True, False, False]
    assert [text(made, number) for number in (2, 3, 4)] == [[], [], []]
    assert list(rendered(document(*failed), ("pdf",))) == []


def test_sources_that_are_gone_or_others_now_are_named(tmp_path: Path) -> None:
    page = page_of(jpeg(tmp_path), *LINES)
    with pytest.raises(Unwritable, match=r"a\.jpg: is not the file any more that was read"):
        pdf.render(document(replace(page, source_sha256="0" * 64)))
    with pytest.raises(Unwritable, match=r"gone\.jpg: No such file"):
        pdf.render(document(replace(page, source=str(tmp_path / "gone.jpg"))))


def test_pdfs_that_cannot_be_taken_apart_are_named(tmp_path: Path) -> None:
    source = tmp_path / "a.pdf"
    source.write_bytes(b"%PDF-1.4\nnothing\n%%EOF\n")
    with pytest.raises(Unwritable, match=r"a\.pdf: "):
        pdf.render(document(page_of(source, width=10, height=10)))
    with pytest.raises(Unwritable, match=r"b\.pdf, page 1: "):
        pdf.render(document(page_of(drawn_badly(tmp_path / "b.pdf"), *LINES, width=10, height=10)))


def drawn_badly(path: Path) -> Path:
    """A page whose content has a matrix of one number."""
    with pikepdf.open(drawn(path, (72, 72)), allow_overwriting_input=True) as opened:
        opened.pages[0].Contents = opened.make_stream(b"7 cm")
        opened.save()
    return path


def test_names_that_are_not_utf8_are_found(tmp_path: Path) -> None:
    strange = jpeg(tmp_path).rename(tmp_path / "caf\udce9.jpg")
    page = page_of(strange, *LINES)
    assert len(words(save(tmp_path, document(replace(page, source=str(tmp_path / "caf%E9.jpg")))))) == 7


PEAK = """
import resource, sys
from pathlib import Path
from pipeline.formats import pdf
from tests.pipeline.pdfs import document, page_of
pdf.render(document(*(page_of(Path(sys.argv[1]), number=number) for number in range(1, int(sys.argv[2]) + 1))))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_many_pages_are_never_decoded_all_at_once(tmp_path: Path) -> None:
    frames = [Image.new("L", (1500, 1500), shade) for shade in range(24)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    few, many = (
        int(subprocess.run([sys.executable, "-c", PEAK, tmp_path / "a.tif", count], **CAPTURED).stdout)
        for count in ("4", "24")
    )
    assert many - few < 20  # MB; decoded the further pages would be 45


def test_title_and_record_are_told(tmp_path: Path) -> None:
    page = page_of(jpeg(tmp_path), *LINES, language="fra")
    record = Record(shelfmark="Ms. 7", title="Lettres\x07", date="um 1850", rights="CC0", further=(("Ort", "Trier"),))
    with pikepdf.open(save(tmp_path, replace(document(page), record=record))) as opened:
        assert (str(opened.docinfo.Title), str(opened.Root.Lang)) == ("Lettres\ufffd", "fr")
        with opened.open_metadata() as xmp:
            assert [xmp[f"dc:{key}"] for key in ("identifier", "coverage", "description")] == [
                "Ms. 7",
                "um 1850",
                "Ort: Trier",
            ]
            assert xmp["dc:language"] == {"fr"}
    with pikepdf.open(save(tmp_path, document(page))) as opened:
        assert str(opened.docinfo.Title) == "a.jpg"
