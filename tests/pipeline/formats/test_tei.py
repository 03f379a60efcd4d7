"""TEI as we write it: valid, and read back as far as TEI carries a document."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from lxml import etree

from pipeline.document import Document, Line, Page, Record, Word
from pipeline.files import URL
from pipeline.formats import tei
from pipeline.formats.safe_xml import clean
from pipeline.formats.tei_header import NAMES
from pipeline.transcription import BadTranscription
from tests.pipeline.formats.schemas import SCHEMAS
from tests.pipeline.formats.test_hocr import PAGE, line
from tests.pipeline.strategies import documents

RECORD = Record("Ms. 12", "The letter", "1914", "CC0", "https://iiif.example/1", (("Written by", "Anna"),))
SCAN = replace(PAGE, source="/in/a b.tif", number=1)
SCHEMA = etree.RelaxNG(etree.parse(str(SCHEMAS / "tei-3-0-0.rng")))
HOSTILE = ("a\x00b\x1f", "\u202eabc\u202c", "\U0001f58b\ufe0f", "<&>\"']]>", "x" * 10_000, "\ufffe\uffff")


def errors(content: bytes) -> list[str]:
    SCHEMA.validate(etree.fromstring(content))
    return [str(error) for error in SCHEMA.error_log]


def rendered(*lines: Line, page: Page = SCAN) -> bytes:
    page = replace(page, lines=lines or page.lines)
    content = tei.render(Document("a-00000000", "default", (page,), RECORD))
    assert errors(content) == []
    return content


def body(content: bytes) -> str:
    """The text's elements without their namespaces and pointers."""
    (div,) = etree.fromstring(content).iterfind("t:text/t:body/t:div", NAMES)
    for element in div.iter():
        element.attrib.pop("facs", None)
    return etree.tostring(div, encoding="unicode").replace(f' xmlns="{NAMES["t"]}"', "").replace("  ", "").strip()


def kept(document: Document) -> Document:
    """What is to come back."""
    record = document.record
    plain = {name: clean(getattr(record, name)) for name in ("shelfmark", "title", "date", "rights", "canvas")}
    further = tuple((clean(column), clean(value)) for column, value in record.further)
    return replace(document, record=Record(**plain, further=further), pages=tuple(map(kept_page, document.pages)))


def kept_page(page: Page) -> Page:
    return Page(
        page.number, page.source, "", page.width, page.height, 0.0, 0, 0.0,
        "failed" if page.status == "failed" else "read" if page.lines else "blank",
        tuple(map(kept_line, page.lines)), page.regions, "", "",
    )  # fmt: skip


def kept_line(line: Line) -> Line:
    in_table = line.row is not None and line.column is not None
    return Line(
        " ".join(clean(line.text).split()), 0.0, (), line.polygon, (), line.region, 0 if in_table else line.paragraph,
        None, line.row if in_table else None, line.column if in_table else None,
    )  # fmt: skip


def without_languages(document: Document) -> Document:
    pages = (replace(page, lines=tuple(replace(line, language=None) for line in page.lines)) for page in document.pages)
    return replace(document, pages=tuple(pages))


@settings(max_examples=100, deadline=None)
@given(documents())
def test_every_document_is_valid_and_comes_back(document: Document) -> None:
    assume(not any(URL.match(page.source) for page in document.pages))
    content = tei.render(document)
    assert errors(content) == []
    assert without_languages(tei.parse(content)) == kept(document)


def test_what_a_header_tells() -> None:
    content = rendered()
    found = tei.parse(content)
    assert (found.id, found.collection, found.record) == ("a-00000000", "default", RECORD)
    licensed = replace(RECORD, rights="https://creativecommons.org/publicdomain/mark/1.0/")
    content = tei.render(Document("a-00000000", "default", (), licensed))
    assert errors(content) == []
    assert b"<licence target=" in content
    assert tei.parse(content).record == licensed
    assert tei.parse(tei.render(Document("a-00000000", "default"))).record == Record()


