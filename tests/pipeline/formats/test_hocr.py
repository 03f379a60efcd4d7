import io
import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hocr_tools_lib.tools.hocr_check import Checker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.document import Line, Page, Region, Status, Word, bounding_box
from pipeline.formats import hocr
from tests.pipeline.strategies import HEIGHT, WIDTH, pages, texts

XHTML = "{http://www.w3.org/1999/xhtml}"
Box = tuple[int, int, int, int]


def box(left: float, top: float, right: float, bottom: float) -> tuple[tuple[float, float], ...]:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def line(top: float, *words: str, region: int = 0, paragraph: int = 0) -> Line:
    """A line of words of 80 pixels, 20 apart, from x = 100, 30 pixels high."""
    made = tuple(Word(word, 0.9, box(100 + 100 * i, top, 180 + 100 * i, top + 30)) for i, word in enumerate(words))
    right = 80.0 + 100 * len(words)
    baseline = ((100.0, top + 24), (right, top + 24))
    return Line(" ".join(words), 0.875, baseline, box(100, top, right, top + 30), made, region, paragraph, "fr")


PAGE = Page(
    number=3,
    source='scans/l"été; 100%.pdf',
    source_sha256="0" * 64,
    width=1000,
    height=1400,
    dpi=299.6,
    rotation=0,
    skew_degrees=0.0,
    status="read",
    lines=(
        line(100, "Cher", "ami,"),
        line(150, "je", "<vous>", "&", "moi", paragraph=1),
        line(400, "fin", region=1, paragraph=2),
    ),
    regions=(Region("column", box(90, 90, 600, 200)), Region("column", box(90, 390, 600, 450))),
    bundle="b",
    revision="r",
    language="fr",
)


def elements(content: bytes, name: str) -> list[etree._Element]:
    return [found for found in etree.fromstring(content).iter() if found.get("class") == name]


def properties(element: etree._Element) -> dict[str, str]:
    """As hocr-tools read a title: split at every semicolon, then at the first white space."""
    return dict(part.split(None, 1) for part in element.get("title", "").split(";"))


def read_box(element: etree._Element) -> Box:
    x0, y0, x1, y1 = map(int, properties(element)["bbox"].split())
    return x0, y0, x1, y1


