"""A document's files appear together or not at all: formats first, Parquet next, its row of state last."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pipeline.document import DONE, Document, Page
from pipeline.failures import Failure
from pipeline.formats import FORMATS
from pipeline.reading import failed_page
from pipeline.state import DocumentState, write_row
from pipeline.storage import Storage, open_storage
from pipeline.store import (
    failures_name,
    failures_parquet,
    lines_name,
    lines_parquet,
    pages_name,
    pages_parquet,
    read_document,
)
from pipeline.summary import NAMED
from pipeline.tasks import Task


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a document's pages: those read or blank, the failures, seconds by stage."""

    pages: tuple[Page, ...]
    failures: tuple[Failure, ...]
    seconds: Mapping[str, float]


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
        if task.stored:
            write_row(storage, _row(task, "", (), outcome, 0), {})
        before = _before(storage, task)
        keep = bool(before.pages) and not task.partial
        document = before if keep else self._document(before, task, outcome)
        files = self._write_formats(storage, document)
        _remove_others(storage, document.id, files)
        _write_parquet(storage, document, outcome.failures)
        row = _row(task, document.pages[0].revision if keep else task.revision, files, outcome, len(document.pages))
        write_row(storage, row, _figures(outcome))

    def _document(self, before: Document, task: Task, outcome: Outcome) -> Document:
        failed = [
            failed_page(failure.page or 1, failure.source, self._sha256(task, failure), self.bundle_id, task.revision)
            for failure in outcome.failures
        ]
        return before.with_pages([*outcome.pages, *failed])

    @staticmethod
    def _sha256(task: Task, failure: Failure) -> str:
        return next((page.sha256 for page in task.pages if page.number == failure.page), "")

    def _write_formats(self, storage: Storage, document: Document) -> tuple[str, ...]:
        """Write the files of all pages that did not fail; their names."""
        names = []
        for kind in (FORMATS[name] for name in self.formats):
            for page in document.pages:
                if page.status != "failed":
                    names.append(kind.file(document.id, page.number))
                    storage.write(names[-1], kind.render(document.id, page))
        return tuple(names)


def _before(storage: Storage, task: Task) -> Document:
    """What is stored of the document, where it is needed: to keep it, or to put single pages into it."""
    if task.partial or (task.stored and not task.opened):
        with suppress(FileNotFoundError):
            return read_document(storage, task.collection, task.document_id)
    return Document(task.document_id, task.collection)


def _remove_others(storage: Storage, document_id: str, files: tuple[str, ...]) -> None:
    """Files of pages that the document no longer has."""
    for name in FORMATS:
        for entry in storage.list(f"{name}/{document_id}/"):
            if entry.name not in files:
                storage.delete(entry.name)


def _write_parquet(storage: Storage, document: Document, failures: tuple[Failure, ...]) -> None:
    collection, document_id = document.collection, document.id
    storage.write(lines_name(collection, document_id), lines_parquet(document))
    if failures:
        storage.write(failures_name(collection, document_id), failures_parquet(document_id, failures))
    else:
        storage.delete(failures_name(collection, document_id))
    storage.write(pages_name(collection, document_id), pages_parquet(document))


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


def _figures(outcome: Outcome) -> dict[str, Any]:
    """What the run's table counts."""
    lines = [line for page in outcome.pages for line in page.lines]
    return {
        **{status: sum(page.status == status for page in outcome.pages) for status in DONE},
        "lines": len(lines),
        "letters": sum(len(line.text) for line in lines),
        "confident_letters": sum(line.confidence * len(line.text) for line in lines),
        "failures": [[failure.kind, failure.source, failure.page, failure.message] for failure in outcome.failures],
        "expected_cer": _worst(outcome.pages),
        "seconds": dict(outcome.seconds),
    }


def _worst(pages: Iterable[Page]) -> list[list[Any]]:
    """Of the pages with most errors to expect: the expected CER, source, number."""
    told = [(page.expected_cer, page.source, page.number) for page in pages if page.expected_cer is not None]
    return [list(row) for row in sorted(told, key=lambda row: (-row[0], row[2]))[:NAMED]]
