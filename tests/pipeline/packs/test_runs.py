"""Whole runs over packed documents: what users do with OUT works as before."""

from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from pipeline import cli
from pipeline.failures import ExitCode
from pipeline.package import Order, package
from pipeline.packs import packing
from pipeline.report.command import write_report
from pipeline.storage import LocalStorage
from pipeline.store import files_of, open_dataset
from tests.pipeline.conftest import Digitize
from tests.pipeline.drawn import save_png
from tests.pipeline.exports import write
from tests.pipeline.packs.made import alone, packs, through_folders, through_store, versions, with_rows
from tests.pipeline.test_remove import telling

LINES = "lines/collection=default"


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Four drawn pages, one of them blank, and what a catalogue says of them."""
    for name, lines in (("a", 3), ("b", 2), ("c", 0), ("d", 1)):
        save_png(tmp_path / "scans" / f"{name}.png", len(name), lines)
    return tmp_path / "scans"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    rows = "".join(f"scans/{name}.png,Register {name}\n" for name in "abcd")
    return write(tmp_path / "list.csv", f"path,title\n{rows}".encode())


def command(*arguments: object) -> Result:
    return CliRunner().invoke(cli.inkbeam, [*map(str, arguments)], catch_exceptions=False)


def identifier(storage: LocalStorage, name: str) -> str:
    """Id of the document of a scan."""
    (found,) = (document_id for _, document_id, _ in files_of(storage, "pages") if document_id.startswith(f"{name}-"))
    return found


@pytest.mark.usefixtures("small_packs")
def test_packed_documents_are_searched_exported_reported_redone_and_removed(
    scans: Path, catalogue: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, never = tmp_path / "out", tmp_path / "never"
    storage = LocalStorage(str(out))
    with monkeypatch.context() as patched:
        patched.setattr(packing, "FILES", 1000)
        digitize(scans, "--output", never, "--catalogue", catalogue)
    plain = through_store(LocalStorage(str(never)))
    assert digitize(scans, "--output", out, "--catalogue", catalogue).code == ExitCode.DONE
    assert len(packs(storage)) == len(packs(storage, "documents")) == 1
    assert len(alone(storage)) == 1
    assert through_store(storage) == plain

    again = digitize(scans, "--output", out, "--catalogue", catalogue)
    assert "nothing was due" in again.out
    assert "0 documents indexed" in again.out
    lines = duckdb.sql(f"select * from read_parquet('{out}/lines/**/*.parquet')")
    assert len(lines) == open_dataset(str(never), "lines").count_rows()

    word = open_dataset(str(out), "lines").to_table(columns=["text"])["text"][0].as_py().split()[0]
    for further in ((), ("--where", "title=register a")):
        assert command("search", out, word, *further).output == command("search", never, word, *further).output
    for folder in (out, never):
        assert command("export", folder, "--formats", "alto,text").exit_code == 0
    assert written(out, "alto") == written(never, "alto")
    assert package(str(out), str(tmp_path / "package"), Order.of("page", "all")).documents == 4
    write_report(str(out))

    first, second = identifier(storage, "a"), identifier(storage, "b")
    redone = digitize(scans, "--output", out, "--redo", first)
    assert "1 redone" in redone.out
    assert "1 document indexed" in redone.out
    assert through_store(storage) == plain
    assert through_folders(storage) == with_rows(plain)

    assert "removed 1 document" in command("remove", out, second).output
    assert telling(out, second) == set()
    assert {key: rows for key, rows in plain.items() if key[2] != second} == through_store(storage)


def written(out: Path, kind: str) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in (out / kind).rglob("*.xml")}


@pytest.mark.usefixtures("small_packs")
def test_a_changed_record_leaves_its_pack_and_the_lines_stay(
    scans: Path, catalogue: Path, tmp_path: Path, digitize: Digitize
) -> None:
    out = tmp_path / "out"
    storage = LocalStorage(str(out))
    digitize(scans, "--output", out, "--catalogue", catalogue)
    known = versions(storage)
    catalogue.write_text(catalogue.read_text().replace("Register b", "Letters b"))
    ran = digitize(scans, "--output", out, "--catalogue", catalogue)
    assert "0 documents indexed" in ran.out
    assert versions(storage) == known
    titles = open_dataset(str(out), "documents").to_table()["title"].to_pylist()
    assert sorted(titles) == ["Letters b", "Register a", "Register c", "Register d"]


@pytest.mark.usefixtures("small_packs")
def test_documents_of_a_pack_that_is_gone_are_read_again(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    out = tmp_path / "out"
    storage = LocalStorage(str(out))
    digitize(scans, "--output", out)
    before = through_store(storage)
    (name,) = packs(storage)
    storage.delete(name)
    ran = digitize(scans, "--output", out)
    assert "3 interrupted" in ran.out
    assert through_store(storage) == before
    assert through_folders(storage) == with_rows(before)


@pytest.mark.usefixtures("small_packs")
def test_a_pack_is_no_document(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    out = tmp_path / "out"
    digitize(scans, "--output", out)
    refused = CliRunner().invoke(cli.inkbeam, ["remove", str(out), "packed_00000001"])
    assert refused.exit_code != 0
    assert len(packs(LocalStorage(str(out)))) == 1
