"""The Parquet files: their schemas, and Document -> Parquet -> Document.

One table of columns gives the pyarrow schemas and SCHEMA.md (`python -m pipeline.store > pipeline/SCHEMA.md`). Within a
major version columns are only added, so that files of all its versions open as one dataset. The bytes of a file depend
on its content alone: no time stamps, a fixed order of rows, fixed settings.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.dataset as pds
import pyarrow.fs as pfs
import pyarrow.parquet as pq

from pipeline.document import Alternative, Document, Line, Page, Polyline, Region, Word
from pipeline.failures import Failure, NothingDone
from pipeline.storage import Storage

SCHEMA_VERSION: Final = "1.1"

_POINTS: Final = pa.list_(pa.struct({"x": pa.float32(), "y": pa.float32()}))
_REGIONS: Final = pa.list_(pa.struct({"kind": pa.string(), "polygon": _POINTS}))
_ALTERNATIVES: Final = pa.list_(pa.struct({"text": pa.string(), "probability": pa.float32()}))
_WORD: Final = {"text": pa.string(), "confidence": pa.float32(), "polygon": _POINTS, "alternatives": _ALTERNATIVES}


class Column(NamedTuple):
    """A column: `unit` is empty where there is none, `null` (what null means) where null never occurs."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str
    null: str = ""


_DOCUMENT_ID: Final = Column("document_id", pa.string(), "", "the document: a slug of its name and 8 hex digits")
_SOURCE: Final = Column("source", pa.string(), "", "file the page was read from; bytes that are not UTF-8 as %XX")
_REVISION: Final = Column("revision", pa.string(), "", "hash of source, bundle and settings: what this was made from")

TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "pages": (
        _DOCUMENT_ID,
        _SOURCE,
        Column("source_sha256", pa.string(), "", "SHA-256 of that file, in hex"),
        Column("page", pa.int32(), "", "number of the page in the document, from 1"),
        Column("width", pa.int32(), "pixels", "width as a person sees the page; 0 when it could not be rendered"),
        Column("height", pa.int32(), "pixels", "height as a person sees the page; 0 when it could not be rendered"),
        Column("dpi", pa.float32(), "pixels/inch", "resolution of the page image; 0 when it could not be rendered"),
        Column(
            "rotation", pa.int32(), "degrees", "clockwise turn that the file or its lines asked for: 0, 90, 180 or 270"
        ),
        Column("skew_degrees", pa.float32(), "degrees", "clockwise slope of the lines"),
        Column("language", pa.string(), "", "language of the page", "not determined"),
        Column(
            "status", pa.string(), "", "read, blank, doubtful (more errors to expect than the settings allow) or failed"
        ),
        Column("lines", pa.int32(), "", "number of lines on the page"),
        Column("confidence", pa.float32(), "0..1", "mean confidence of the page", "nothing was read"),
        Column("expected_cer", pa.float32(), "0..1", "expected share of wrong characters", "not estimated"),
        Column("origin", pa.string(), "", "where the text is from: read (by the network) or pdf (its text layer)"),
        Column("regions", _REGIONS, "pixels", "blocks of lines and their outlines"),
        Column("bundle", pa.string(), "", "id of the bundle that read the page"),
        _REVISION,
    ),
    "lines": (
        _DOCUMENT_ID,
        _SOURCE,
        Column("page", pa.int32(), "", "number of the page in the document, from 1"),
        Column("line", pa.int32(), "", "place in the reading order of the page, from 1"),
        Column("region", pa.int32(), "", "place in the page's regions, from 0"),
        Column("paragraph", pa.int32(), "", "number of the paragraph on the page, from 0"),
        Column("row", pa.int32(), "", "row of the page's table, from 0", "the line is in no table"),
        Column("column", pa.int32(), "", "column of the page's table, from 0", "the line is in no table"),
        Column("text", pa.string(), "", "what the line says"),
        Column("confidence", pa.float32(), "0..1", "confidence of the text"),
        Column("language", pa.string(), "", "language of the line", "not determined"),
        Column("baseline", _POINTS, "pixels", "the line the letters stand on, in reading direction"),
        Column("polygon", _POINTS, "pixels", "outline of the ink"),
        Column(
            "words",
            pa.list_(pa.struct(_WORD)),
            "pixels, 0..1",
            "words with confidence, outline, and other readings with their probability",
            "`alternatives` alone: nobody looked for any",
        ),
        _REVISION,
    ),
    "failures": (
        _DOCUMENT_ID,
        _SOURCE,
        Column("page", pa.int32(), "", "number of the page in the document, from 1", "the source as a whole failed"),
        Column("stage", pa.string(), "", "step that failed: probe, render, segment, recognise or commit"),
        Column("kind", pa.string(), "", "kind of failure"),
        Column("transient", pa.bool_(), "", "whether the next runs try again"),
        Column("message", pa.string(), "", "what happened"),
        Column("advice", pa.string(), "", "what you can do"),
        Column("tries", pa.int32(), "", "runs that tried so far"),
    ),
}

