"""Which pages the report shows with their pictures, and all that its viewer needs of each."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from tqdm import tqdm

from pipeline.corrections.reading import with_corrections
from pipeline.document import Document, Line, Page, Polyline, Word
from pipeline.failures import NothingDone
from pipeline.rendering import Renderer
from pipeline.report.beside import beside
from pipeline.report.overview import PageRow
from pipeline.report.pictures import Pictures, level, pictures
from pipeline.settings import Render
from pipeline.storage import Storage
from pipeline.store import read_document, read_lines

WORST: Final = 24
DIFFERING: Final = 8
MOST_BYTES: Final = 12_000_000  # of all pictures, before base64
Errors = Mapping[tuple[str, int], float]  # CER of pages with truth, by document and number
OTHERS: Final = 3  # readings of a word


@dataclass(frozen=True)
class Shown:
    """A page with its pictures, or why there are none, its CER if known, and what the viewer is given as JSON."""

    row: PageRow
    cer: float | None
    pictures: Pictures | str
    data: Mapping[str, Any]


def choose(pages: Sequence[PageRow], errors: Errors) -> list[PageRow]:
    """The pages with most errors, known or expected, then those on which Tesseract differs most."""
    with_text = [page for page in pages if page.lines]

    def badness(page: PageRow) -> float:
        known = errors.get((page.document_id, page.page))
        return known if known is not None else page.expected_cer or 0.0

    worst = sorted(with_text, key=badness, reverse=True)[:WORST]
    compared = [page for page in with_text if page.agreement is not None and page not in worst]
    return worst + sorted(compared, key=lambda page: page.agreement or 0.0)[:DIFFERING]


def show(storage: Storage, chosen: Sequence[PageRow], errors: Errors) -> Iterator[Shown]:
    """The pages with what was read on them, in the same order, as long as their pictures are not too large together."""
    spent = 0
    with Renderer(Render()) as renderer:
        for row in tqdm(chosen, desc="pictures", unit="page", disable=None):
            shown = _shown(storage, row, errors.get((row.document_id, row.page)), renderer)
            if isinstance(shown.pictures, Pictures):
                spent += len(shown.pictures.scan) + len(shown.pictures.thumbnail)
            if spent > MOST_BYTES:
                return
            yield shown


def _shown(storage: Storage, row: PageRow, cer: float | None, renderer: Renderer) -> Shown:
    document = read_document(storage, row.collection, row.document_id)
    page, shown = (_page(each, row.page) for each in (document, _corrected(storage, document)))
    others = {table: _lines(storage, table, row) for table in ("truth", "baseline")}
    columns = {"Truth": others["truth"], "Inkbeam": page.lines, "Tesseract": others["baseline"]}
    known = {name: lines for name, lines in columns.items() if lines is not None}
    data = {
        "width": page.width,
        "height": page.height,
        "lines": [_line(line) for line in shown.lines],
        "columns": list(known) if len(known) > 1 else [],
        "rows": beside(list(known.values())) if len(known) > 1 else [],
    }
    return Shown(row, cer, pictures(shown, row.place, renderer), data)


def _page(document: Document, number: int) -> Page:
    return next(page for page in document.pages if page.number == number)


def _corrected(storage: Storage, document: Document) -> Document:
    """The document as people corrected it, or as it was read where that cannot be told."""
    with suppress(NothingDone):
        return with_corrections(storage, document)
    return document


def _lines(storage: Storage, table: str, row: PageRow) -> Sequence[Line] | None:
    """What another table has of the page; None where it has no such document."""
    try:
        return read_lines(storage, table, row.collection, row.document_id).get(row.page, ())
    except FileNotFoundError:
        return None


def _line(line: Line) -> dict[str, Any]:
    words = [_word(word) for word in line.words] or [[line.text, round(line.confidence, 3), [], []]]
    by_hand = None if line.corrected_by is None else f"{line.corrected_by or 'a person'} ({line.corrected_with})"
    return {"level": level(line.confidence), "outline": _points(line.polygon), "words": words, "corrected": by_hand}


def _word(word: Word) -> list[Any]:
    others = [[other.text, round(other.probability, 3)] for other in (word.alternatives or ())[:OTHERS]]
    return [word.text, round(word.confidence, 3), _points(word.polygon), others]


def _points(polygon: Polyline) -> list[int]:
    """x and y by turns, in whole pixels."""
    return [round(value) for point in polygon for value in point]
