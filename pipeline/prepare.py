"""From a decision to a task: hash the document's files, count their pages, name the pages to read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pipeline.failures import Failure, PageError
from pipeline.fetching import local_copy
from pipeline.layouts import Layouts
from pipeline.plan import Decision, Making, content_hash, revision, stamp
from pipeline.rendering import Renderer
from pipeline.sources import Origin, SourceFile, display, hash_file
from pipeline.state import DocumentState
from pipeline.storage import Storage, check_not_lost
from pipeline.store import read_failures
from pipeline.tasks import PageRef, Task


@dataclass(frozen=True)
class Preparer:
    """Opens documents, one after the other, in the submitter."""

    storage: Storage
    renderer: Renderer
    collection: str
    making: Making
    layouts: Layouts | None = None

    def task(self, decision: Decision) -> Task:
        """The task of a document that is to be read; a source that cannot be opened becomes a failure of the task."""
        origin, state = decision.origin, decision.state
        tries = 1 + (state.tries if state and decision.reason == "retried" else 0)
        pages, failures, hashes = self._open(origin, tries)
        sha256 = content_hash(hashes)
        made = revision(sha256, self.making(origin))
        task = Task(
            document_id=origin.document_id,
            collection=self.collection,
            source=origin.name,
            size=sum(file.size for file in origin.files),
            modified=max(file.modified for file in origin.files),
            stamp=stamp(origin.files),
            sha256=sha256,
            revision=made,
            tries=tries,
            pages=tuple(replace(page, revision=made, tries=tries) for page in pages),
            failures=tuple(failures),
            stored=state is not None,
        )
        return self._only_failed(task, state) if decision.reason == "retried" and state else task

    def _only_failed(self, task: Task, state: DocumentState) -> Task:
        """Where the others can be kept, only the pages that failed."""
        if state.revision != task.revision or state.pages != len(task.pages) or state.collection != task.collection:
            return task
        failed = {failure.page for failure in read_failures(self.storage, state.collection, state.id)}
        if None in failed:
            return task
        return replace(task, pages=tuple(page for page in task.pages if page.number in failed), partial=True)

    def _open(self, origin: Origin, tries: int) -> tuple[list[PageRef], list[Failure], list[tuple[str, str]]]:
        """Pages, failures, and the files' hashes ("" where a file cannot be read)."""
        pages: list[PageRef] = []
        failures: list[Failure] = []
        hashes: list[tuple[str, str]] = []
        if origin.unusable:
            unusable = PageError("probe", "unusable-mets", origin.unusable)
            return [], [unusable.failure(origin.name, None, tries)], [(origin.name, "")]
        number = 0
        for file in origin.files:
            sha256, opened = self._hash_and_count(file)
            hashes.append((file.path, sha256))
            if isinstance(opened, PageError):
                number += 1
                failures.append(opened.failure(display(file.path), number if len(origin.files) > 1 else None, tries))
                continue
            for page in range(1, opened + 1):
                number += 1
                ref = _ref(origin, file, sha256, page, number)
                pages.append(replace(ref, layout=self._layout(file, page, opened)))
        return pages, failures, hashes

    def _layout(self, file: SourceFile, page: int, pages: int) -> str | None:
        """See `PageRef.layout`."""
        return None if self.layouts is None else str(self.layouts.find(file.path, page, pages) or "")

    def _hash_and_count(self, file: SourceFile) -> tuple[str, int | PageError]:
        """Hash of a file and the number of its pages, or why it cannot be opened."""
        sha256 = ""
        try:
            with local_copy(file.path) as path:
                sha256 = hash_file(path)
                return sha256, self.renderer.count_pages(path)
        except OSError as error:
            check_not_lost(file.path, error)
            return sha256, PageError("probe", "unreadable", str(error.strerror or error))
        except PageError as error:
            return sha256, error


def _ref(origin: Origin, file: SourceFile, sha256: str, page: int, number: int) -> PageRef:
    source = display(file.path)
    return PageRef(origin.document_id, number, file.path, page, source, sha256, file.size, file.modified)


def renewed(decisions: Iterable[Decision]) -> Iterator[DocumentState]:
    """Rows with new stamps for documents whose files only bear another date."""
    for decision in decisions:
        if decision.touched and not decision.read and decision.state:
            files = decision.origin.files
            modified = max(file.modified for file in files)
            yield replace(decision.state, stamp=stamp(files), size=sum(file.size for file in files), modified=modified)