def within(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def hocr_elements(content: bytes) -> Iterator[etree._Element]:
    return (found for found in etree.fromstring(content).iter() if found.get("class"))


# The grammar of the specification, section "The properties of hOCR": floats have no exponent and no leading dot.
UINT, INT, FLOAT = r"\d+", r"-?\d+", r"-?\d+(\.\d+)?"
GRAMMAR = {
    "bbox": rf"{UINT} {UINT} {UINT} {UINT}",
    "image": r'"[^";]*"',
    "ppageno": UINT,
    "scan_res": f"{UINT} {UINT}",
    "x_scanres": UINT,
    "baseline": f"{FLOAT} {INT}",
    "textangle": FLOAT,
    "x_size": FLOAT,
    "x_wconf": FLOAT,
    "x_status": "doubtful",
}
ALLOWED = {
    "ocr_page": {"image", "bbox", "ppageno", "scan_res", "x_scanres", "x_status"},
    "ocr_carea": {"bbox"},
    "ocr_par": {"bbox"},
    "ocr_line": {"bbox", "baseline", "textangle", "x_size", "x_wconf"},
    "ocrx_word": {"bbox", "x_wconf"},
}
PARENTS = {"ocr_carea": "ocr_page", "ocr_par": "ocr_carea", "ocr_line": "ocr_par", "ocrx_word": "ocr_line"}


@settings(max_examples=50, deadline=None)
@given(pages(), texts)
def test_every_page_keeps_to_the_specification(page: Page, document_id: str) -> None:
    content = hocr.render(document_id, page)
    root = etree.fromstring(content)
    metas = {meta.get("name"): meta.get("content", "") for meta in root.iter(f"{XHTML}meta")}
    capabilities = metas["ocr-capabilities"].split()
    assert re.fullmatch(r"inkbeam \S+", metas["ocr-system"])
    assert len(elements(content, "ocr_page")) == 1
    identifiers = [found.get("id") for found in hocr_elements(content)]
    assert len(set(identifiers)) == len(identifiers)
    for found in hocr_elements(content):
        name = found.get("class", "")
        assert name in capabilities
        assert set(properties(found)) <= ALLOWED[name]
        for key, value in properties(found).items():
            assert re.fullmatch(GRAMMAR[key], value), (key, value)
        assert found.get("lang") == found.get("{http://www.w3.org/XML/1998/namespace}lang")


@settings(max_examples=50, deadline=None)
@given(pages())
def test_boxes_are_whole_not_empty_and_nest_as_the_elements_do(page: Page) -> None:
    content = hocr.render("a", page)
    assert read_box(elements(content, "ocr_page")[0]) == (0, 0, WIDTH, HEIGHT)
    for found in hocr_elements(content):
        x0, y0, x1, y1 = read_box(found)
        assert x0 < x1
        assert y0 < y1
        if name := PARENTS.get(found.get("class", "")):
            parent = found.getparent()
            assert parent is not None
            assert parent.get("class") == name
            assert within((x0, y0, x1, y1), read_box(parent))


@settings(max_examples=50, deadline=None)
@given(pages())
def test_what_is_written_is_read(page: Page) -> None:
    content = hocr.render("a", page)
    found = hocr.parse(content)
    assert (found.number, found.width, found.height) == (page.number, page.width, page.height)
    assert found.language == page.language
    assert found.dpi == pytest.approx(page.dpi, abs=0.5) or page.dpi < 1
    boxes = [read_box(element) for element in elements(content, "ocrx_word")]
    assert [bounding_box(word.polygon) for own in found.lines for word in own.words] == boxes
    for own, original in zip(found.lines, page.lines, strict=True):
        assert own.text == " ".join(clean(word.text) for word in original.words)
        assert own.language == original.language
        assert own.confidence == pytest.approx(original.confidence, abs=0.005)
        for word, written in zip(own.words, original.words, strict=True):
            assert word.text == clean(written.text)
            assert word.confidence == pytest.approx(written.confidence, abs=0.005)
            assert_close_to_page(word, written)


def clean(text: str) -> str:
    return re.sub("[\ufffe\uffff]", "\ufffd", text)


def assert_close_to_page(word: Word, written: Word) -> None:
    """The read box is the written one to a pixel, but for what lies outside the page."""
    limits = (WIDTH, HEIGHT, WIDTH, HEIGHT)
    for value, original, limit in zip(bounding_box(word.polygon), bounding_box(written.polygon), limits, strict=True):
        assert abs(value - min(max(original, 0), limit)) <= 1


@settings(max_examples=100, deadline=None)
@given(pages())
def test_straight_baselines_are_kept_within_a_pixel(page: Page) -> None:
    for own, original in zip(hocr.parse(hocr.render("a", page)).lines, page.lines, strict=True):
        (x0, y0), (x1, y1) = own.baseline
        for x, y in original.baseline:
            assert abs(y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y) < 1 or x1 - x0 < x - x0 or x < x0


@settings(max_examples=30, deadline=None)
@given(pages())
def test_writing_what_was_read_gives_the_same_page_again(page: Page) -> None:
    once = hocr.parse(hocr.render("a", page))
    twice = hocr.parse(hocr.render("a", once))
    assert [own.words for own in twice.lines] == [own.words for own in once.lines]
    assert [own.polygon for own in twice.lines] == [own.polygon for own in once.lines]


def test_a_known_page() -> None:
    content = hocr.render("letters-01234567", PAGE)
    (page,) = elements(content, "ocr_page")
    assert properties(page) == {
        "image": '"scans/l%22été%3B 100%25.pdf"',
        "bbox": "0 0 1000 1400",
        "ppageno": "2",
        "scan_res": "300 300",
        "x_scanres": "300",
    }
    assert page.get("lang") == "fr"
    first, second, third = elements(content, "ocr_line")
    assert first.get("title") == "bbox 100 100 280 130; baseline 0.00000 -6; x_size 30; x_wconf 88"
    assert (first.get("id"), third.get("id")) == ("line_3_1", "line_3_3")
    assert [word.get("title") for word in second] == [
        f"bbox {100 + 100 * i} 150 {180 + 100 * i} 180; x_wconf 90" for i in range(4)
    ]
    assert "".join(map(str, second.itertext())) == "je <vous> & moi"
    assert [read_box(area) for area in elements(content, "ocr_carea")] == [(100, 100, 480, 180), (100, 400, 180, 430)]
    assert len(elements(content, "ocr_par")) == 3
    head = content.partition(b"<body>")[0].decode()
    assert "<title>letters-01234567, page 3</title>" in head
    assert '<meta name="ocr-langs" content="fr"/>' in head


def test_a_known_page_is_read() -> None:
    found = hocr.parse(hocr.render("letters-01234567", PAGE))
    assert (found.source, found.number, found.dpi) == (PAGE.source, 3, 300.0)
    assert [own.text for own in found.lines] == [own.text for own in PAGE.lines]
    assert [own.words for own in found.lines] == [
        tuple(replace(word, confidence=found.lines[0].words[0].confidence) for word in own.words) for own in PAGE.lines
    ]
    assert [own.baseline for own in found.lines] == [own.baseline for own in PAGE.lines]
    assert [(own.region, own.paragraph) for own in found.lines] == [(0, 0), (0, 1), (1, 2)]
    assert [bounding_box(region.polygon) for region in found.regions] == [(100, 100, 480, 180), (100, 400, 180, 430)]


def complaints(content: bytes, capsys: pytest.CaptureFixture[str], no_overlap: bool = False) -> list[str]:
    """What hocr-check says against a file."""
    Checker(io.StringIO(content.decode().partition("?>")[2]), no_overlap).check()
    return [told for told in capsys.readouterr().err.splitlines() if not told.startswith("ok ")]


def test_hocr_check_accepts_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaints(hocr.render("letters-01234567", PAGE), capsys) == []
    assert complaints(b"<?xml?><html/>", capsys) != []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=pages())
