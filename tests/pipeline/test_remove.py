"""Withdrawn documents: no file of OUT tells of them, no run reads them again, killed or not."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipeline import cli, state
from pipeline.commit import write_parquet
from pipeline.corrections.correction import Correction
from pipeline.corrections.table import save
from pipeline.document import Document, Record
from pipeline.failures import ExitCode, Failure, NothingDone, UsageError
from pipeline.index.update import update_index
from pipeline.lock import locked
from pipeline.remove import Withdrawn, allow, remove
from pipeline.report.command import write_report
from pipeline.state import DocumentState, write_row
from pipeline.storage import LocalStorage
from pipeline.store import failures_parquet, file_name, read_document, record_parquet
from tests.pipeline.conftest import Digitize, contents
from tests.pipeline.drawn import save_png
from tests.pipeline.exports import write
from tests.pipeline.report.made import add_truth, dataset, page
from tests.pipeline.test_commit import Killed

LETTER = "letter-00000000"
SECRETS = (LETTER, "letter.png", "the letter", "Geheimrat", "shelf-9")


def texts(out: Path) -> Iterator[tuple[str, str]]:
    """Name and content of every file below OUT, Parquet as its rows, and names of folders; not the memory of it."""
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        if path.is_file() and name != state.REMOVED:
            content = path.read_bytes()
            yield name, name
            yield name, content.decode("latin-1")
            if name.endswith(".parquet"):
                yield name, repr(pq.read_table(io.BytesIO(content)).to_pylist())


def telling(out: Path, *secrets: str) -> set[str]:
    return {name for name, text in texts(out) for secret in secrets if secret in text}


def made(folder: Path) -> str:
    """OUT with a letter, in all tables, formats, accounts and the report, beside another document."""
    output = dataset(folder)
    storage = LocalStorage(output)
    source = str(folder / "letter.png")
    add_truth(output)
    row = DocumentState(LETTER, "default", source, 1, 2, "s", "0" * 64, "r", (f"hocr/{LETTER}/1.hocr",), 1, 0, 0, 1)
    state.append(storage, [row, DocumentState("deed-00000000", "default", "d", 1, 2, "s", "0", "r", (), 1, 0, 0, 1)])
    state.append(storage, [row])
    write_row(storage, row, {"source": source})
    failure = Failure(source, 1, "render", "timeout", "Geheimrat")
    record = Record(shelfmark="shelf-9", title="letter")
    storage.write(file_name("failures", "default", LETTER), failures_parquet(LETTER, [failure]))
    storage.write(file_name("documents", "default", LETTER), record_parquet(LETTER, source, record))
    storage.write(f"hocr/{LETTER}/1.hocr", b"Geheimrat")
    storage.write(f"tei/{LETTER}.xml", b"Geheimrat")
    storage.write("report.html", b"Geheimrat")
    for time in (1.0, 2.0):
        read = read_document(storage, "default", LETTER)
        save(storage, Correction.of(read, read.pages[0], 0, "corrected", "Geheimrat", time=time))
    inputs = [source, f"../{folder.name}/letter.png", "deed.png"]
    account = {"settings": {"command": {"inputs": inputs, "redo": [LETTER]}}, "worst_pages": [{"source": source}]}
    storage.write("runs/000099.json", json.dumps(account).encode())
    judged = [{"document_id": LETTER, "cer": 1}, {"document_id": "deed-00000000", "cer": 0}]
    storage.write("comparison.json", json.dumps({"page": judged}).encode())
    update_index(output)
    return output


def test_nothing_tells_of_the_document_any_more_and_others_stay(tmp_path: Path) -> None:
    output = made(tmp_path)
    out = Path(output)
    folders = {name.split("/")[0] for name in telling(out, *SECRETS)}
    tables = {"pages", "lines", "baseline", "truth", "failures", "documents", "corrections"}
    assert folders == {*tables, "words", "index", "hocr", "tei", "state", "runs", "report.html", "comparison.json"}
    others = {name: text for name, text in texts(out) if "deed-00000000" in name}
    told = remove(output, [LETTER])
    assert told.startswith("removed 1 document: 10 files erased; no run reads them again\nthe report is deleted;")
    assert telling(out, *SECRETS) == set()
    assert {name: text for name, text in texts(out) if "deed-00000000" in name} == others
    storage = LocalStorage(output)
    assert state.load(storage).keys() == {"deed-00000000"}
    assert state.removed(storage) == {LETTER}
    account = json.loads(storage.read("runs/000099.json"))
    assert account == {"settings": {"command": {"inputs": ["deed.png"], "redo": []}}, "worst_pages": []}
    assert json.loads(storage.read("comparison.json")) == {"page": [{"document_id": "deed-00000000", "cer": 0}]}


def test_unknown_ids_are_listed_and_nothing_is_erased(tmp_path: Path) -> None:
    output = made(tmp_path)
    before = telling(Path(output), *SECRETS)
    with pytest.raises(UsageError, match=r"no document nobody-1, nobody-2, nothing was changed"):
        remove(output, ["nobody-2", LETTER, "nobody-1"])
    left = telling(Path(output), *SECRETS)
    assert before - left == {f"state/new/{LETTER}.json"}  # it was folded into a segment
    assert state.removed(LocalStorage(output)) == frozenset()


@pytest.mark.parametrize("name", ["pages", "state", "runs", "collection=default", "rows-00000001", "report", "1", ""])
def test_names_of_other_files_are_no_ids(tmp_path: Path, name: str) -> None:
    output = made(tmp_path)
    with pytest.raises(UsageError, match="nothing was changed"):
        remove(output, [name])


def test_documents_of_which_only_a_format_was_written_are_known(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    storage.write("hocr/one-00000000/1.hocr", b"")
    storage.write("tei/two-00000000.xml", b"")
    assert "2 files erased" in remove(storage.root, ["one-00000000", "two-00000000"])


def test_crops_that_were_compared_are_erased_and_other_sources_below_are_not(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    for name, number in (("crops/page.png", 1), ("mine.png", 2)):
        storage.write(name, b"scan")
        source = str(tmp_path / name)
        write_parquet(storage, Document(f"d-0000000{number}", "default", (page(source, 1, 0.5, "a"),)), (), {})
    remove(storage.root, ["d-00000001", "d-00000002"])
    assert [entry.name for entry in storage.list()] == ["mine.png", "state/lock", "state/removed.json"]


def killing(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], None]:
    """Kill the process at one of its deletions or writes; what is returned takes that back."""
    calls = iter(range(1000))

    def guard(name: str) -> None:
        real = getattr(LocalStorage, name)

        def changed(storage: LocalStorage, *arguments: object) -> None:
            if next(calls) == at:
                raise Killed
            real(storage, *arguments)

        monkeypatch.setattr(LocalStorage, name, changed)

    guard("write")
    guard("delete")
    return monkeypatch.undo


@pytest.mark.parametrize("at", range(0, 24, 2))
def test_killed_at_any_moment_another_call_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    output = made(tmp_path)
    undo = killing(monkeypatch, at)
    with suppress(Killed):
        remove(output, [LETTER])
    undo()
    remove(output, [LETTER])
    assert telling(Path(output), *SECRETS) == set()


def test_leftovers_of_a_removed_document_are_erased_by_another_call(tmp_path: Path) -> None:
    output = made(tmp_path)
    remove(output, [LETTER])
    LocalStorage(output).write(f"pages/collection=old/{LETTER}.parquet", b"damaged")
    assert "1 file erased" in remove(output, [LETTER])
    assert telling(Path(output), LETTER) == set()


def test_a_damaged_account_is_named(tmp_path: Path) -> None:
    output = made(tmp_path)
    LocalStorage(output).write("runs/000007.json", b"{")
    with pytest.raises(NothingDone, match=r"runs/000007\.json is damaged .* delete it and run again"):
        remove(output, [LETTER])


def test_what_holds_nothing_is_refused_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match="holds nothing"):
        remove(str(tmp_path / "none"), [LETTER])
    assert not (tmp_path / "none").exists()


def test_a_run_keeps_others_off(tmp_path: Path) -> None:
    output = made(tmp_path)
    with locked(LocalStorage(output)), pytest.raises(NothingDone, match="another run is writing"):
        remove(output, [LETTER])


def test_only_what_was_removed_can_be_allowed_again(tmp_path: Path) -> None:
    output = made(tmp_path)
    with pytest.raises(UsageError, match=f"no document {LETTER}, nothing was changed"):
        allow(output, [LETTER])
    remove(output, [LETTER, "deed-00000000"])
    assert "1 document may be read again" in allow(output, [LETTER])
    assert state.removed(LocalStorage(output)) == {"deed-00000000"}


def test_a_damaged_memory_stops_everything(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    storage.write(state.REMOVED, b"[")
    with pytest.raises(NothingDone, match=r"removed\.json is damaged .* Restore it from a backup"):
        state.removed(storage)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("/in/book/1.png", True),
        ("../book/1.png", True),
        ("x/../book/1.png", True),
        ("./1.png", True),
        ("a-00000000", True),
        ("11.png", False),
        ("/in/book", False),
        ("..", False),
        ("", False),
    ],
)
def test_what_names_a_document(text: str, named: bool) -> None:
    assert Withdrawn({"a-00000000"}, {"/in/book/1.png"}).named_by(text) is named


def test_a_removed_document_is_not_read_again_until_it_is_allowed(tmp_path: Path, digitize: Digitize) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    secret = save_png(scans / "secret.png", 1)
    save_png(scans / "open.png", 2)
    file = write(tmp_path / "list.csv", b"path,title\nscans/secret.png,Geheimrat\n")
    digitize(scans, secret, "--output", out, "--catalogue", file, "--formats", "hocr,alto")
    (name,) = (path.stem for path in (out / "pages").rglob("secret-*.parquet"))
    before = {path: content for path, content in contents(out).items() if "secret" in path}
    write_report(str(out))
    done = CliRunner().invoke(cli.inkbeam, ["remove", str(out), name], catch_exceptions=False)
    assert done.output.startswith("removed 1 document: 5 files erased")
    write_report(str(out))
    assert telling(out, "secret.png", name, "Geheimrat") == set()

    assert "1 document, removed: skipped" in digitize(scans, "--output", out, "--plan").out
    ran = digitize(scans, "--output", out, "--catalogue", file, "--redo", "all")
    assert ran.code == ExitCode.DONE
    assert "1 document that `inkbeam remove` withdrew" in ran.out
    assert telling(out, "secret.png", name, "Geheimrat") == set()
    refused = digitize(scans, "--output", out, "--redo", name)
    assert refused.code == ExitCode.USAGE
    assert f"`inkbeam remove OUT {name} --undo`" in refused.err

    CliRunner().invoke(cli.inkbeam, ["remove", str(out), name, "--undo"], catch_exceptions=False)
    assert "1 new" in digitize(scans, "--output", out).out
    assert {path: content for path, content in contents(out).items() if "secret" in path} == before


def test_pages_of_a_folder_are_named_by_no_account(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path / "out"))
    document = Document("book-00000000", "default", (page("/in/book/leaf.png", 1, 0.5, "a word"),))
    write_parquet(storage, document, (), {})
    storage.write("runs/000001.json", b'{"worst_pages": [{"source": "/in/book/leaf.png", "page": 1}]}')
    remove(storage.root, [document.id])
    assert json.loads(storage.read("runs/000001.json")) == {"worst_pages": []}
