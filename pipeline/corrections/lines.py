"""The lines that people corrected, as lines with truth to train on: cut out of their scans into line Parquet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.corrections.correction import Correction
from pipeline.corrections.matching import Shape, latest, resized
from pipeline.corrections.table import corrected_documents, load
from pipeline.cut_pages import LineToCut, PageToCut, find_cut
from pipeline.cutting import NO_TEXT
from pipeline.document import Page
from pipeline.export import read
from pipeline.failures import NothingDone
from pipeline.pairing import Tally
from pipeline.storage import Storage
from pipeline.store import read_document
from recognizer.bundle import Bundle

TRUE: Final = ("right", "corrected")
NO_DOCUMENT: Final = "document that cannot be read"
NO_PAGE: Final = "correction whose page is gone, or has another form"


def find_corrected(source: str, bundle: Bundle, cache: Path) -> list[Path]:
    """The corrected lines of an OUT, or of line Parquet, cut as the bundle wants them; see `find_cut`."""
    return find_cut(source, bundle, cache, "corrected", corrected_pages)


def corrected_pages(storage: Storage, left_out: Tally) -> list[PageToCut]:
    """The pages of OUT with lines that are right or were corrected, in the order in which somebody first came to them.

    That order stays as corrections are added, and so does what is held out of them. Of a line the last correction
    counts. Raises NothingDone for damaged corrections.
    """
    found: list[tuple[float, PageToCut]] = []
    for collection, document_id in corrected_documents(storage):
        by_page: Mapping[int, list[Correction]] = defaultdict(list)
        for correction in load(storage, collection, document_id):
            by_page[correction.page].append(correction)
        pages = _pages(storage, collection, document_id, by_page, left_out)
        found += [(by_page[each.page.number][0].time, each) for each in pages]
    return [page for _, page in sorted(found, key=lambda each: (each[0], each[1].document, each[1].page.number))]


def _pages(
    storage: Storage, collection: str, document_id: str, by_page: Mapping[int, Sequence[Correction]], left_out: Tally
) -> list[PageToCut]:
    """The corrected pages of a document."""
    try:
        document = read(partial(read_document, storage), collection, document_id)
    except NothingDone as error:
        left_out.add(NO_DOCUMENT, str(error))
        return []
    pages = {page.number: page for page in document.pages}
    found = []
    for number, corrections in by_page.items():
        lines = _lines(pages.get(number), latest(corrections), left_out)
        if lines:
            found.append(PageToCut.of(document, pages[number], lines))
    return found


def _lines(page: Page | None, corrections: Sequence[Correction], left_out: Tally) -> list[LineToCut]:
    """The lines of a page whose text is known, where they lay when somebody corrected them; in the order of reading."""
    found = []
    for each in corrections:
        name = f"{each.document_id}, page {each.page}, line {each.line}"
        shape = page and resized(Shape(each.baseline, each.polygon), (each.width, each.height), page)
        if each.verdict in TRUE and not shape:
            left_out.add(NO_PAGE, name)
        elif each.verdict in TRUE and not each.text:
            left_out.add(NO_TEXT, name)
        elif each.verdict in TRUE and shape:
            found.append(LineToCut(each.line, each.text, shape.baseline, shape.polygon))
    return sorted(found, key=lambda line: line.number)