def test_hocr_check_accepts_the_structure_of_every_page(capsys: pytest.CaptureFixture[str], made: Page) -> None:
    """Its other check, that hardly any boxes overlap, is one of layouts: those of sloping lines do."""
    assert complaints(hocr.render("a", made), capsys, no_overlap=True) == []


def test_what_hocr_pdf_and_ocrmypdf_look_for_is_there() -> None:
    read = ElementTree.fromstring(hocr.render("letters-01234567", PAGE).decode().partition("?>")[2])
    assert read.tag == f"{XHTML}html"
    lines = read.findall(f".//{XHTML}div[@class='ocr_page']//{XHTML}p[@class='ocr_par']/{XHTML}span[@class='ocr_line']")
    assert len(lines) == 3
    for found_line in lines:
        assert re.search(r"bbox((\s+\d+){4})", found_line.attrib["title"])
        assert re.search(r"baseline((\s+[\d\.\-]+){2})", found_line.attrib["title"])
        assert re.search(r"baseline \s+ ([\-\+]?\d*\.?\d*) \s+ ([\-\+]?\d+)", found_line.attrib["title"], re.VERBOSE)
        assert all(word.text and word.attrib["class"] == "ocrx_word" for word in found_line)


def test_the_baseline_crosses_the_left_edge_of_the_box_at_its_offset() -> None:
    """The example of the specification: bbox 105 66 823 113 and baseline 0.015 -18."""
    own = replace(line(66), polygon=box(105, 66, 823, 113), baseline=((105.0, 95.0), (823.0, 105.77)))
    (found,) = elements(hocr.render("a", replace(PAGE, lines=(own,))), "ocr_line")
    assert properties(found)["bbox"] == "105 66 823 113"
    assert properties(found)["baseline"] == "0.01500 -18"


def test_the_height_of_a_skewed_line_is_not_that_of_its_box() -> None:
    polygon = ((100.0, 100.0), (900.0, 200.0), (900.0, 240.0), (100.0, 140.0))
    own = replace(line(100), polygon=polygon, baseline=((100.0, 130.0), (900.0, 230.0)))
    (found,) = elements(hocr.render("a", replace(PAGE, lines=(own,))), "ocr_line")
    assert properties(found)["bbox"] == "100 100 900 240"
    assert properties(found)["x_size"] == "40"


