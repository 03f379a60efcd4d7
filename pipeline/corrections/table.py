"""The table of corrections: each is saved at once, as a file of its own, and never changed.

    corrections/collection=NAME/DOCUMENT.<nanoseconds since 1970, 20 digits>-<8 hex digits>.parquet

So two windows, or two people, at once never write to one file, and what is saved is as safe as any other object. What
stands before the first dot is the document, by which `pipeline.remove` erases it; no id has a dot. Later, the files of
a document become one: that is written before they are deleted, and rows that are there twice meanwhile count once.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.corrections.correction import Correction
from pipeline.failures import NothingDone
from pipeline.packs.reader import DAMAGE, parts
from pipeline.schema import TABLES, schema
from pipeline.storage import Storage
from pipeline.store import checked, file_content, point_rows, polyline_of

TABLE: Final = "corrections"
MICROSECONDS: Final = 1_000_000
POLYLINES: Final = ("baseline", "polygon")


def save(storage: Storage, correction: Correction) -> None:
    """Keep a correction: durable when this returns. Raises NothingDone where it cannot be kept."""
    save_all(storage, [correction])


def save_all(storage: Storage, corrections: Sequence[Correction]) -> None:
    """Keep some corrections of one document together, all or none. Raises as `save` does."""
    last = max(corrections, key=lambda each: each.time)
    name = f"{_prefix(last.collection, last.document_id)}{_stamp(last.time)}-{uuid.uuid4().hex[:8]}.parquet"
    content = file_content(pa.Table.from_pylist(list(map(_row, corrections)), schema=schema(TABLE)))
    try:
        storage.write(name, content)
    except FileNotFoundError:  # a run that began just now took it for what a killed writer had left, and swept it away
        storage.write(name, content)


def load(storage: Storage, collection: str, document_id: str) -> tuple[Correction, ...]:
    """All corrections of a document, the oldest first. Raises NothingDone for a file that is damaged, or of another
    major version.
    """
    try:
        return _load(storage, collection, document_id)
    except FileNotFoundError:  # since it was listed, it became one with others
        return _load(storage, collection, document_id)


def files(storage: Storage) -> Mapping[tuple[str, str], Sequence[str]]:
    """Names of the files of every document that has any, by collection and document; one listing."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in _names(storage, f"{TABLE}/collection="):
        _, collection, base = parts(name)
        found.setdefault((collection, base.partition(".")[0]), []).append(name)
    return found


def corrected_documents(storage: Storage) -> Iterator[tuple[str, str]]:
    """Collection and id of every document that has corrections, by name."""
    yield from files(storage)


def compact(storage: Storage) -> None:
    """Make one file of those of each document. No run may be writing; people may go on correcting.

    A document with a damaged file, or for which there is no room, stays as it is.
    """
    for names in files(storage).values():
        if len(names) > 1:
            with suppress(NothingDone):
                save_all(storage, list(_all(storage, names)))
                for name in names:
                    storage.delete(name)


def _prefix(collection: str, document_id: str) -> str:
    return f"{TABLE}/collection={collection}/{document_id}."


def _stamp(time: float) -> str:
    return f"{round(time * MICROSECONDS) * 1000:020}"


def _load(storage: Storage, collection: str, document_id: str) -> tuple[Correction, ...]:
    return _all(storage, _names(storage, _prefix(collection, document_id)))


def _names(storage: Storage, prefix: str) -> Iterator[str]:
    return (entry.name for entry in storage.list(prefix) if entry.name.endswith(".parquet"))


def _all(storage: Storage, names: Iterable[str]) -> tuple[Correction, ...]:
    """The corrections in files, each once, the oldest first."""
    each = dict.fromkeys(chain.from_iterable(_read(storage, name) for name in names))
    return tuple(sorted(each, key=lambda correction: correction.time))


def _read(storage: Storage, name: str) -> list[Correction]:
    content = storage.read(name)
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        checked(file.schema_arrow, name)
        rows = file.read(use_threads=False).to_pylist()
    except DAMAGE as error:
        raise NothingDone(
            f"{storage.root}/{name} is not a whole Parquet file ({error}), and may hold what somebody corrected; "
            "bring it back from a copy, or move it away to go on without it"
        ) from error
    return [_correction(row, parts(name)[1]) for row in rows]


def _row(correction: Correction) -> dict[str, Any]:
    row = {column.name: getattr(correction, column.name) for column in TABLES[TABLE]}
    shapes = {name: point_rows(row[name]) for name in POLYLINES}
    return row | shapes | {"time": round(correction.time * MICROSECONDS)}


def _correction(row: Mapping[str, Any], collection: str) -> Correction:
    same = {column.name: row[column.name] for column in TABLES[TABLE]}
    shapes = {name: polyline_of(row[name]) for name in POLYLINES}
    return Correction(**(same | shapes | {"time": row["time"].timestamp(), "collection": collection}))
