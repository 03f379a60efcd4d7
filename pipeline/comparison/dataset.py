"""The OUT of a comparison: a dataset like a run's, so that `inkbeam report` shows it, with `baseline` and `truth` full.

A rerun replaces it; the dataset of `inkbeam digitize` is never touched.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline.commit import write_parquet
from pipeline.comparison.judge import Compared
from pipeline.document import Document
from pipeline.failures import UsageError
from pipeline.outcome import Outcome
from pipeline.reading import Seconds
from pipeline.state import FOLDER as STATE
from pipeline.storage import LocalStorage
from pipeline.store import file_name, lines_parquet, with_other_lines
from pipeline.summary import RUNS, Summary

COLLECTION: Final = "default"
CROPS: Final = "crops/"
TABLES: Final = ("pages/", "lines/", "baseline/", "truth/", CROPS, RUNS)


def fresh(output: Path) -> LocalStorage:
    """An empty OUT; raises UsageError where OUT holds a dataset of `inkbeam digitize`."""
    storage = LocalStorage(str(output))
    if any(storage.list(STATE)):
        raise UsageError(f"{output} holds what `inkbeam digitize` wrote; name another --output")
    for entry in [entry for prefix in TABLES for entry in storage.list(prefix)]:
        storage.delete(entry.name)
    return storage


def write(storage: LocalStorage, compared: Sequence[Compared], seconds: Seconds, summary: Summary) -> None:
    """Write all documents, and the account of the run; `seconds` are ours by stage."""
    documents: dict[str, list[Compared]] = defaultdict(list)
    for page in compared:
        documents[page.document_id].append(page)
    summary.take(_written(storage, document_id, pages).figures() for document_id, pages in documents.items())
    summary.seconds.update(seconds)
    summary.write(storage)


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
