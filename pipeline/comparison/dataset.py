"""The OUT of a comparison: a dataset like a run's, so that `inkbeam report` shows it, with `baseline` and `truth` full.

A rerun replaces it, once all is read; the dataset of `inkbeam digitize` is never touched.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline.accounts import RUNS
from pipeline.commit import write_parquet
from pipeline.comparison.judge import Compared
from pipeline.document import Document
from pipeline.failures import UsageError
from pipeline.outcome import Outcome
from pipeline.reading import Seconds
from pipeline.state import ROWS
from pipeline.storage import LocalStorage
from pipeline.store import file_name, lines_parquet, with_other_lines
from pipeline.summary import Summary

COLLECTION: Final = "default"
CROPS: Final = "crops/"
TABLES: Final = ("pages/", "lines/", "baseline/", "truth/", CROPS, RUNS)


def opened(output: Path) -> LocalStorage:
    """OUT; raises UsageError where it holds a dataset of `inkbeam digitize`."""
    storage = LocalStorage(str(output))
    if any(storage.list(ROWS)):
        raise UsageError(f"{output} holds what `inkbeam digitize` wrote; name another --output")
    return storage


def write(storage: LocalStorage, compared: Sequence[Compared], seconds: Seconds, summary: Summary) -> None:
    """Write all documents, and the account of the run, in place of those before; `seconds` are ours by stage."""
    _clear(storage, {Path(page.ours.page.source).name for page in compared})
    documents: dict[str, list[Compared]] = defaultdict(list)
    for page in compared:
        documents[page.document_id].append(page)
    summary.take(_written(storage, document_id, pages).figures() for document_id, pages in documents.items())
    summary.seconds.update(seconds)
    summary.write(storage)


def _clear(storage: LocalStorage, sources: Collection[str]) -> None:
    """Take away the comparison before, but for crops that were written over."""
    for entry in [entry for prefix in TABLES for entry in storage.list(prefix)]:
        if not (entry.name.startswith(CROPS) and entry.name.removeprefix(CROPS) in sources):
            storage.delete(entry.name)


def _written(storage: LocalStorage, document_id: str, compared: Sequence[Compared]) -> Outcome:
    """Write one document: what both read, and the truth where there is one."""
    pages = tuple(replace(page.ours.page, agreement=page.agreement.share) for page in compared)
    document = Document(document_id, COLLECTION, pages)
    theirs = {page.theirs.page.number: page.theirs.page.lines for page in compared}
    write_parquet(storage, document, (), theirs)
    truth = {page.ours.page.number: page.truth for page in compared if page.truth is not None}
    if truth:
        storage.write(file_name("truth", COLLECTION, document_id), lines_parquet(with_other_lines(document, truth)))
    return Outcome(pages, (), {"tesseract": sum(page.theirs.wall for page in compared)}, theirs)
