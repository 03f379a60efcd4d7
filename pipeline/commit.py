"""A document's files appear together or not at all: formats first, Parquet next, its row of state last."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from pipeline.corrections.reading import with_corrections
from pipeline.document import Document, Line
from pipeline.failures import Failure, NothingDone, Unwritable
from pipeline.formats import FORMATS, chosen
from pipeline.outcome import Outcome
from pipeline.reading import failed_page
from pipeline.state import DocumentState, write_begun, write_row
from pipeline.storage import Storage, open_storage
from pipeline.store import (
    failures_parquet,
    file_name,
    lines_parquet,
    pages_parquet,
    read_document,
    read_lines,
    read_record,
    with_other_lines,
)
from pipeline.tasks import Task


@dataclass(frozen=True)
class Committer:
    """Writes documents to one output. Travels with the graph; opens the storage where it is used."""

    root: str
    formats: tuple[str, ...]
    bundle_id: str

    def commit(self, task: Task, outcome: Outcome) -> None:
        """Write all files of a document, then its row. Killed in between, the next run does the document again.

        A source that was read before and cannot be opened now keeps what was read; only the failure is recorded.
        """
        storage = open_storage(self.root)
        write_begun(storage, _row(task, "", (), outcome, 0))
        before = _before(storage, task)
        keep = bool(before.pages) and not task.partial
        document = before if keep else self._document(before, task, outcome)
        baseline = _baseline(storage, before, outcome)
        files, reasons = self._formats(storage, task, document)
        outcome = replace(outcome, failures=(*outcome.failures, *_unwritable(task, reasons)))
        if task.stored and not keep:  # a format that needs the source stays as it was made while that could be opened
            _remove_others(storage, document.id, files)
        write_parquet(storage, document, outcome.failures, baseline, replacing=task.stored)
        row = _row(task, document.pages[0].revision if keep else task.revision, files, outcome, len(document.pages))
        write_row(storage, row, outcome.figures())

    def _formats(self, storage: Storage, task: Task, document: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """As `write_formats`, with what people corrected; only a document that was stored before can have any of it."""
        try:
            shown = with_corrections(storage, document) if task.stored else document
        except NothingDone as error:
            return (), (str(error),)
        return write_formats(storage, shown, self.formats)

    def _document(self, before: Document, task: Task, outcome: Outcome) -> Document:
        failed = [
            failed_page(failure.page or 1, failure.source, self._sha256(task, failure), self.bundle_id, task.revision)
            for failure in outcome.failures
        ]
        return before.with_pages([*outcome.pages, *failed])

    @staticmethod
    def _sha256(task: Task, failure: Failure) -> str:
        return next((page.sha256 for page in task.pages if page.number == failure.page), "")


def write_formats(
    storage: Storage, document: Document, formats: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the document's files of these formats; their names, and why formats are missing."""
    names, reasons = [], []
    for kind in chosen(formats):
        try:
            for name, content in kind.files(document):
                storage.write(name, content)
                names.append(name)
        except Unwritable as error:
            reasons.append(f"{kind.name}: {error}")
    return tuple(names), tuple(reasons)


def _unwritable(task: Task, reasons: Iterable[str]) -> Iterator[Failure]:
    return (Failure(task.source, None, "commit", "unwritable", reason, task.tries) for reason in reasons)


def _before(storage: Storage, task: Task) -> Document:
    """What is stored of the document: its record, and its pages to keep them or to put single ones among them."""
    if task.partial or (task.stored and not task.opened):
        with suppress(FileNotFoundError):
            return read_document(storage, task.collection, task.document_id)
    record = read_record(storage, task.collection, task.document_id)
    return Document(task.document_id, task.collection, record=record)


def _remove_others(storage: Storage, document_id: str, files: tuple[str, ...]) -> None:
    """Files of pages that the document no longer has."""
    for kind in FORMATS.values():
        for entry in storage.list(kind.prefix(document_id)):
            if entry.name not in files:
                storage.delete(entry.name)


def _baseline(storage: Storage, before: Document, outcome: Outcome) -> dict[int, tuple[Line, ...]]:
    """What Tesseract read now, and on pages that are kept."""
    kept: dict[int, tuple[Line, ...]] = {}
    if any(page.agreement is not None for page in before.pages):
        with suppress(FileNotFoundError):
            kept = dict(read_lines(storage, "baseline", before.collection, before.id))
    read_now = {page.number for page in outcome.pages}
    return {number: lines for number, lines in kept.items() if number not in read_now} | dict(outcome.baseline)


def write_parquet(
    storage: Storage,
    document: Document,
    failures: tuple[Failure, ...],
    baseline: Mapping[int, tuple[Line, ...]],
    replacing: bool = True,
) -> None:
    """Write the document's file of every table, that of pages last.

    `replacing`: there may be earlier ones, so those of tables without rows are taken away.
    """
    other = lines_parquet(with_other_lines(document, baseline)) if baseline else None
    failed = failures_parquet(document.id, failures) if failures else None
    tables = {"lines": lines_parquet(document), "baseline": other, "failures": failed, "pages": pages_parquet(document)}
    for table, content in tables.items():
        name = file_name(table, document.collection, document.id)
        if content is not None:
            storage.write(name, content)
        elif replacing:
            storage.delete(name)


def _row(task: Task, revision: str, files: tuple[str, ...], outcome: Outcome, pages: int) -> DocumentState:
    return DocumentState(
        id=task.document_id,
        collection=task.collection,
        source=task.source,
        size=task.size,
        modified=task.modified,
        stamp=task.stamp,
        sha256=task.sha256,
        revision=revision,
        files=files,
        pages=pages,
        failures=len(outcome.failures),
        transient=sum(failure.transient for failure in outcome.failures),
        tries=task.tries,
    )
