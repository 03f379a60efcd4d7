"""The columns of the Parquet files, as one table that gives pyarrow's schemas and SCHEMA.md.

`python -m pipeline.schema > pipeline/SCHEMA.md` writes the latter. Within a major version columns are only added, so
that files of all its versions open as one dataset.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import pyarrow as pa

SCHEMA_VERSION: Final = "1.4"

SIDES: Final = ("left", "top", "right", "bottom")
_BOX: Final = {side: pa.float32() for side in SIDES}
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


_RECORD: Final = {
    "shelfmark": "shelfmark, as the archive cites it",
    "title": "title",
    "date": "date, as the catalogue writes it",
    "rights": "what may be done with it: a licence, or words",
    "canvas": "address of its IIIF canvas or manifest",
}
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
        Column("origin", pa.string(), "", "where the text is from: read (by the network) or pdf (its own letters)"),
        Column(
            "agreement", pa.float32(), "0..1", "share of the characters on which Tesseract agrees", "it was not asked"
        ),
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
        Column("stage", pa.string(), "", "step that failed: probe, text, render, segment, recognise or commit"),
        Column("kind", pa.string(), "", "kind of failure"),
        Column("transient", pa.bool_(), "", "whether the next runs try again"),
        Column("message", pa.string(), "", "what happened"),
        Column("advice", pa.string(), "", "what you can do"),
        Column("tries", pa.int32(), "", "runs that tried so far"),
    ),
    "documents": (
        _DOCUMENT_ID,
        Column("source", pa.string(), "", "file or folder of the document; bytes that are not UTF-8 as %XX"),
        *(Column(name, pa.string(), "", meaning, "the catalogue does not say") for name, meaning in _RECORD.items()),
        Column(
            "further",
            pa.map_(pa.string(), pa.string()),
            "",
            "what stands in the catalogue's other columns, by their names",
            "there are none, or all are empty",
        ),
    ),
    "corrections": (
        _DOCUMENT_ID,
        _SOURCE,
        Column("page", pa.int32(), "", "number of the page in the document, from 1"),
        Column("line", pa.int32(), "", "place in the reading order of the page, from 1, when this was said"),
        Column("baseline", _POINTS, "pixels", "that of the line, by which it is found again"),
        Column("polygon", _POINTS, "pixels", "that of the line"),
        Column("before", pa.string(), "", "what was read there"),
        Column("text", pa.string(), "", "what stands there; empty for unreadable and withdrawn"),
        Column(
            "verdict",
            pa.string(),
            "",
            "right, corrected, unreadable, or withdrawn (as it was read)",
        ),
        Column("bundle", pa.string(), "", "id of the bundle that read the line"),
        Column("time", pa.timestamp("us", "UTC"), "", "when this was said; of a line the latest counts"),
        Column("who", pa.string(), "", "who said so; empty if nobody was named"),
        Column("tool", pa.string(), "", "program in which it was said"),
        Column("width", pa.int32(), "pixels", "width of the page then"),
        Column("height", pa.int32(), "pixels", "height of the page then"),
    ),
    "words": (
        Column("token", pa.string(), "", "what is searched for: the word without case, diacritics and punctuation"),
        Column("text", pa.string(), "", "the word as it stands, or as another reading has it; broken ones whole"),
        Column("collection", pa.string(), "", "partition of the dataset that the document is in"),
        _DOCUMENT_ID,
        Column("page", pa.int32(), "", "number of the page in the document, from 1"),
        Column("line", pa.int32(), "", "place of its line in the reading order of the page, from 1"),
        Column("position", pa.int32(), "", "place among the words of the page, from 0; other readings share it"),
        Column("rank", pa.int32(), "", "0 for the text of the line, from 1 for other readings"),
        Column("probability", pa.float32(), "0..1", "that this word stands there"),
        Column("language", pa.string(), "", "language of the line", "not determined"),
        Column("doubtful", pa.bool_(), "", "whether the page is doubtful"),
        *(Column(side, kind, "pixels", f"{side} side of its box") for side, kind in _BOX.items()),
        Column(
            "second_half",
            pa.struct({"line": pa.int32(), **_BOX}),
            "pixels",
            "line and box of the second half of a word that a hyphen breaks at the end of its line",
            "it is not broken",
        ),
    ),
}

EXAMPLES: Final[Mapping[str, str]] = {
    "Where a word stands, the likeliest places first; only the groups of rows that hold it are read": """\
