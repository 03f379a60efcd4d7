"""ALTO, PAGE and text as we write them: valid, the same for the same page, and read back without loss of text."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.document import Alternative, Document, Page
from pipeline.formats import alto, page, text
from pipeline.formats.safe_xml import SCHEMA_LOCATION
from pipeline.transcription import TranscribedPage
from tests.pipeline.formats.schemas import schema
from tests.pipeline.formats.test_hocr import PAGE, line
from tests.pipeline.formats.written import rendered
from tests.pipeline.strategies import pages, texts

SCHEMAS = {
    "alto": "alto-4-4.xsd",
    "page": "page-2019-07-15.xsd",
    "alto lines": "alto-4-4.xsd",
    "page lines": "page-2013-07-15.xsd",
}
RENDERERS: dict[str, Callable[[str, Page], bytes]] = {
    "alto": alto.render,
    "page": page.render,
    "alto lines": alto.render_lines,
    "page lines": page.render_lines,
}
READERS: dict[str, Callable[[bytes], TranscribedPage]] = {
    "alto": alto.read,
    "page": page.read,
    "alto lines": alto.read,
    "page lines": page.read,
}
XML = pytest.mark.parametrize("name", SCHEMAS)


def errors(name: str, content: bytes) -> list[str]:
    checked = schema(SCHEMAS[name])
    checked.validate(etree.fromstring(content))
    return [str(error) for error in checked.error_log]


@XML
@settings(max_examples=60, deadline=None)
@given(pages(), texts)
def test_every_page_is_valid(name: str, made: Page, document_id: str) -> None:
    assert errors(name, RENDERERS[name](document_id, made)) == []


@XML
def test_text_geometry_and_order_come_back(name: str) -> None:
    found = READERS[name](RENDERERS[name]("a", PAGE))
    assert (found.image, found.width, found.height) == ('l"\u00e9t\u00e9; 100%.pdf', 1000, 1400)
    assert [each.text for each in found.lines] == [each.text for each in PAGE.lines]
    assert [each.baseline for each in found.lines] == [each.baseline for each in PAGE.lines]
    assert [each.polygon for each in found.lines] == [each.polygon for each in PAGE.lines]
    assert len({each.region for each in found.lines}) == 2
    assert found.skipped == {}


@XML
@settings(max_examples=40, deadline=None)
@given(pages())
def test_no_text_is_lost(name: str, made: Page) -> None:
    found = READERS[name](RENDERERS[name]("a", made))
    kept = len(found.lines) + sum(map(len, found.skipped.values()))
    assert kept == len(made.lines)


@XML
def test_the_same_page_gives_the_same_bytes(name: str) -> None:
    assert RENDERERS[name]("a", PAGE) == RENDERERS[name]("a", PAGE)


@pytest.mark.parametrize("name", ["alto", "page"])
def test_confidences_and_other_readings_are_told(name: str) -> None:
    first, *others = PAGE.lines[0].words
    word = replace(first, alternatives=(Alternative("Chez", 0.25),))
    content = RENDERERS[name]("a", replace(PAGE, lines=(replace(PAGE.lines[0], words=(word, *others)),)))
    assert errors(name, content) == []
    root = etree.fromstring(content)
    if name == "alto":
        string = next(root.iter("{*}String"))
        assert (string.get("CONTENT"), string.get("WC")) == ("Cher", "0.9000")
        assert [other.text for other in root.iter("{*}ALTERNATIVE")] == ["Chez"]
    else:
        equivalents = list(next(root.iter("{*}Word")).iter("{*}TextEquiv"))
        assert [(each.get("index"), each.get("conf")) for each in equivalents] == [("0", "0.9000"), ("1", "0.2500")]
        assert [each.findtext("{*}Unicode") for each in equivalents] == ["Cher", "Chez"]


def test_broken_words_name_the_whole_in_alto() -> None:
    lines = (line(100, "the", "govern-"), line(150, "ment", "of"))
    content = alto.render("a", replace(PAGE, lines=lines))
    assert errors("alto", content) == []
    root = etree.fromstring(content)
    halves = [(string.get("CONTENT"), string.get("SUBS_TYPE")) for string in root.iter("{*}String")]
    assert halves == [("the", None), ("govern", "HypPart1"), ("ment", "HypPart2"), ("of", None)]
    assert {string.get("SUBS_CONTENT") for string in root.iter("{*}String")} == {None, "government"}
    assert [found.text for found in alto.read(content).lines] == ["the govern-", "ment of"]


def test_a_line_without_words_is_one_string() -> None:
    content = alto.render("a", replace(PAGE, lines=(replace(PAGE.lines[0], words=()),)))
    assert errors("alto", content) == []
    assert [string.get("CONTENT") for string in etree.fromstring(content).iter("{*}String")] == ["Cher ami,"]


def test_lines_alone_have_neither_words_nor_cells() -> None:
    lines = (replace(line(100, "the", "govern-"), row=0, column=0), line(150, "ment", "of"))
    made = replace(PAGE, lines=lines, dpi=300.0, language="eng", confidence=0.5, bundle="b", revision="r")
    found = page.parse(page.render_lines("pagecontent/2019-07-15 <!--", made))
    assert [own.text for own in found.lines] == ["the govern-", "ment of"]
    assert not any(own.words or own.row for own in found.lines)
    content = alto.render_lines("a", made)
    assert [string.get("CONTENT") for string in etree.fromstring(content).iter("{*}String")] == [
        "the govern-",
        "ment of",
    ]


@XML
def test_files_name_their_schema(name: str) -> None:
    root = etree.fromstring(RENDERERS[name]("a", PAGE))
    namespace, place = root.get(SCHEMA_LOCATION, "").split()
    assert namespace == etree.QName(root).namespace
    assert place.startswith("http")


def test_languages_are_named_as_page_names_them() -> None:
    french = replace(PAGE, language="fra", lines=(replace(PAGE.lines[0], language="fra"),))
    content = page.render("a", french)
    assert errors("page", content) == []
    assert [found.language for found in page.read(content).lines] == ["French"]
    assert b"primaryLanguage" not in page.render("a", replace(french, language="xyz", lines=()))


def test_all_languages_are_the_schemas() -> None:
    for code in page.LANGUAGES:
        assert errors("page", page.render("a", replace(PAGE, language=code, lines=()))) == []


def test_points_outside_the_page_are_moved_to_its_edge() -> None:
    shifted = replace(PAGE.lines[0], polygon=((-20.0, -3.0), (50.0, -3.0), (50.0, 20.25)))
    content = page.render("a", replace(PAGE, lines=(shifted,)))
    assert errors("page", content) == []
    assert b'points="0,0 50,0 50,20"' in content


def test_text_has_paragraphs_apart() -> None:
    assert text.render("a", PAGE) == b"Cher ami,\n\nje <vous> & moi\n\nfin\n"
    assert text.render("a", replace(PAGE, lines=())) == b""


@given(st.lists(texts.filter(str.strip), min_size=1, max_size=4))
def test_text_has_a_line_a_line(words: list[str]) -> None:
    lines = tuple(replace(line(100.0, "x"), text=each) for each in words)
    found = text.render("a", replace(PAGE, lines=lines)).decode()
    assert [each.split() for each in found.split("\n")[:-1]] == [each.split() for each in words]


def test_pages_that_failed_have_no_file() -> None:
    document = Document("a", "default", (PAGE, replace(PAGE, number=4, status="failed")))
    assert [name for name, _ in rendered(document, ("page", "text"))] == ["page/a/3.xml", "text/a/3.txt"]


@pytest.mark.skipif(not Path("../shared/data/pages").is_dir(), reason="../shared is not there")
def test_files_of_others_are_read_without_loss_of_lines() -> None:
    for path in sorted(Path("../shared/data/pages").glob("*.xml")):
        content = path.read_bytes()
        read = alto.read if etree.QName(etree.fromstring(content)).localname == alto.ROOT else page.read
        lines = len(list(etree.fromstring(content).iter("{*}TextLine")))
        found = read(content)
        assert len(found.lines) + sum(map(len, found.skipped.values())) == lines, path
