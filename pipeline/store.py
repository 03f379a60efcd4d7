"""The Parquet files: their schemas, and Document -> Parquet -> Document.

The bytes of a file depend on its content alone: no time stamps, a fixed order of rows, fixed settings.
"""

import errno
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pds
import pyarrow.fs as pfs
import pyarrow.parquet as pq

from pipeline.document import Alternative, Document, Line, Page, Polyline, Record, Region, Word
from pipeline.failures import Failure, NothingDone
from pipeline.packs import reader as packs
from pipeline.schema import REPEATED, SCHEMA_VERSION, TABLES, schema
from pipeline.storage import Entry, LocalStorage, Storage, open_storage

COLLECTION: Final = pa.schema({"collection": pa.string()})


def file_name(table: str, collection: str, document_id: str) -> str:
    """Name of a document's file of a table, below the output folder."""
    return f"{table}/collection={collection}/{document_id}.parquet"


def files_of(storage: Storage, table: str) -> Iterator[tuple[str, str, Entry]]:
    """Collection and id of every document that has a file of a table, with that file.

    First those with a file of their own, by name; then those in packs, with the size and time that their file had.
    """
    alone = set()
    for collection, document_id, entry in files_alone(storage, table):
        alone.add((collection, document_id))
        yield collection, document_id, entry
    for collection, document_id, size, modified in packs.packed(storage, table):
        if (collection, document_id) not in alone:
            yield collection, document_id, Entry(file_name(table, collection, document_id), size, modified)


def files_alone(storage: Storage, table: str) -> Iterator[tuple[str, str, Entry]]:
    """Collection and id of every document that has a file of its own in a table, with that file, by name."""
    for entry in storage.list(f"{table}/collection="):
        if entry.name.endswith(".parquet") and packs.Pack.named(entry.name) is None:
            _, collection, document_id = packs.parts(entry.name)
            yield collection, document_id, entry


def pages_parquet(document: Document) -> bytes:
    """One row a page, in order; blank and failed pages too."""
    return file_content(pages_table(document))


def pages_table(document: Document) -> pa.Table:
    """What `pages_parquet` writes."""
    return _table("pages", (_page_row(document.id, page) for page in document.pages))


def lines_parquet(document: Document) -> bytes:
    """One row a line, in the order of pages and of reading."""
    return file_content(lines_table(document))


def lines_table(document: Document) -> pa.Table:
    """What `lines_parquet` writes."""
    rows = ((page, number, line) for page in document.pages for number, line in enumerate(page.lines, 1))
    return _table("lines", (_line_row(document.id, *row) for row in rows))


def with_other_lines(document: Document, lines: Mapping[int, tuple[Line, ...]]) -> Document:
    """The document with these lines on its pages, by number, and none on the others: what another engine read."""
    return replace(document, pages=tuple(replace(page, lines=lines.get(page.number, ())) for page in document.pages))


def failures_parquet(document_id: str, failures: Sequence[Failure]) -> bytes:
    """One row a failure of the document, in the order given."""
    columns = ("source", "page", "stage", "kind", "transient", "message", "advice", "tries")
    rows = ({"document_id": document_id} | {c: getattr(f, c) for c in columns} for f in failures)
    return file_content(_table("failures", rows))


def record_parquet(document_id: str, source: str, record: Record) -> bytes:
    """One row: what is known of the document, null for what is not. `source` is its file or folder, for people."""
    said = {name: getattr(record, name) or None for name in Record.__slots__}
    return file_content(_table("documents", [{"document_id": document_id, "source": source, **said}]))


def read_table(storage: Storage, name: str, columns: list[str] | None = None) -> pa.Table:
    """A document's file, alone or in a pack, or some columns of it. Raises as `read_document` does, and where the file
    or the pack is damaged.
    """
    try:
        content = storage.read(name)
    except FileNotFoundError:
        return _read_packed(storage, name, columns)
    with _explained(name):
        file = pq.ParquetFile(pa.BufferReader(content))
        checked(file.schema_arrow, name)
        # for tables of a document, threads cost more than they save
        return file.read(columns=columns, use_threads=False)