# Columns whose values repeat from row to row; everywhere else a dictionary costs more than it saves.
_REPEATED: Final = (
    *("document_id", "source", "source_sha256", "language", "status", "origin", "bundle", "revision"),
    *(
        "page",
        "width",
        "height",
        "dpi",
        "rotation",
        "region",
        "paragraph",
        "row",
        "column",
        "stage",
        "kind",
        "message",
        "advice",
    ),
)


def schema(table: str) -> pa.Schema:
    """The schema of `pages`, `lines` or `failures`, with SCHEMA_VERSION in its metadata."""
    return pa.schema([(c.name, c.type) for c in TABLES[table]], metadata={"schema_version": SCHEMA_VERSION})


def pages_name(collection: str, document_id: str) -> str:
    """Name of a document's pages file below the output folder."""
    return f"pages/collection={collection}/{document_id}.parquet"


def lines_name(collection: str, document_id: str) -> str:
    """Name of a document's lines file below the output folder."""
    return f"lines/collection={collection}/{document_id}.parquet"


def failures_name(collection: str, document_id: str) -> str:
    """Name of a document's failures file below the output folder."""
    return f"failures/collection={collection}/{document_id}.parquet"


def pages_parquet(document: Document) -> bytes:
    """One row a page, in order; blank and failed pages too."""
    return _parquet("pages", (_page_row(document.id, page) for page in document.pages))


def lines_parquet(document: Document) -> bytes:
    """One row a line, in the order of pages and of reading."""
    return _parquet(
        "lines",
        (
            _line_row(document.id, page, number, line)
            for page in document.pages
            for number, line in enumerate(page.lines, 1)
        ),
    )


def failures_parquet(document_id: str, failures: Sequence[Failure]) -> bytes:
    """One row a failure of the document, in the order given."""
    columns = ("source", "page", "stage", "kind", "transient", "message", "advice", "tries")
    return _parquet("failures", ({"document_id": document_id} | {c: getattr(f, c) for c in columns} for f in failures))


def read_document(storage: Storage, collection: str, document_id: str) -> Document:
    """The document as it was written. Raises FileNotFoundError, or NothingDone for a file of another major version."""
    lines = _rows(storage, lines_name(collection, document_id))
    by_page = {number: tuple(map(_line, rows)) for number, rows in groupby(lines, key=lambda row: row["page"])}
    pages = _rows(storage, pages_name(collection, document_id))
    return Document(document_id, collection, tuple(_page(row, by_page.get(row["page"], ())) for row in pages))


def read_failures(storage: Storage, collection: str, document_id: str) -> tuple[Failure, ...]:
    """The failures as they were written, none when there is no file. Raises NothingDone as `read_document` does."""
    try:
        rows = _rows(storage, failures_name(collection, document_id))
    except FileNotFoundError:
        return ()
    columns = ("source", "page", "stage", "kind", "message", "tries")
    return tuple(Failure(**{column: row[column] for column in columns}) for row in rows)


def open_dataset(root: str, table: str) -> pds.Dataset:
    """All files of a table below an output folder or URL, with the column `collection`, as one dataset.

    Files of an older minor version give null for the columns they lack; columns of newer ones are there too. Reads the
    footer of every file. Raises NothingDone for a file of another major version.
    """
    filesystem, folder = pfs.FileSystem.from_uri(root) if "://" in root else (pfs.LocalFileSystem(), root)
    selector = pfs.FileSelector(f"{folder.rstrip('/')}/{table}", recursive=True, allow_not_found=True)
    hive = pds.HivePartitioning(pa.schema({"collection": pa.string()}))
    options = pds.FileSystemFactoryOptions(selector.base_dir, hive)
    known = pa.unify_schemas([schema(table), hive.schema])
    dataset = pds.FileSystemDatasetFactory(filesystem, selector, pds.ParquetFileFormat(), options).finish(known)
    return dataset.replace_schema(pa.unify_schemas([known, *map(_fragment_schema, dataset.get_fragments())]))


