"""Small documents to pack, in a store that a writer can be killed at."""

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import pyarrow.parquet as pq
import pytest

from pipeline import state
from pipeline.commit import write_parquet
from pipeline.document import Document, Record
from pipeline.failures import Failure
from pipeline.packs import packing, writer
from pipeline.packs.packing import TABLES
from pipeline.packs.unpacking import unpack
from pipeline.state import DocumentState
from pipeline.storage import Entry, Storage
from pipeline.store import file_name, files_alone, files_of, read_table, record_parquet
from tests.pipeline.index.made import one_page
from tests.pipeline.test_commit import Killed

Rows = dict[tuple[str, str, str], str]
"""Rows of a document in a table, by table, collection and document."""


@dataclass(eq=False)
class Memory:
    """A store as a bucket is one: no renames, and a large object may be left half. Once `writes` are done it is dead.

    Every write and deletion counts, and is a second later than the one before.
    """

    root: str = "memory"
    objects: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    clock: float = 0.0
    writes: float = float("inf")

    def list(self, prefix: str = "") -> Iterator[Entry]:
        for name, (content, modified) in sorted(self.objects.items()):
            if name.startswith(prefix):
                yield Entry(name, len(content), modified)

    def read(self, name: str) -> bytes:
        if name not in self.objects:
            raise FileNotFoundError(name)
        return self.objects[name][0]

    def write(self, name: str, content: bytes) -> None:
        self._count()
        self.objects[name] = bytes(content), self.clock

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self.read(name))

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        file = io.BytesIO()
        yield file
        half = file.getvalue()[: len(file.getvalue()) // 2]
        self.objects[name] = half, self.clock
        self.write(name, file.getvalue())

    def delete(self, name: str) -> None:
        self._count()
        self.objects.pop(name, None)

    def sweep(self) -> None:
        pass

    def reach(self) -> None:
        pass

    def _count(self) -> None:
        if self.writes <= 0:
            raise Killed
        self.writes -= 1
        self.clock += 1.0


@pytest.fixture
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three files make a pack, and few rows a group."""
    shrink(monkeypatch)


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FILES", 3)
    monkeypatch.setattr(writer, "ROWS_A_GROUP", 3)
    monkeypatch.setattr(writer, "MAP_ROWS_A_GROUP", 2)


def document(name: str, *lines: str, collection: str = "default", record: Record | None = None) -> Document:
    return replace(one_page(name, *lines), collection=collection, record=record or Record())


def commit(storage: Storage, made: Document, *failures: Failure, transient: int = 0) -> None:
    """Write a document as a run does, and the record of one that has some."""
    write_parquet(storage, made, failures, {1: made.pages[0].lines} if made.id.startswith("both") else {})
    if made.record != Record():
        content = record_parquet(made.id, "a.png", made.record)
        storage.write(file_name("documents", made.collection, made.id), content)
    state.append(storage, [row(made, transient)])


def row(made: Document, transient: int = 0) -> DocumentState:
    return DocumentState(made.id, made.collection, "a.png", 1, 2, "s", "0", "r", (), 1, 0, transient, 1)


def redo(storage: Storage, made: Document, *failures: Failure) -> None:
    """Read a document again, as a run does."""
    unpack(storage, {made.id})
    commit(storage, made, *failures)


def through_store(storage: Storage) -> Rows:
    """All that is read by documents."""
    return {
        (table, collection, name): repr(read_table(storage, file_name(table, collection, name)).to_pylist())
        for table in TABLES
        for collection, name, _ in files_of(storage, table)
    }


def through_folders(storage: Storage) -> Rows:
    """All that is read by those who open all files of a table; documents that have no rows are not there."""
    found: dict[tuple[str, str, str], list[object]] = {}
    for table in TABLES:
        for entry in storage.list(f"{table}/"):
            collection = entry.name.split("/")[1].removeprefix("collection=")
            for each in pq.read_table(io.BytesIO(storage.read(entry.name)), partitioning=None).to_pylist():
                found.setdefault((table, collection, each["document_id"]), []).append(each)
    return {key: repr(rows) for key, rows in found.items()}


def with_rows(rows: Rows) -> Rows:
    return {key: told for key, told in rows.items() if told != "[]"}


def alone(storage: Storage, table: str = "lines") -> set[str]:
    """Documents that have a file of their own."""
    return {document_id for _, document_id, _ in files_alone(storage, table)}


def packs(storage: Storage, table: str = "lines") -> list[str]:
    return [entry.name for entry in storage.list(f"{table}/") if "packed_" in entry.name]


def versions(storage: Storage) -> Counter[tuple[str, str, int, float]]:
    """What the word index tells documents apart by."""
    return Counter(
        (collection, name, entry.size, entry.modified) for collection, name, entry in files_of(storage, "lines")
    )