def file_content(rows: pa.Table) -> bytes:
    """The content of a document's file that has these rows."""
    buffer = io.BytesIO()
    pq.write_table(rows.combine_chunks(), buffer, compression="zstd", use_dictionary=repeated(rows.schema))
    return buffer.getvalue()


def repeated(columns: pa.Schema) -> list[str]:
    """The columns for which dictionaries pay."""
    return [name for name in columns.names if name in REPEATED]


def read_document(storage: Storage, collection: str, document_id: str) -> Document:
    """The document as it was written. Raises FileNotFoundError, or NothingDone for a file of another major version."""
    pages = _rows(storage, file_name("pages", collection, document_id))
    lines = read_lines(storage, "lines", collection, document_id)
    record = read_record(storage, collection, document_id)
    return Document(document_id, collection, tuple(_page(row, lines.get(row["page"], ())) for row in pages), record)


def read_page(storage: Storage, collection: str, document_id: str, number: int) -> Page | None:
    """One page, sooner than all of a long document; None where it has no such page. Raises as `read_document` does."""
    names = (file_name(table, collection, document_id) for table in ("pages", "lines"))
    pages, lines = (_rows(storage, name, number) for name in names)
    return _page(pages[0], tuple(map(_line, lines))) if pages else None


def read_record(storage: Storage, collection: str, document_id: str) -> Record:
    """The record as it was written, an empty one when there is no file. Raises NothingDone as `read_document` does."""
    try:
        (row,) = _rows(storage, file_name("documents", collection, document_id))
    except FileNotFoundError:
        return Record()
    said = {name: row[name] or "" for name in Record.__slots__ if name != "further"}
    return Record(**said, further=tuple(row["further"] or ()))


def read_lines(storage: Storage, table: str, collection: str, document_id: str) -> Mapping[int, tuple[Line, ...]]:
    """Lines by page from `lines` or a table like it. Raises as `read_document` does."""
    rows = _rows(storage, file_name(table, collection, document_id))
    return {number: tuple(map(_line, of)) for number, of in groupby(rows, key=lambda row: row["page"])}


def read_failures(storage: Storage, collection: str, document_id: str) -> tuple[Failure, ...]:
    """The failures as they were written, none when there is no file. Raises NothingDone as `read_document` does."""
    try:
        rows = _rows(storage, file_name("failures", collection, document_id))
    except FileNotFoundError:
        return ()
    columns = ("source", "page", "stage", "kind", "message", "tries")
    return tuple(Failure(**{column: row[column] for column in columns}) for row in rows)


def open_dataset(root: str, table: str) -> pds.Dataset:
    """All files of a table below an output folder or URL, with the column `collection`, as one dataset.

    Files of an older minor version give null for the columns they lack; columns of newer ones are there too. Reads the
    footer of every file. Raises NothingDone for a file of another major version.
    """
    storage, known = open_storage(root), pa.unify_schemas([schema(table), COLLECTION])
    names = (entry.name for entry in storage.list(f"{table}/collection="))
    fragments = {name: _fragment(storage, name) for name in names if name.endswith(".parquet")}
    whole = pa.unify_schemas([known, *(_fragment_schema(name, each) for name, each in fragments.items())])
    return pds.FileSystemDataset(list(fragments.values()), whole, pds.ParquetFileFormat(), pfs.LocalFileSystem())


def _fragment(storage: Storage, name: str) -> pds.Fragment:
    """A file of a table; in a store its parts are read there."""
    of = pc.field("collection") == packs.parts(name)[1]
    make = pds.ParquetFileFormat().make_fragment
    if isinstance(storage, LocalStorage):
        return make(f"{storage.root}/{name}", pfs.LocalFileSystem(), partition_expression=of)
    return make(storage.open(name), partition_expression=of)


def _read_packed(storage: Storage, name: str, columns: list[str] | None) -> pa.Table:
    pack = packs.find(storage, name)
    if pack is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    document_id = packs.parts(name)[2]
    with _explained(pack.name, document_id):
        checked(pack.schema, pack.name)
        return pack.rows(document_id, columns)


