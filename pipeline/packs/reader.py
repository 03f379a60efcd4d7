"""Documents in packs: where their rows are, and their rows.

Maps and packs are both sorted by document, so that of either one group of rows is read for a document. The latest of
these are kept: most who read many documents read them in order.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.failures import NothingDone
from pipeline.storage import Entry, Storage

KEY: Final = "document_id"
DOCUMENTS: Final = b"documents"
LAST: Final = b"last"
"""In the footer, as JSON: ids of the documents of a pack, and the last one of each group of rows. The latter is not
taken from the statistics since pyarrow (25.0) ends the process over some that are damaged.
"""
MAP: Final = pa.schema(
    [
        (KEY, pa.string()),
        ("collection", pa.string()),
        ("pack", pa.int32()),
        ("size", pa.int64()),
        ("modified", pa.float64()),
    ],
    metadata={"schema_version": "1.0"},
)
DAMAGE: Final = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What pyarrow raises for damaged files."""
_PACK: Final = re.compile(r"packed_(\d+)")


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack of a table."""

    table: str
    collection: str
    number: int

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.table}/collection={self.collection}/packed_{self.number:08}.parquet"

    @classmethod
    def named(cls, name: str) -> "Pack | None":
        """The pack that a file of a table is, if it is one."""
        table, collection, document_id = parts(name)
        number = _PACK.fullmatch(document_id)
        return cls(table, collection, int(number[1])) if number else None


@dataclass(frozen=True, slots=True)
class Sorted:
    """A Parquet file sorted by document. `version`: another whenever the file may be another one of the same name."""

    storage: Storage
    name: str
    version: Entry

    def rows(self, document_id: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a document, none where it has none. Raises OSError or ArrowException where the file is damaged
        or missing.
        """
        wanted = None if columns is None else tuple(dict.fromkeys((*columns, KEY)))
        group = bisect_left(_footer(self).last, document_id)
        rows = _group(self, group, wanted)
        mask = pc.equal(rows[KEY], document_id)
        found = rows.slice(max(0, pc.index(mask, True).as_py()), pc.sum(mask).as_py() or 0)
        return found if columns is None or KEY in columns else found.drop_columns([KEY])

    @property
    def schema(self) -> pa.Schema:
        """As that of the files of single documents. Raises as `rows` does."""
        return _footer(self).schema

    @property
    def documents(self) -> list[str]:
        """Ids of the documents of a pack, in order. Raises as `rows` does."""
        return _told(_footer(self).metadata, DOCUMENTS)


def parts(name: str) -> tuple[str, str, str]:
    """Table, collection and document of the name of a document's file; the last are empty for other names."""
    table, _, below = name.partition("/collection=")
    collection, _, base = below.partition("/")
    return table, collection, base.removesuffix(".parquet")


def map_name(table: str) -> str:
    """Name of the map of a table."""
    return f"state/packed/{table}.parquet"


def load_map(storage: Storage, table: str) -> pa.Table:
    """The whole map of a table, with the columns of MAP, sorted by document; empty where nothing is packed.

    Raises NothingDone where it is damaged.
    """
    try:
        content = storage.read(map_name(table))
    except FileNotFoundError:
        return MAP.empty_table()
    with _map_explained(storage, table):
        return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)


def packed(storage: Storage, table: str) -> Iterator[tuple[str, str, int, float]]:
    """Collection and id of every document whose file of a table is packed, with the size and time of that file."""
    for batch in load_map(storage, table).to_batches(max_chunksize=10_000):
        columns = (batch[name].to_pylist() for name in ("collection", KEY, "size", "modified"))
        yield from zip(*columns, strict=True)


def find(storage: Storage, name: str) -> Sorted | None:
    """The pack that has the rows of a document's file, if one has. Raises NothingDone where the map is damaged."""
    table, collection, document_id = parts(name)
    version = next(storage.list(map_name(table)), None)
    if version is None:
        return None
    with _map_explained(storage, table):
        found = Sorted(storage, version.name, version).rows(document_id).to_pylist()
    numbers = [row["pack"] for row in found if row["collection"] == collection]
    return Sorted(storage, Pack(table, collection, numbers[0]).name, version) if numbers else None


@dataclass(frozen=True, slots=True)
class _Footer:
    """A file's metadata, its schema without them, and the last document of each group of rows."""

    metadata: pq.FileMetaData
    schema: pa.Schema
    last: tuple[str, ...]


@lru_cache(maxsize=64)
def _footer(file: Sorted) -> _Footer:
    with closing(file.storage.open(file.name)) as content:
        metadata = pq.read_metadata(content)
    schema = metadata.schema.to_arrow_schema()
    own = {key: value for key, value in (schema.metadata or {}).items() if key not in (DOCUMENTS, LAST)}
    return _Footer(metadata, schema.with_metadata(own), tuple(_told(metadata, LAST)))


def _told(metadata: pq.FileMetaData, key: bytes) -> list[str]:
    """A list that stands in a footer."""
    try:
        ids: list[str] = json.loads(metadata.metadata[key])
    except (TypeError, KeyError, ValueError) as error:
        raise pa.ArrowInvalid(f"its footer does not tell its {key.decode()}") from error
    return ids


@lru_cache(maxsize=8)
def _group(file: Sorted, group: int, columns: tuple[str, ...] | None) -> pa.Table:
    """A group of rows; an empty table for the number after the last."""
    footer = _footer(file)
    groups = [group] if group < len(footer.last) else []
    names = None if columns is None else list(columns)
    with closing(file.storage.open(file.name)) as content:
        # Read ahead: of a bucket, columns that lie beside each other cost one request.
        parquet = pq.ParquetFile(content, metadata=footer.metadata, pre_buffer=True)
        table = parquet.read_row_groups(groups, columns=names, use_threads=False)
    return table.replace_schema_metadata(footer.schema.metadata)


@contextmanager
def _map_explained(storage: Storage, table: str) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise NothingDone(
            f"{storage.root}/{map_name(table)} is damaged ({error}). Remove it: the next run of `inkbeam digitize` "
            "makes it anew from the packs"
        ) from error
