"""Lines of an OUT that nobody corrected, for a bundle to teach itself: cut out of their scans, without their texts."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.corrections.matching import match
from pipeline.corrections.table import load
from pipeline.cut_pages import LineToCut, PageToCut, find_cut
from pipeline.document import Document, Page
from pipeline.export import documents, read
from pipeline.failures import NothingDone
from pipeline.pairing import Tally
from pipeline.storage import Storage
from pipeline.store import file_name, read_document, read_table
from recognizer.bundle import Bundle

ENOUGH: Final = 5_000
"""Lines: more than are seen once in a quarter of an hour on one core, of which only the surest are learned."""
READ: Final = ("read", "doubtful")
NO_DOCUMENT: Final = "document that cannot be read"
COLUMNS: Final = ["page", "status", "origin", "source_sha256", "lines"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A page that may be chosen: its document, its number and how many lines it has."""

    collection: str
    document_id: str
    page: int
    lines: int
    order: str


def find_unread(source: str, bundle: Bundle, cache: Path) -> list[Path]:
    """The unread lines of an OUT, or of line Parquet, cut as the bundle wants them; see `find_cut`."""
    return find_cut(source, bundle, cache, "unread", unread_pages)


def unread_pages(storage: Storage, left_out: Tally) -> list[PageToCut]:
    """Pages of OUT that were read from their image, without the lines that people looked at: whole pages until they
    have 5,000 lines, in the order of the hashes of their scans. Raises NothingDone for an OUT without documents.
    """
    chosen = _chosen(storage, left_out)
    order = {(each.document_id, each.page): place for place, each in enumerate(chosen)}
    numbers: Mapping[tuple[str, str], set[int]] = defaultdict(set)
    for each in chosen:
        numbers[each.collection, each.document_id].add(each.page)
    found: list[PageToCut] = []
    for (collection, document_id), pages in numbers.items():
        try:
            document = read(partial(read_document, storage), collection, document_id)
        except NothingDone as error:
            left_out.add(NO_DOCUMENT, str(error))
        else:
            found += _pages(storage, document, pages)
    return sorted(found, key=lambda each: order[each.document, each.page.number])


def _chosen(storage: Storage, left_out: Tally) -> list[_Entry]:
    entries = sorted(_entries(storage, left_out), key=lambda entry: entry.order)
    chosen, lines = [], 0
    for entry in entries:
        if lines >= ENOUGH:
            break
        chosen.append(entry)
        lines += entry.lines
    return chosen


def _entries(storage: Storage, left_out: Tally) -> Iterator[_Entry]:
    """All pages that have lines which were read from their image."""
    for collection, document_id in documents(storage):
        try:
            rows = read_table(storage, file_name("pages", collection, document_id), COLUMNS).to_pylist()
        except NothingDone as error:
            left_out.add(NO_DOCUMENT, str(error))
            continue
        for row in rows:
            if row["status"] in READ and row["origin"] == "read" and row["lines"]:
                order = hashlib.sha256(f"{row['source_sha256']} {row['page']}".encode()).hexdigest()
                yield _Entry(collection, document_id, row["page"], row["lines"], order)


def _pages(storage: Storage, document: Document, numbers: set[int]) -> Iterator[PageToCut]:
    corrections = load(storage, document.collection, document.id)
    for page in document.pages:
        if page.number in numbers:
            yield PageToCut.of(document, page, _lines(page, set(match(page, corrections).by_line)))


def _lines(page: Page, known: set[int]) -> list[LineToCut]:
    return [
        LineToCut(place + 1, "", line.baseline, line.polygon)
        for place, line in enumerate(page.lines)
        if place not in known
    ]
