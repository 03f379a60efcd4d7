"""Whatever text and shapes a page has, every format is well formed, valid, and loses no text that it can carry."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.document import Alternative, Document, Line, Page, Word, polyline
from pipeline.formats import FORMATS, alto, hocr, page
from pipeline.formats.safe_xml import clean
from tests.pipeline.formats.schemas import schema
from tests.pipeline.formats.test_hocr import PAGE
from tests.pipeline.formats.written import rendered

SCHEMAS = {"alto": "alto-4-4.xsd", "page": "page-2019-07-15.xsd"}
READERS: dict[str, Callable[[bytes], Page]] = {"alto": alto.parse, "page": page.parse, "hocr": hocr.parse}
CONTROLS = ("\x00", "\x1f", "\x7f", "\x85", "\u202e", "\u2066", "\u200d", "\ufeff", "\ufffe", "\uffff", "\ud800")
LETTERS = ("a", "\U0001f58b\ufe0f", "e\u0301\u0323\u0323", "=1+1", "@x", "%", ",", ";", "\\", "-", "¬")
MARKUP = ("<", "&", ">", '"', "'", "]]>", "<!--", "-->", "--")
SPACES = (" ", "\t", "\n", "\r", "\u00a0", "\u2028", "\u3000")
PIECES = st.sampled_from((*CONTROLS, *LETTERS, *MARKUP, *SPACES))
texts = st.lists(PIECES, max_size=8).map("".join)
points = st.tuples(st.integers(-80, 8 * 1100), st.integers(-80, 8 * 1500)).map(lambda each: (each[0] / 8, each[1] / 8))
shapes = st.one_of(
    st.lists(points, min_size=1, max_size=4).map(polyline),
    points.map(lambda point: polyline([point] * 4)),  # of no size
)
words = st.builds(
    Word, texts, st.floats(0, 1, width=32), shapes, st.none() | st.tuples(st.builds(Alternative, texts, st.just(0.5)))
)
cells = st.none() | st.integers(0, 3)
lines = st.builds(
    Line,
    texts,
    st.floats(0, 1, width=32),
    st.lists(points, min_size=2, max_size=3).map(polyline),
    shapes,
    st.lists(words, max_size=3).map(tuple),
    st.integers(0, 1),
    st.integers(0, 2),
    st.none(),
    cells,
    cells,
)
pages = st.builds(
    lambda own, name: replace(PAGE, lines=tuple(own), source=name, bundle=name, revision=name),
    st.lists(lines, max_size=4),
    texts,
)


# PDF takes the scans in; its own tests are hostile too.
WITHOUT_SCANS = set(FORMATS) - {"pdf"}


def long(text: str) -> Page:
    return replace(PAGE, lines=(replace(PAGE.lines[0], text=text, words=()),))


def files(made: Page, identifier: str) -> dict[str, bytes]:
    """What every format makes of a page, by the format's name."""
    found = rendered(Document(identifier, "default", (made,)), WITHOUT_SCANS)
    return {name.partition("/")[0]: content for name, content in found}


def words_of(text: str) -> str:
    """What is left of a text where white space may be written in any way."""
    return " ".join(text.split())


@settings(max_examples=100, deadline=None)
@given(pages, texts)
@example(long("x" * 10_000), "a")
@example(long("\U0001f58b " * 5_000), "--")
def test_every_format_is_valid(made: Page, identifier: str) -> None:
    content = files(made, identifier)
    assert set(content) == WITHOUT_SCANS
    for name, file in SCHEMAS.items():
        checked = schema(file)
        checked.validate(etree.fromstring(content[name]))
        assert [str(error) for error in checked.error_log] == []
    assert etree.fromstring(content["hocr"]) is not None
    for each in content.values():
        assert each.decode("utf-8") is not None


def told(name: str, line: Line) -> str:
    """What a format carries as a line's text: its words, where it has any; PAGE has the text beside them."""
    by_words = line.words and (name != "page" or not clean(line.text).strip())
    return " ".join(word.text for word in line.words) if by_words else line.text


@settings(max_examples=100, deadline=None)
@given(pages)
@example(long("x" * 10_000))
@pytest.mark.parametrize("name", READERS)
def test_no_line_is_lost(name: str, made: Page) -> None:
    found = READERS[name](files(made, "a")[name])
    assert len(found.lines) == len(made.lines)
    for own, written in zip(found.lines, made.lines, strict=True):
        assert words_of(own.text) == words_of(clean(told(name, written)))


@settings(max_examples=100, deadline=None)
@given(pages)
def test_plain_text_has_every_line(made: Page) -> None:
    found = files(made, "a")["text"].decode().split("\n")
    wanted = [words_of(own.text).encode("utf-8", "replace").decode() for own in made.lines]
    assert [each for each in found if each] == [each for each in wanted if each]


@settings(max_examples=100, deadline=None)
@given(pages, texts)
def test_tables_have_a_record_for_every_row_and_other_line(made: Page, identifier: str) -> None:
    content = files(made, identifier)["csv"].decode("utf-8-sig")
    header, *records = csv.reader(io.StringIO(content, newline=""))
    rows = {own.row for own in made.lines if own.row is not None and own.column is not None}
    others = [own for own in made.lines if rows and (own.row is None or own.column is None)]
    assert [record[3] for record in records] == [*map(str, sorted(rows)), *("" for _ in others)]
    assert {len(record) for record in records} <= {len(header)}
