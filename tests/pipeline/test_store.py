import io
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import store
from pipeline.document import Alternative, Document, Line, Page, Region, Word
from pipeline.failures import Failure, NothingDone
from pipeline.schema import SCHEMA_VERSION, TABLES, schema, schema_markdown
from pipeline.storage import LocalStorage
from tests.pipeline.strategies import documents, failures

WORD = Word("Dear", 0.5, ((10.0, 10.0), (50.0, 10.0), (50.0, 30.0)), (Alternative("Deer", 0.25),))
LINE = Line("Dear", 0.75, ((10.0, 28.0), (50.0, 28.5)), ((10.0, 10.0), (50.0, 10.0), (50.0, 30.0)), (WORD,), 0, 0)
PAGE = Page(
    number=2,
    source="a.pdf",
    source_sha256="0" * 64,
    width=100,
    height=200,
    dpi=300.0,
    rotation=90,
    skew_degrees=0.5,
    status="read",
    lines=(LINE,),
    regions=(Region("column", ((0.0, 0.0), (100.0, 0.0), (100.0, 200.0))),),
    bundle="b",
    revision="r",
    confidence=0.75,
)
DOCUMENT = Document("a-01234567", "letters", (PAGE,))
FAILURE = Failure("a.pdf", None, "probe", "encrypted", "locked", 1)


def write(storage: LocalStorage, document: Document) -> None:
    storage.write(store.file_name("pages", document.collection, document.id), store.pages_parquet(document))
    storage.write(store.file_name("lines", document.collection, document.id), store.lines_parquet(document))
    record = store.record_parquet(document.id, "a.pdf", document.record)
    storage.write(store.file_name("documents", document.collection, document.id), record)


def write_later(path: Path, table: pa.Table, version: str) -> None:
    """The table as a later Inkbeam might write it: with one more column, and its own version."""
    later = table.append_column("mood", pa.array(["good"] * len(table))).replace_schema_metadata(
        {"schema_version": version}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(later, path)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
def test_a_document_is_read_as_it_was_written(storage: LocalStorage, document: Document) -> None:
    write(storage, document)
    assert store.read_document(storage, document.collection, document.id) == document


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_failures=st.lists(failures, max_size=3))
def test_failures_are_read_as_they_were_written(storage: LocalStorage, given_failures: list[Failure]) -> None:
    storage.write(store.file_name("failures", "letters", "a"), store.failures_parquet("a", given_failures))
    assert store.read_failures(storage, "letters", "a") == tuple(given_failures)


def test_no_file_is_no_failures_but_a_missing_document_is_an_error(storage: LocalStorage) -> None:
    assert store.read_failures(storage, "letters", "a") == ()
    with pytest.raises(FileNotFoundError):
        store.read_document(storage, "letters", "a")


def test_the_rows_of_a_known_document() -> None:
    (page,) = pq.read_table(io.BytesIO(store.pages_parquet(DOCUMENT))).to_pylist()
    (line,) = pq.read_table(io.BytesIO(store.lines_parquet(DOCUMENT))).to_pylist()
    assert page["document_id"] == line["document_id"] == "a-01234567"
    assert (page["page"], page["lines"], page["rotation"], page["language"]) == (2, 1, 90, None)
    assert page["regions"][0]["polygon"][1] == {"x": 100.0, "y": 0.0}
    assert (line["page"], line["line"], line["text"], line["revision"]) == (2, 1, "Dear", "r")
    assert line["words"][0]["alternatives"] == [{"text": "Deer", "probability": 0.25}]
    assert line["baseline"] == [{"x": 10.0, "y": 28.0}, {"x": 50.0, "y": 28.5}]


def test_the_row_of_a_known_failure() -> None:
    (row,) = pq.read_table(io.BytesIO(store.failures_parquet("a", [FAILURE]))).to_pylist()
    assert row["advice"].startswith("The PDF asks for a password.")
    assert (row["page"], row["transient"], row["kind"], row["tries"]) == (None, False, "encrypted", 1)


@pytest.mark.parametrize("table", ["pages", "lines", "failures"])
def test_files_hold_our_columns_compressed_and_nothing_of_the_day(table: str) -> None:
    content = {
        "pages": store.pages_parquet(DOCUMENT),
        "lines": store.lines_parquet(DOCUMENT),
        "failures": store.failures_parquet("a", [FAILURE]),
    }[table]
    file = pq.ParquetFile(io.BytesIO(content))
    assert file.schema_arrow == schema(table)
    assert file.schema_arrow.metadata == {b"schema_version": SCHEMA_VERSION.encode()}
    group = file.metadata.row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    assert {column.compression for column in columns} == {"ZSTD"}
    source = next(column for column in columns if column.path_in_schema == "source")
    assert source.has_dictionary_page


