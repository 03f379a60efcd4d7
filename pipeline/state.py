"""What is done: one row a document in OUT/state, the only home of that knowledge.

A worker writes a document's row twice, as small objects: `state/new/<id>.begun.json` before its files, so that what a
killed one leaves is known, and `state/new/<id>.json` after them. The submitter folds such rows into segments
`state/rows-<n>.parquet`, so that a million documents are read in seconds; a later segment wins over an earlier one, so
a kill between the two leaves nothing worse than a row that stands twice.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.failures import NothingDone
from pipeline.storage import AT_ONCE, Storage

FOLDER: Final = "state/"
ROWS: Final = "state/rows-"
NEW: Final = "state/new/"
REMOVED: Final = "state/removed.json"
BEGUN: Final = ".begun.json"
"""A name of its own, since some stores let an object be replaced only once a second."""
MOST_SEGMENTS: Final = 16

SCHEMA: Final = pa.schema(
    [
        ("id", pa.string()),
        ("collection", pa.string()),
        ("source", pa.string()),
        ("size", pa.int64()),
        ("modified", pa.int64()),
        ("stamp", pa.string()),
        ("sha256", pa.string()),
        ("revision", pa.string()),
        ("files", pa.list_(pa.string())),
        ("pages", pa.int32()),
        ("failures", pa.int32()),
        ("transient", pa.int32()),
        ("tries", pa.int32()),
    ],
    metadata={"schema_version": "1.0"},
)


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A document's row.

    `stamp` is a hash of its files' names, sizes and modification times; `sha256` that of its content. An empty
    `revision` says that its files are being replaced: whoever finds that must do the document again. `failures` counts
    failed pages and sources, `transient` those that another try may mend, `tries` the runs that tried.
    """

    id: str
    collection: str
    source: str
    size: int
    modified: int
    stamp: str
    sha256: str
    revision: str
    files: tuple[str, ...]
    pages: int
    failures: int
    transient: int
    tries: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a commit tells the submitter beside its row: figures of the run, which are no part of the state."""

    row: DocumentState
    figures: Mapping[str, Any]


def write_begun(storage: Storage, row: DocumentState) -> None:
    """Record a document whose files are about to be written or replaced; its revision is empty."""
    _write_new(storage, f"{row.id}{BEGUN}", row, {})


def write_row(storage: Storage, row: DocumentState, figures: Mapping[str, Any]) -> None:
    """Record a document whose files are written."""
    _write_new(storage, f"{row.id}.json", row, figures)


def _write_new(storage: Storage, name: str, row: DocumentState, figures: Mapping[str, Any]) -> None:
    content = json.dumps({"row": asdict(row), "figures": dict(figures)}, sort_keys=True)
    storage.write(f"{NEW}{name}", content.encode())


def load(storage: Storage) -> dict[str, DocumentState]:
    """All rows by document id; `fold` must have been called since the last run. `files` is left out: it is for
    readers.
    """
    names = [field.name for field in fields(DocumentState) if field.name != "files"]
    rows: dict[str, DocumentState] = {}
    for segment in _segments(storage):
        columns = [_read(storage, segment, names).column(name).to_pylist() for name in names]
        for values in zip(*columns, strict=True):
            row = dict(zip(names, values, strict=True))
            rows[row["id"]] = DocumentState(**row, files=())
    return rows


def fold(storage: Storage) -> list[Report]:
    """Move the rows of documents into a segment; what was moved is returned, by id."""
    names = _new(storage)
    finished = {name for name in names if not name.endswith(BEGUN)}
    left = [name for name in names if name in finished or f"{name.removesuffix(BEGUN)}.json" not in finished]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        reports = [_report(content) for content in pool.map(storage.read, left)]
        if reports:
            append(storage, [report.row for report in reports])
            list(pool.map(storage.delete, names))
    return reports


def written(storage: Storage) -> set[str]:
    """Ids of the documents that were written since the last `fold`."""
    return {name.removeprefix(NEW).removesuffix(".json") for name in _new(storage) if not name.endswith(BEGUN)}


def _new(storage: Storage) -> list[str]:
    return [entry.name for entry in storage.list(NEW) if entry.name.endswith(".json")]


def append(storage: Storage, rows: Iterable[DocumentState]) -> None:
    """Add a segment; when there are many, all are merged into one first written, then alone."""
    segments = _segments(storage)
    table = pa.Table.from_pylist([asdict(row) for row in rows], SCHEMA)
    if len(segments) >= MOST_SEGMENTS:
        table = _latest(pa.concat_tables([*(_read(storage, name) for name in segments), table]))
    number = int(segments[-1].removeprefix(ROWS).removesuffix(".parquet")) + 1 if segments else 1
    _write_segment(storage, f"{ROWS}{number:08}.parquet", table)
    if len(segments) >= MOST_SEGMENTS:
        for name in segments:
            storage.delete(name)


def settled(storage: Storage, retries: int) -> frozenset[str]:
    """Ids of documents that are done and that no run tries again by itself; `fold` must have been called."""
    names = ["id", "revision", "transient", "tries"]
    done: dict[str, bool] = {}
    for segment in _segments(storage):
        columns = [column.to_pylist() for column in _read(storage, segment, names).select(names).columns]
        for document_id, revision, transient, tries in zip(*columns, strict=True):
            done[document_id] = bool(revision) and not (transient and tries <= retries)
    return frozenset(document_id for document_id, is_done in done.items() if is_done)


def undo(storage: Storage, ids: Collection[str]) -> None:
    """Have these documents done again, whose files are lost."""
    rows = load(storage)
    append(storage, [replace(rows[document_id], revision="") for document_id in sorted(ids) if document_id in rows])


def forget(storage: Storage, ids: Collection[str]) -> None:
    """Take the rows of these documents out of every segment."""
    for name in _segments(storage):
        table = _read(storage, name)
        kept = table.filter(pa.array([each not in ids for each in table.column("id").to_pylist()], pa.bool_()))
        if len(kept) < len(table):
            _write_segment(storage, name, kept)


def removed(storage: Storage) -> frozenset[str]:
    """Ids of documents that were withdrawn and are not to be read again."""
    try:
        return frozenset(json.loads(storage.read(REMOVED)))
    except FileNotFoundError:
        return frozenset()
    except ValueError as error:
        raise NothingDone(
            f"{storage.root}/{REMOVED} is damaged ({error}). Restore it from a backup: a JSON list of document ids, "
            "without which documents that were withdrawn would be read again"
        ) from error


def remember_removed(storage: Storage, ids: Iterable[str]) -> None:
    """Replace what `removed` tells."""
    storage.write(REMOVED, (json.dumps(sorted(ids), indent=1) + "\n").encode())


def _write_segment(storage: Storage, name: str, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    storage.write(name, sink.getvalue().to_pybytes())


def _latest(table: pa.Table) -> pa.Table:
    last = {document_id: index for index, document_id in enumerate(table.column("id").to_pylist())}
    return table.take(sorted(last.values()))


def _segments(storage: Storage) -> list[str]:
    return [entry.name for entry in storage.list(ROWS)]


def _read(storage: Storage, name: str, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(pa.BufferReader(storage.read(name)), columns=columns)
    except pa.ArrowInvalid as error:
        raise NothingDone(
            f"{storage.root}/{name} is damaged ({error}). Restore it from a backup, or remove it: "
            "its documents are then read again to the same result"
        ) from error


def _report(content: bytes) -> Report:
    value = json.loads(content)
    return Report(DocumentState(**value["row"] | {"files": tuple(value["row"]["files"])}), value["figures"])