@pytest.mark.parametrize(("start", "end", "angle"), [(900.0, 100.0, "90.00"), (100.0, 900.0, "-90.00")])
def test_a_line_up_or_down_the_page_has_an_angle(start: float, end: float, angle: str) -> None:
    own = replace(line(100), polygon=box(40, 100, 80, 900), baseline=((60.0, start), (60.0, end)))
    content = hocr.render("a", replace(PAGE, lines=(own,)))
    (found,) = elements(content, "ocr_line")
    assert properties(found)["textangle"] == angle
    assert "baseline" not in properties(found)
    assert hocr.parse(content).lines[0].baseline == own.baseline


def test_boxes_outside_the_page_come_to_its_edge() -> None:
    shapes = [box(-50, -9, -40, -3), box(990, 1390, 1200, 1500), box(1100, 5, 1200, 9), box(7.2, 8.9, 7.2, 8.9)]
    own = replace(line(100), words=tuple(Word("x", 1.0, shape) for shape in shapes))
    content = hocr.render("a", replace(PAGE, lines=(own,)))
    assert [read_box(word) for word in elements(content, "ocrx_word")] == [
        (0, 0, 1, 1),
        (990, 1390, 1000, 1400),
        (999, 5, 1000, 9),
        (7, 8, 8, 9),
    ]


def test_a_line_without_words_keeps_its_text() -> None:
    own = replace(line(100), text="no words")
    found = hocr.parse(hocr.render("a", replace(PAGE, lines=(own,)))).lines[0]
    assert (found.text, found.words) == ("no words", ())


@given(st.text())
def test_characters_that_xml_forbids_are_replaced(text: str) -> None:
    page = replace(PAGE, lines=(replace(line(100, text or "x"), language=text or None),), source=text, language=text)
    content = hocr.render(text, page)
    assert etree.fromstring(content) is not None
    assert hocr.parse(content).source == re.sub("[\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


@pytest.mark.parametrize("status", ["blank", "failed"])
def test_a_page_without_lines(status: Status) -> None:
    page = replace(PAGE, lines=(), width=0, height=0, dpi=0.0, language=None, status=status)
    content = hocr.render("a", page)
    (found,) = elements(content, "ocr_page")
    assert properties(found)["bbox"] == "0 0 1 1"
    assert "scan_res" not in properties(found)
    assert "ocr-langs" not in content.decode()
    assert (hocr.parse(content).status, hocr.parse(content).lines) == ("blank", ())


def test_doubtful_pages_are_marked() -> None:
    content = hocr.render("a", replace(PAGE, status="doubtful"))
    assert properties(elements(content, "ocr_page")[0])["x_status"] == "doubtful"
    assert hocr.parse(content) == replace(hocr.parse(hocr.render("a", PAGE)), status="doubtful")


def test_the_same_page_gives_the_same_bytes() -> None:
    assert hocr.render("a", PAGE) == hocr.render("a", replace(PAGE))


TESSERACT = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en"><head><title></title></head><body>
<div class='ocr_page' id='page_1' title='image "a;b.png"; bbox 0 0 640 480; ppageno 0; scan_res 70 70'>
 <div class='ocr_carea' id='block_1_1' title="bbox 36 92 618 361">
  <p class='ocr_par' id='par_1_1' lang='deu' title="bbox 36 92 618 361">
   <span class='ocr_header' id='line_1_1' title="bbox 36 92 580 122; baseline -0.01 -7; x_size 31; x_descenders 6">
    <span class='ocrx_word' id='word_1_1' title='bbox 36 92 96 116; x_wconf 96'><strong>This</strong></span>
    <span class='ocrx_word' id='word_1_2' title='bbox 109 92 129 116; x_wconf 90'>&uuml;ber</span>
   </span></p></div></div></body></html>"""


def test_what_tesseract_writes_is_read() -> None:
    page = hocr.parse(TESSERACT)
    assert (page.source, page.width, page.height, page.dpi, page.language) == ("a;b.png", 640, 480, 70.0, None)
    (own,) = page.lines
    assert (own.text, own.language) == ("This über", "deu")
    assert own.confidence == pytest.approx(0.93)
    assert own.baseline == ((36.0, 115.0), (580.0, 109.5))


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.4", b"<html/>", b"\x00", b"<div class='ocr_page'>", b"<div class='ocr_page' title='bbox 1 2'>"],
)
def test_what_is_not_hocr_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not hOCR: "):
        hocr.parse(content)
