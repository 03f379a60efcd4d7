import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.document import Document, Line, Page
from pipeline.formats import csv as csv_format
from tests.pipeline.formats.test_hocr import PAGE, line
from tests.pipeline.formats.written import rendered

FACTS = ["document_id", "source", "page", "row", "confidence"]


def entry(text: str, row: int | None, column: int | None, confidence: float = 0.5) -> Line:
    return replace(line(100), text=text, words=(), row=row, column=column, confidence=confidence)


def register(*lines: Line, number: int = 3) -> Page:
    return replace(PAGE, number=number, source="scans/a.pdf", lines=lines)


def records(*pages: Page) -> list[list[str]]:
    content = csv_format.render(Document("deeds-1", "default", pages))
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_record_for_every_row_and_then_for_other_lines() -> None:
    found = records(
        register(
            entry("Registre des baptêmes", None, None),
            entry("1", 0, 0),
            entry("Dupont, Jean", 0, 1, 0.25),
            entry('dit "le  Grand"', 0, 1),
            entry("+ 1834", 1, 2),
            entry("2", 1, 0, 0.75),
        )
    )
    assert found == [
        [*FACTS, "column_1", "column_2", "column_3"],
        ["deeds-1", "scans/a.pdf", "3", "0", "0.2500", "1", 'Dupont, Jean\ndit "le Grand"', ""],
        ["deeds-1", "scans/a.pdf", "3", "1", "0.5000", "2", "", "+ 1834"],
        ["deeds-1", "scans/a.pdf", "3", "", "0.5000", "Registre des baptêmes", "", ""],
    ]


def test_lines_are_quoted_as_rfc_4180_says() -> None:
    content = csv_format.render(Document("d", "default", (register(entry('a "b"', 0, 0), entry("c", 0, 0)),)))
    assert content.decode("utf-8-sig") == (
        'document_id,source,page,row,confidence,column_1\r\nd,scans/a.pdf,3,0,0.5000,"a ""b""\nc"\r\n'
    )


def test_pages_are_as_wide_as_the_widest_and_those_without_a_table_have_no_record() -> None:
    pages = (
        register(entry("a", 0, 0), number=1),
        register(entry("b", None, None), number=2),
        register(entry("c", 0, 3), number=3),
        replace(register(entry("d", 0, 9), number=4), status="failed"),
    )
    header, *rest = records(*pages)
    assert header[len(FACTS) :] == ["column_1", "column_2", "column_3", "column_4"]
    assert [(each[2], each[5:]) for each in rest] == [("1", ["a", "", "", ""]), ("3", ["", "", "", "c"])]


def test_a_document_without_tables_has_the_header_alone() -> None:
    assert records(PAGE) == [FACTS]
    assert records() == [FACTS]


def test_one_file_a_document() -> None:
    ((name, content),) = rendered(Document("deeds-1", "default", (PAGE,)), ["csv"])
    assert name == "csv/deeds-1.csv"
    assert content == csv_format.render(Document("deeds-1", "default", (PAGE,)))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5))
def test_texts_are_not_altered_but_for_white_space(texts: list[str]) -> None:
    """Neither what a spreadsheet takes for a formula nor quotes and separators."""
    made = register(*(entry(text, 0, column) for column, text in enumerate(texts)))
    _, record = records(made)
    assert record[len(FACTS) :] == [" ".join(text.split()) for text in texts]