def _page_row(document_id: str, page: Page) -> dict[str, Any]:
    same = {c.name: getattr(page, c.name, None) for c in TABLES["pages"]}
    regions = [{"kind": region.kind, "polygon": point_rows(region.polygon)} for region in page.regions]
    own = {"document_id": document_id, "page": page.number, "lines": len(page.lines), "regions": regions}
    return same | own


def _line_row(document_id: str, page: Page, number: int, line: Line) -> dict[str, Any]:
    return {
        "document_id": document_id,
        "source": page.source,
        "page": page.number,
        "line": number,
        "region": line.region,
        "paragraph": line.paragraph,
        "row": line.row,
        "column": line.column,
        "text": line.text,
        "confidence": line.confidence,
        "language": line.language,
        "baseline": point_rows(line.baseline),
        "polygon": point_rows(line.polygon),
        "words": [_word_row(word) for word in line.words],
        "revision": page.revision,
    }


def _word_row(word: Word) -> dict[str, Any]:
    others = word.alternatives and [{"text": o.text, "probability": o.probability} for o in word.alternatives]
    return {
        "text": word.text,
        "confidence": word.confidence,
        "polygon": point_rows(word.polygon),
        "alternatives": others,
    }


def point_rows(polyline: Polyline) -> list[dict[str, float]]:
    """A polyline as it stands in a file."""
    return [{"x": x, "y": y} for x, y in polyline]


def _page(row: Mapping[str, Any], lines: tuple[Line, ...]) -> Page:
    same = set(Page.__slots__) & row.keys()
    regions = tuple(Region(region["kind"], polyline_of(region["polygon"])) for region in row["regions"])
    own = {"number": row["page"], "lines": lines, "regions": regions}
    return Page(**({name: row[name] for name in same} | own))


def _line(row: Mapping[str, Any]) -> Line:
    same = {name: row[name] for name in ("text", "confidence", "region", "paragraph", "language", "row", "column")}
    baseline, polygon = polyline_of(row["baseline"]), polyline_of(row["polygon"])
    return Line(baseline=baseline, polygon=polygon, words=tuple(map(_word, row["words"])), **same)


def _word(row: Mapping[str, Any]) -> Word:
    others = row["alternatives"]
    alternatives = None if others is None else tuple(Alternative(**other) for other in others)
    return Word(row["text"], row["confidence"], polyline_of(row["polygon"]), alternatives)


def polyline_of(points: Iterable[Mapping[str, float]]) -> Polyline:
    """A polyline as it stands in a file, read again."""
    return tuple((point["x"], point["y"]) for point in points)


def _table(table: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=schema(table))


def _rows(storage: Storage, name: str, page: int | None = None) -> list[dict[str, Any]]:
    table = read_table(storage, name)
    return list((table if page is None else table.filter(pc.equal(table["page"], page))).to_pylist())


@contextmanager
def _explained(name: str, document_id: str = "ID") -> Iterator[None]:
    """Say which file is damaged."""
    try:
        yield
    except packs.DAMAGE as error:
        raise NothingDone(f"{name} is not a whole Parquet file ({error}); {_way_out(name, document_id)}") from error


def _way_out(name: str, document_id: str) -> str:
    if packs.Pack.named(name) and document_id == "ID":
        return "remove it: the next `inkbeam digitize` of its documents' sources reads them again"
    return f"make it again with --redo {document_id}"


def _fragment_schema(name: str, fragment: pds.Fragment) -> pa.Schema:
    with _explained(name):
        return checked(fragment.physical_schema, name)


def checked(found: pa.Schema, name: str) -> pa.Schema:
    """The schema of a file, if its major version is ours; raises NothingDone."""
    version = (found.metadata or {}).get(b"schema_version", b"none").decode()
    ours = SCHEMA_VERSION.partition(".")[0]
    if version.partition(".")[0] != ours:
        raise NothingDone(
            f"{name} has schema version {version}, this Inkbeam reads {ours}.x; "
            "use the Inkbeam that wrote it, or another --output"
        )
    return found