def test_the_same_document_gives_the_same_bytes() -> None:
    copy = Document(DOCUMENT.id, DOCUMENT.collection, (PAGE,))
    assert store.pages_parquet(DOCUMENT) == store.pages_parquet(copy)
    assert store.lines_parquet(DOCUMENT) == store.lines_parquet(copy)


def test_names() -> None:
    assert store.file_name("pages", "c", "a-1") == "pages/collection=c/a-1.parquet"
    assert store.file_name("lines", "c", "a-1") == "lines/collection=c/a-1.parquet"
    assert store.file_name("failures", "c", "a-1") == "failures/collection=c/a-1.parquet"


def test_mixed_versions_open_as_one_dataset(storage: LocalStorage, tmp_path: Path) -> None:
    write(storage, DOCUMENT)
    ours = pq.read_table(io.BytesIO(store.lines_parquet(DOCUMENT)))
    write_later(tmp_path / store.file_name("lines", "1914", "b-1"), ours, "1.1")

    dataset = store.open_dataset(storage.root, "lines")
    rows = dataset.to_table(columns=["collection", "text", "mood"]).to_pylist()
    assert sorted(rows, key=lambda row: row["collection"]) == [
        {"collection": "1914", "text": "Dear", "mood": "good"},
        {"collection": "letters", "text": "Dear", "mood": None},
    ]

    pattern = str(tmp_path / "lines/*/*.parquet")
    query = (
        "select collection, text, mood, words[1].polygon[2].x "
        f"from read_parquet('{pattern}', union_by_name=true, hive_partitioning=true) order by collection"
    )
    assert duckdb.sql(query).fetchall() == [("1914", "Dear", "good", 50.0), ("letters", "Dear", None, 50.0)]
    assert store.read_document(storage, "letters", DOCUMENT.id) == DOCUMENT


def test_a_document_of_a_later_minor_version_is_read_without_its_new_columns(
    storage: LocalStorage, tmp_path: Path
) -> None:
    for name, content in (
        (store.file_name("pages", "letters", DOCUMENT.id), store.pages_parquet(DOCUMENT)),
        (store.file_name("lines", "letters", DOCUMENT.id), store.lines_parquet(DOCUMENT)),
    ):
        write_later(tmp_path / name, pq.read_table(io.BytesIO(content)), "1.7")
    assert store.read_document(storage, "letters", DOCUMENT.id) == DOCUMENT


@pytest.mark.parametrize("version", ["2.0", "0.9", "10.0"])
def test_another_major_version_is_refused(storage: LocalStorage, tmp_path: Path, version: str) -> None:
    write(storage, DOCUMENT)
    ours = pq.read_table(io.BytesIO(store.lines_parquet(DOCUMENT)))
    write_later(tmp_path / store.file_name("lines", "letters", DOCUMENT.id), ours, version)
    said = rf"{DOCUMENT.id}\.parquet has schema version {version}, this Inkbeam reads 1\.x"
    with pytest.raises(NothingDone, match=said):
        store.read_document(storage, "letters", DOCUMENT.id)
    with pytest.raises(NothingDone, match=said):
        store.open_dataset(storage.root, "lines")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.integers(0, len(store.failures_parquet("a", [FAILURE])) - 1))
def test_a_damaged_file_is_explained(storage: LocalStorage, length: int) -> None:
    storage.write(store.file_name("failures", "letters", "a"), store.failures_parquet("a", [FAILURE])[:length])
    said = r"failures/.*/a\.parquet is not a whole Parquet file"
    with pytest.raises(NothingDone, match=said):
        store.read_failures(storage, "letters", "a")
    with pytest.raises(NothingDone, match=said):
        store.open_dataset(storage.root, "failures")


def test_an_empty_output_is_an_empty_dataset(tmp_path: Path) -> None:
    dataset = store.open_dataset(str(tmp_path), "pages")
    assert dataset.count_rows() == 0
    assert {"document_id", "collection"} <= set(dataset.schema.names)


def test_schema_md_is_up_to_date() -> None:
    committed = Path(store.__file__).with_name("SCHEMA.md").read_text(encoding="utf-8")
    assert committed == schema_markdown(), "run: python -m pipeline.schema > pipeline/SCHEMA.md"


@settings(max_examples=30)
@given(documents())
def test_null_occurs_only_where_the_schema_gives_it_a_meaning(document: Document) -> None:
    for table, content in (("pages", store.pages_parquet(document)), ("lines", store.lines_parquet(document))):
        written = pq.read_table(io.BytesIO(content))
        for column in TABLES[table]:
            assert column.null or written[column.name].null_count == 0
