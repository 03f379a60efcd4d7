"""CSV: the rows of a register as records, for spreadsheets and databases; RFC 4180 in UTF-8.

    document_id, source, page, row, confidence, column_1, column_2, ...

A record for every row of every page's table. `page` counts from 1, `row` from 0, as in the table of lines; the columns
are those of the document's widest table. `confidence` is that of the row's least certain line, in 0..1, so that the
records to look at sort first. The lines of a cell stand below each other in it, as on the paper; white space within a
line, of whatever kind, is one space. Lines beside the table or across its columns follow the page's rows, a record each
without a row, their text in the first column: nothing that was read on the page of a register is lost. Pages without a
table have no record, a document without tables has the header alone.

The text is never altered for a spreadsheet's sake: a register's own "+ 1834" or "= idem" must come out as it is. So a
cell may begin with what a spreadsheet takes for a formula when the file is opened by a double click; where the scans
are not trusted, import it with all columns as text. It begins with a byte order mark, without which Excel takes UTF-8
for another encoding; Python reads it as utf-8-sig.
"""

import csv
import io
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from pipeline.document import Document, Line, Page
from pipeline.formats.lines import Cell, cell

FACTS: Final = ("document_id", "source", "page", "row", "confidence")


def render(document: Document) -> bytes:
    """The tables of all pages of a document that did not fail."""
    pages = [page for page in document.pages if page.status != "failed"]
    widths = (1 + found[1] for page in pages for line in page.lines if (found := cell(line)))
    columns = max(widths, default=0)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*FACTS, *(f"column_{number}" for number in range(1, columns + 1))])
    for page in pages:
        writer.writerows([document.id, *record] for record in _records(page, columns))
    return text.getvalue().encode("utf-8-sig", "replace")


def _records(page: Page, columns: int) -> Iterator[list[str]]:
    """Source, page, row, confidence and the text of so many columns: the rows of a page's table, then other lines."""
    placed = sorted(((found, line) for line in page.lines if (found := cell(line))), key=_place)
    for row, members in groupby(placed, key=lambda each: each[0][0]):
        lines = list(members)
        confidence = min(line.confidence for _, line in lines)
        texts = ("\n".join(_text(line) for at, line in lines if at[1] == column) for column in range(columns))
        yield [page.source, str(page.number), str(row), f"{confidence:.4f}", *texts]
    for line in page.lines if placed else ():
        if cell(line) is None:
            others = [""] * (columns - 1)
            yield [page.source, str(page.number), "", f"{line.confidence:.4f}", _text(line), *others]


def _place(placed: tuple[Cell, Line]) -> Cell:
    return placed[0]


def _text(line: Line) -> str:
    return " ".join(line.text.split())
