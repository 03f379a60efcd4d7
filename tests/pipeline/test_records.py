"""Records of documents over runs: written, left, changed, and told by the summary."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.catalogue import Catalogue
from pipeline.document import Record
from pipeline.failures import ExitCode
from pipeline.plan import Decision
from pipeline.records import merged, write_records
from pipeline.sources import Origin
from pipeline.state import DocumentState
from pipeline.storage import LocalStorage
from pipeline.store import read_document, read_record
from tests.pipeline.conftest import Digitize, contents
from tests.pipeline.drawn import save_png
from tests.pipeline.exports import write

OWN = Record(title="of the source", date="1880")
ORIGIN = Origin("a-00000000", "/in/a.png", (), OWN)
DONE = DocumentState("a-00000000", "old", "/in/a.png", 1, 2, "st", "sha", "rev", (), 1, 0, 0, 1)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path / "out"))


def records(out: Path) -> list[dict[str, Any]]:
    return [pq.ParquetFile(file).read().to_pylist()[0] for file in sorted((out / "documents").rglob("*.parquet"))]


def test_the_catalogue_goes_before_the_source() -> None:
    assert merged(OWN, Record(title="catalogued", rights="CC0")) == Record("", "catalogued", "1880", "CC0")


def test_documents_that_are_done_keep_their_collection(storage: LocalStorage) -> None:
    done = Decision(ORIGIN, "done", False, DONE)
    told = write_records(storage, [done], Catalogue({}), "new")
    assert (told.described, told.written, told.stale) == (1, 1, 1)
    assert read_record(storage, "old", ORIGIN.document_id) == OWN
    assert write_records(storage, [done], Catalogue({}), "new").written == 0
    due = Decision(ORIGIN, "changed", True, DONE)
    assert write_records(storage, [due], Catalogue({}), "new").stale == 0
    assert read_record(storage, "new", ORIGIN.document_id) == OWN


def test_removed_documents_get_no_record(storage: LocalStorage) -> None:
    told = write_records(storage, [Decision(ORIGIN, "removed", False, None)], Catalogue({"a-00000000": OWN}), "new")
    assert told.described == 0
    assert list(storage.list()) == []


def test_a_row_with_empty_cells_takes_a_record_back(storage: LocalStorage) -> None:
    bare = [Decision(Origin("a-00000000", "/in/a.png", ()), "done", False, DONE)]
    write_records(storage, bare, Catalogue({"a-00000000": OWN}), "new")
    write_records(storage, bare, Catalogue({"a-00000000": Record()}), "new")
    assert read_record(storage, "old", "a-00000000") == Record()


def test_a_catalogue_over_several_runs(tmp_path: Path, digitize: Digitize) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    one, two = (save_png(scans / f"{name}.png", seed) for seed, name in enumerate(("one", "two")))
    file = write(scans / "catalogue.csv", b"path;title;Scribe\none.png;A letter;Anna\nthree.png;Lost;\n")
    ran = digitize(scans, "--output", out, "--catalogue", file)
    assert ran.code == ExitCode.DONE, ran.err
    assert "1 document described, 1 of them new or changed" in ran.out
    assert "1 row without a document in the input: three.png" in ran.out
    assert "1 document without a row" in ran.out
    (row,) = records(out)
    assert (row["source"], row["title"], row["shelfmark"]) == (str(one), "A letter", None)
    assert dict(row["further"]) == {"Scribe": "Anna"}
    document = read_document(LocalStorage(str(out)), "default", row["document_id"])
    assert document.record == Record(title="A letter", further=(("Scribe", "Anna"),))

    before = contents(out)
    write(file, b"path,title\none.png,A letter\ntwo.png,A deed\n")
    again = digitize(scans, "--output", out, "--catalogue", file)
    assert "nothing was due" in again.out
    assert "2 documents described, 2 of them new or changed" in again.out
    assert "2 documents of these done before: `inkbeam export`" in again.out
    assert contents(out) == before
    assert {row["source"]: row["title"] for row in records(out)} == {str(one): "A letter", str(two): "A deed"}

    same = digitize(scans, "--output", out, "--catalogue", file)
    assert "2 documents described, 0 of them new or changed" in same.out
    assert "export" not in same.out
    save_png(two, 7)
    assert "described" not in digitize(scans, "--output", out).out
    assert [row["title"] for row in records(out)] == ["A letter", "A deed"]
    account = json.loads((out / "runs" / "000001.json").read_text())
    assert account["catalogue"] == {"described": 1, "written": 1, "rows_without_document": 1, "without_row": 1}
    (told,) = duckdb.sql(f"select further['Scribe'] from '{out}/documents/*/one-*.parquet'").fetchall()
    assert told == (None,)


def test_a_plan_tells_of_the_catalogue_and_writes_nothing(tmp_path: Path, digitize: Digitize) -> None:
    scan = save_png(tmp_path / "one.png")
    file = write(tmp_path / "catalogue.csv", b"path,title\ntwo.png,x\n")
    ran = digitize(scan, "--output", tmp_path / "out", "--catalogue", file, "--plan")
    assert "catalogue: 1 row without a document in the input: two.png" in ran.out
    assert "catalogue: 1 document without a row" in ran.out
    assert not (tmp_path / "out").exists()


def test_a_bad_catalogue_stops_the_run_before_it_begins(tmp_path: Path, digitize: Digitize) -> None:
    scan = save_png(tmp_path / "one.png")
    ran = digitize(scan, "--output", tmp_path / "out", "--catalogue", tmp_path / "none.csv")
    assert ran.code == ExitCode.USAGE
    assert "none.csv: No such file" in ran.err
    assert not (tmp_path / "out").exists()