def schema_markdown() -> str:
    """The content of SCHEMA.md."""
    head = f"""# The tables

Schema version {SCHEMA_VERSION}, generated from `pipeline/store.py` by `python -m pipeline.store`. Every file says its
version in the metadata `schema_version`; within a major version columns are only added. Files lie in
`TABLE/collection=NAME/DOCUMENT.parquet`, one a document; `collection` is a column of the dataset, not of the file.
Coordinates are pixels of the page as a person sees it (after EXIF and PDF rotation, before deskew), x to the right,
y down. A column whose last cell is empty is never null.
"""
    return head + "".join(map(_markdown_table, TABLES))


def _markdown_table(table: str) -> str:
    rows = (f"| {c.name} | `{c.type}` | {c.unit} | {c.meaning} | {c.null} |\n" for c in TABLES[table])
    header = "| column | type | unit or range | meaning | null means |\n|---|---|---|---|---|\n"
    return f"\n## {table}\n\n{header}{''.join(rows)}"


def _page_row(document_id: str, page: Page) -> dict[str, Any]:
    same = {c.name: getattr(page, c.name, None) for c in TABLES["pages"]}
    regions = [{"kind": region.kind, "polygon": _points(region.polygon)} for region in page.regions]
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
        "baseline": _points(line.baseline),
        "polygon": _points(line.polygon),
        "words": [_word_row(word) for word in line.words],
        "revision": page.revision,
    }


def _word_row(word: Word) -> dict[str, Any]:
    others = (
        None
        if word.alternatives is None
        else [{"text": other.text, "probability": other.probability} for other in word.alternatives]
    )
    return {
        "text": word.text,
        "confidence": word.confidence,
        "polygon": _points(word.polygon),
        "alternatives": others,
    }


def _points(polyline: Polyline) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in polyline]


def _page(row: Mapping[str, Any], lines: tuple[Line, ...]) -> Page:
    same = set(Page.__slots__) & row.keys()
    regions = tuple(Region(region["kind"], _polyline(region["polygon"])) for region in row["regions"])
    own = {"number": row["page"], "lines": lines, "regions": regions}
    return Page(**({name: row[name] for name in same} | own))


def _line(row: Mapping[str, Any]) -> Line:
    same = {name: row[name] for name in ("text", "confidence", "region", "paragraph", "language", "row", "column")}
    baseline, polygon = _polyline(row["baseline"]), _polyline(row["polygon"])
    return Line(baseline=baseline, polygon=polygon, words=tuple(map(_word, row["words"])), **same)


def _word(row: Mapping[str, Any]) -> Word:
    others = row["alternatives"]
    alternatives = None if others is None else tuple(Alternative(**other) for other in others)
    return Word(row["text"], row["confidence"], _polyline(row["polygon"]), alternatives)


def _polyline(points: Iterable[Mapping[str, float]]) -> Polyline:
    return tuple((point["x"], point["y"]) for point in points)


def _parquet(table: str, rows: Iterable[Mapping[str, Any]]) -> bytes:
    content = pa.Table.from_pylist(list(rows), schema=schema(table))
    repeated = [name for name in content.column_names if name in _REPEATED]
    buffer = io.BytesIO()
    pq.write_table(content, buffer, compression="zstd", use_dictionary=repeated)
    return buffer.getvalue()


def _rows(storage: Storage, name: str) -> list[dict[str, Any]]:
    content = storage.read(name)
    with _explained(name):
        file = pq.ParquetFile(io.BytesIO(content))
        _checked(file.schema_arrow, name)
        return list(file.read().to_pylist())


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Say which file is damaged; pyarrow raises OSError for some damage."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise NothingDone(f"{name} is not a whole Parquet file ({error}); make it again with --redo ID") from error


def _fragment_schema(fragment: pds.Fragment) -> pa.Schema:
    with _explained(fragment.path):
        return _checked(fragment.physical_schema, fragment.path)


def _checked(found: pa.Schema, name: str) -> pa.Schema:
    """The schema, if its major version is ours; raises NothingDone."""
    version = (found.metadata or {}).get(b"schema_version", b"none").decode()
    ours = SCHEMA_VERSION.partition(".")[0]
    if version.partition(".")[0] != ours:
        raise NothingDone(
            f"{name} has schema version {version}, this Inkbeam reads {ours}.x; "
            "use the Inkbeam that wrote it, or another --output"
        )
    return found


if __name__ == "__main__":
    print(schema_markdown(), end="")