SELECT document_id, page, line, text, probability, "left", top, "right", bottom
FROM read_parquet('OUT/words/*.parquet')
WHERE token = 'eleve' ORDER BY probability DESC LIMIT 20""",
    "The words of a collection by their number, as they were read and without doubtful pages": """\
SELECT token, count(*) AS places
FROM read_parquet('OUT/words/*.parquet')
WHERE collection = 'default' AND rank = 0 AND NOT doubtful AND length(token) > 3
GROUP BY token ORDER BY places DESC, token LIMIT 20""",
    "Lines of a page, with their text, in which a word may stand although the text has another": """\
SELECT w.document_id, w.page, l.text, w.text AS perhaps, w.probability
FROM read_parquet('OUT/words/*.parquet') AS w
JOIN read_parquet('OUT/lines/*/*.parquet') AS l USING (document_id, page, line)
WHERE w.token = 'eleve' AND w.rank > 0 ORDER BY w.probability DESC""",
}
"""What a query is for, and the query (DuckDB)."""

# Columns whose values repeat from row to row; everywhere else a dictionary costs more than it saves.
REPEATED: Final = (
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
    """The schema of a table of TABLES, with SCHEMA_VERSION in its metadata."""
    return pa.schema([(c.name, c.type) for c in TABLES[table]], metadata={"schema_version": SCHEMA_VERSION})


def schema_markdown() -> str:
    """The content of SCHEMA.md."""
    head = f"""# The tables

Schema version {SCHEMA_VERSION}, generated from `pipeline/schema.py` by `python -m pipeline.schema`. Every file says its
version in the metadata `schema_version`; within a major version columns are only added. Files lie in
`TABLE/collection=NAME/DOCUMENT.parquet`, one a document, or `packed_NUMBER.parquet`, thousands of documents sorted by
`document_id`, whose ids stand in the footer (`documents`); no id has an underscore. `collection` is a column of the
dataset, not of the file.
`documents` has a file for every document that a catalogue or a METS file describes, with one row.
Those of `corrections`, what people said of lines, lie in `corrections/collection=NAME/DOCUMENT.TIME-NUMBER.parquet`,
several a document; nothing in the other tables but `words` is changed by them.
Those of `words` lie in `words/segment-NUMBER.parquet`, each sorted by token, document, page and position.
Coordinates are pixels of the page as a person sees it (after EXIF and PDF rotation, before deskew), x to the right,
y down. A column whose last cell is empty is never null. `baseline` (what Tesseract read beside us) and `truth` (what
a comparison judged by) have the columns of `lines`.
"""
    return head + "".join(map(_markdown_table, TABLES)) + _markdown_examples()


def _markdown_table(table: str) -> str:
    rows = (f"| {c.name} | `{c.type}` | {c.unit} | {c.meaning} | {c.null} |\n" for c in TABLES[table])
    header = "| column | type | unit or range | meaning | null means |\n|---|---|---|---|---|\n"
    return f"\n## {table}\n\n{header}{''.join(rows)}"


def _markdown_examples() -> str:
    """Queries that users may begin with; the tests run them."""
    shown = (f"\n{purpose}:\n\n```sql\n{query};\n```\n" for purpose, query in EXAMPLES.items())
    return f"""
## Examples

The files are plain Parquet: `inkbeam search` needs no server, and neither does DuckDB, which runs these queries. pandas
opens them with `pandas.read_parquet("OUT/words", filters=[("token", "==", "eleve")])`, Spark with
`spark.read.parquet("OUT/words")`. Tokens have no capitals and no diacritics: look for `eleve` to find Élève.
{"".join(shown)}"""


if __name__ == "__main__":
    print(schema_markdown(), end="")
