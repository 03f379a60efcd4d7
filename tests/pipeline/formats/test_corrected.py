"""Formats say which lines a person corrected, who that was, and with what."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.document import Document, Line, Page
from pipeline.formats import alto, hocr, page, tei
from pipeline.formats.lines import Hand, hand
from tests.pipeline.formats.schemas import schema
from tests.pipeline.formats.test_hocr import PAGE
from tests.pipeline.formats.test_tei import errors as tei_errors
from tests.pipeline.strategies import pages, texts, word_texts

SCHEMAS = {"alto": "alto-4-4.xsd", "page": "page-2019-07-15.xsd"}
BOTH: dict[str, tuple[Callable[[str, Page], bytes], Callable[[bytes], Page]]] = {
    "alto": (alto.render, alto.parse),
    "page": (page.render, page.parse),
    "hocr": (hocr.render, hocr.parse),
    "tei": (
        lambda name, made: tei.render(Document(name, "c", (made,))),
        lambda content: tei.parse(content).pages[0],
    ),
}
names = st.lists(word_texts, max_size=2).map(" ".join)
some_hands = st.none() | st.tuples(st.sampled_from(["", "Ann", "Bob"]) | names, st.sampled_from(["inkbeam correct"]))


def by(line: Line, corrected: Hand | None) -> Line:
    who, tool = corrected or (None, None)
    return replace(line, corrected_by=who, corrected_with=tool)


@st.composite
def corrected_pages(draw: st.DrawFn) -> Page:
    made = draw(pages().filter(lambda each: each.status != "failed"))
    return replace(made, lines=tuple(by(line, draw(some_hands)) for line in made.lines))


def told(made: Page) -> list[Hand | None]:
    return list(map(hand, made.lines))


@pytest.mark.parametrize("name", BOTH)
@settings(max_examples=60)
@given(corrected_pages())
def test_who_corrected_a_line_comes_back(name: str, made: Page) -> None:
    render, parse = BOTH[name]
    assert sorted(map(repr, told(parse(render("a", made))))) == sorted(map(repr, told(made)))


@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=60)
@given(corrected_pages(), texts, texts)
def test_files_are_valid(name: str, made: Page, who: str, tool: str) -> None:
    lines = (*made.lines, *(by(line, (who, tool)) for line in made.lines))
    checked = schema(SCHEMAS[name])
    checked.validate(etree.fromstring(BOTH[name][0]("a", replace(made, lines=lines))))
    assert [str(error) for error in checked.error_log] == []


@settings(max_examples=30)
@given(corrected_pages())
def test_tei_is_valid(made: Page) -> None:
    assert tei_errors(tei.render(Document("a", "c", (made, replace(made, number=made.number + 1))))) == []


MADE = replace(
    PAGE,
    lines=tuple(
        by(replace(line, confidence=1.0), corrected)
        for line, corrected in zip(PAGE.lines, [("Ann", "inkbeam correct"), None, ("", "Transkribus")], strict=True)
    ),
)


def test_alto_names_the_processing_of_a_line() -> None:
    root = etree.fromstring(alto.render("a", MADE))
    steps = [
        (step.get("ID"), step.findtext("{*}processingAgency"), step.findtext("{*}processingSoftware/{*}softwareName"))
        for step in root.iterfind("{*}Description/{*}Processing")
    ]
    assert steps[:2] == [("reading", None, "Inkbeam"), ("correction_1", "Ann", "inkbeam correct")]
    lines = [(line.get("CS"), line.get("PROCESSINGREFS")) for line in root.iter("{*}TextLine")]
    assert lines[:2] == [("true", "correction_1"), (None, None)]


def test_alto_of_others_says_that_a_line_was_corrected() -> None:
    content = alto.render("a", MADE).replace(b' PROCESSINGREFS="correction_1"', b"")
    assert told(alto.parse(content))[0] == ("", "")
    assert told(alto.parse(content.replace(b'CS="true"', b'CS="false"')))[0] is None


def test_page_has_them_in_its_metadata_and_at_the_line() -> None:
    root = etree.fromstring(page.render("a", MADE))
    items = [
        (item.get("name"), item.get("value"), next(item.iter("{*}Label")).get("value"))
        for item in root.iterfind("{*}Metadata/{*}MetadataItem")
    ]
    assert items == [
        ("reading", "inkbeam", "b"),
        ("correction", "inkbeam correct", "Ann"),
        ("correction", "Transkribus", ""),
    ]
    line = next(root.iter("{*}TextLine"))
    labels = {label.get("type"): label.get("value") for label in line.iterfind("{*}Labels/{*}Label")}
    assert labels == {"corrected_by": "Ann", "corrected_with": "inkbeam correct"}
    (equivalent,) = line.iterfind("{*}TextEquiv")
    assert equivalent.get("conf") == "1.0000"


def test_the_older_page_for_transkribus_has_no_place_for_it() -> None:
    content = page.render_lines("a", MADE)
    checked = schema("page-2013-07-15.xsd")
    checked.validate(etree.fromstring(content))
    assert [str(error) for error in checked.error_log] == []
    assert not any(told(page.parse(content)))


def test_nobody_is_named_where_nobody_corrected() -> None:
    for render, _ in BOTH.values():
        assert b"correct" not in render("a", PAGE)