def test_lines_paragraphs_and_columns() -> None:
    assert body(rendered()).splitlines() == [
        "<div>",
        '<pb n="1"/>',
        "<cb/>",
        '<p n="1" xml:lang="fr"><lb n="1"/>Cher ami,',
        "</p>",
        '<p n="2" xml:lang="fr"><lb n="2"/>je &lt;vous&gt; &amp; moi',
        "</p>",
        "<cb/>",
        '<p n="3" xml:lang="fr"><lb n="3"/>fin',
        "</p>",
        "</div>",
    ]


def test_broken_words_go_on() -> None:
    content = rendered(line(100, "the", "govern-"), line(150, "ment", "of"))
    assert '<lb n="1"/>the govern-<lb n="2" break="no"/>ment of\n</p>' in body(content)
    assert [each.text for each in tei.parse(content).pages[0].lines] == ["the govern-", "ment of"]


def test_doubtful_words_are_unclear() -> None:
    first = line(100, "a", "b", "c")
    words = tuple(replace(word, confidence=sure) for word, sure in zip(first.words, (0.25, 0.5, 0.125), strict=True))
    content = rendered(replace(first, words=words))
    assert '<unclear cert="0.2500">a</unclear> b <unclear cert="0.1250">c</unclear>' in body(content)
    assert tei.parse(content).pages[0].lines[0].text == "a b c"


def test_tables_have_rows_and_cells_and_keep_the_reading_order() -> None:
    cells = ((0, 0, "name"), (1, 0, "Anna"), (0, 2, "age"), (1, 2, "of"), (1, 2, "12"), (2, 2, "7"))
    lines = [
        replace(line(100 + 40 * k, text, region=k % 2), row=row, column=column)
        for k, (row, column, text) in enumerate(cells)
    ]
    content = rendered(*lines[:2], line(500, "between"), *lines[2:])
    (table,) = etree.fromstring(content).iter("{*}table")
    told = [["".join(cell.itertext()).split() for cell in row] for row in table]
    assert told == [[["name"], ["age"]], [["Anna"], ["of", "12"]], [[], ["7"]]]
    found = tei.parse(content).pages[0].lines
    back = [(each.row, each.column, each.text) for each in found]
    assert back == [*cells[:2], (None, None, "between"), *cells[2:]]


def test_a_page_that_failed_is_a_gap() -> None:
    content = rendered(page=replace(SCAN, status="failed", lines=(), regions=(), width=0, height=0))
    assert '<pb n="1"/>\n<gap reason="failed"/>' in body(content)
    assert tei.parse(content).pages[0].status == "failed"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_valid_and_comes_back(text: str) -> None:
    word = Word(text, 0.25, SCAN.lines[0].polygon)
    hostile = replace(SCAN.lines[0], text=text, words=(word,))
    assert tei.parse(rendered(hostile)).pages[0].lines[0].text == clean(text)
    assert tei.parse(rendered(replace(hostile, words=()))).pages[0].lines[0].text == clean(text)


def test_languages_of_paragraphs_come_back() -> None:
    mixed = (replace(line(100, "a"), language="fra"), replace(line(150, "b"), language="deu"))
    assert {each.language for each in tei.parse(rendered(*mixed)).pages[0].lines} == {None}
    assert {each.language for each in tei.parse(rendered(mixed[0])).pages[0].lines} == {"fra"}
    assert {each.language for each in tei.parse(rendered(replace(mixed[0], language="no tag"))).pages[0].lines} == {
        None
    }


def test_the_same_document_gives_the_same_bytes() -> None:
    assert rendered() == rendered()


@pytest.mark.parametrize(("content", "message"), [(b"<alto/>", "is alto, not TEI"), (b"<TEI", ".")])
def test_what_is_not_tei_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(BadTranscription, match=message):
        tei.parse(content)
