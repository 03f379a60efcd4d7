"""The index follows the tables: new, redone, gone and damaged documents, and kills at any moment."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import duckdb
import pytest
from click.testing import CliRunner

from pipeline.cli import inkbeam
from pipeline.failures import NothingDone
from pipeline.index import update
from pipeline.index.gather import Batch, gather
from pipeline.index.segments import MANIFEST, load_manifest
from pipeline.index.update import Indexed, update_index
from pipeline.runner import WorkerDied
from pipeline.storage import LocalStorage
from pipeline.store import file_name
from tests.pipeline.index.made import one_page, output

A, B, C = (one_page(name, f"word {name}", "same") for name in ("apple", "berry", "cherry"))


def tokens(storage: LocalStorage) -> list[str]:
    """Of all rows, as somebody who opens the files sees them."""
    found = duckdb.sql(f"select token from read_parquet('{storage.root}/words/*.parquet') order by all").fetchall()
    return [token for (token,) in found]


def change(storage: LocalStorage, name: str) -> None:
    """Give the document other words."""
    output(Path(storage.root), one_page(name, "changed words"))
    touched(storage, name)


def touched(storage: LocalStorage, name: str) -> None:
    """Make sure that the file's time differs, however fast the test is."""
    path = Path(storage.root, file_name("lines", "default", f"{name}-00000000"))
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000_000))


def test_what_is_new_is_indexed_once(tmp_path: Path) -> None:
    storage = output(tmp_path, A, B)
    assert update_index(storage.root) == Indexed(2, 0, 6, ())
    assert tokens(storage) == ["apple", "berry", "same", "same", "word", "word"]
    assert update_index(storage.root) == Indexed(0, 0, 6, ())
    output(tmp_path, C)
    assert update_index(storage.root) == Indexed(1, 0, 9, ())
    assert tokens(storage) == ["apple", "berry", "cherry", *["same"] * 3, *["word"] * 3]


def test_old_rows_of_a_redone_document_never_answer(tmp_path: Path) -> None:
    storage = output(tmp_path, A, B)
    update_index(storage.root)
    change(storage, "apple")
    assert update_index(storage.root) == Indexed(1, 0, 5, ())
    assert tokens(storage) == ["berry", "changed", "same", "word", "words"]


def test_rows_of_documents_that_are_gone_go(tmp_path: Path) -> None:
    storage = output(tmp_path, A, B)
    update_index(storage.root)
    storage.delete(file_name("lines", "default", "apple-00000000"))
    assert update_index(storage.root) == Indexed(0, 1, 3, ())
    assert tokens(storage) == ["berry", "same", "word"]


def test_segments_are_few_and_hold_everything(tmp_path: Path) -> None:
    storage = output(tmp_path)
    for number in range(30):
        output(tmp_path, one_page(f"doc{number:02}", "one two three"))
        update_index(storage.root)
        segments = load_manifest(storage) or []
        assert len(segments) <= 4
        assert sum(segment.rows for segment in segments) == 3 * (number + 1)
    assert len(tokens(storage)) == 90
    names = {entry.name for folder in ("words/", "index/") for entry in storage.list(folder)}
    assert names == {MANIFEST} | {name for s in segments for name in (s.words, s.tokens, s.documents)}


def test_a_large_segment_is_not_rewritten_for_a_few_new_rows(tmp_path: Path) -> None:
    storage = output(tmp_path, *(one_page(f"doc{number:02}", "one two three") for number in range(9)))
    update_index(storage.root)
    (large,) = load_manifest(storage) or []
    output(tmp_path, A)
    update_index(storage.root)
    assert (load_manifest(storage) or [])[0] == large
    change(storage, "doc03")
    update_index(storage.root)
    assert large not in (load_manifest(storage) or [])
    assert tokens(storage).count("one") == 8


def test_damaged_documents_are_named_every_time_until_they_are_mended(tmp_path: Path) -> None:
    storage = output(tmp_path, A, B)
    storage.write(file_name("lines", "default", "apple-00000000"), b"PAR1")
    storage.delete(file_name("pages", "default", "berry-00000000"))
    for _ in range(2):
        done = update_index(storage.root)
        assert (done.documents, done.rows, len(done.left_out)) == (0, 0, 2)
        assert "lines/collection=default/apple-00000000.parquet is not a whole Parquet file" in done.left_out[0]
        assert "pages/collection=default/berry-00000000.parquet" in done.left_out[1]
    output(tmp_path, A, B)
    assert update_index(storage.root).documents == 2


@pytest.mark.parametrize("cut", [1, 2])
def test_many_batches_give_the_same_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    monkeypatch.setattr(update, "BATCH_BYTES", cut)
    storage = output(tmp_path, A, B, C)
    assert update_index(storage.root) == Indexed(3, 0, 9, ())
    assert tokens(storage) == ["apple", "berry", "cherry", *["same"] * 3, *["word"] * 3]


def test_beam_gathers_what_is_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "BATCH_BYTES", 1)
    monkeypatch.setattr(update, "FEW", 1)
    storage = output(tmp_path, A, B, C)
    assert update_index(storage.root, workers=2) == Indexed(3, 0, 9, ())
    assert len(tokens(storage)) == 9


def test_a_killed_worker_is_told_with_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise WorkerDied("a worker process was killed")

    monkeypatch.setattr(update, "run_local", killed)
    monkeypatch.setattr(update, "FEW", 0)
    storage = output(tmp_path, A)
    with pytest.raises(NothingDone, match=r"a worker process was killed .* `inkbeam index .* --workers 1`"):
        update_index(storage.root)
    monkeypatch.undo()
    assert update_index(storage.root).documents == 1


def test_options_after_two_hyphens_go_to_beam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[str]] = []

    def run_remote(graph: str, arguments: tuple[Sequence[Batch], str], options: Sequence[str], _: int) -> None:
        asked.append([graph, *options])
        for batch in arguments[0]:
            gather(arguments[1], batch)

    monkeypatch.setattr(update, "run_remote", run_remote)
    monkeypatch.setattr(update, "FEW", 0)
    storage = output(tmp_path, A)
    assert update_index(storage.root, beam=["--runner=FlinkRunner"]).documents == 1
    assert asked == [["index", "--runner=FlinkRunner"]]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("writes", range(9))
def test_killed_at_any_moment_it_is_the_index_before_or_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    storage = output(tmp_path, A, B)
    update_index(storage.root)
    change(storage, "apple")
    create, done = LocalStorage.create, 0

    def count(self: LocalStorage, name: str) -> AbstractContextManager[BinaryIO]:
        nonlocal done
        if done == writes:
            raise Killed
        done += 1
        return create(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "create", count)
        try:
            update_index(storage.root)
        except Killed:
            assert load_manifest(storage) is not None
    assert update_index(storage.root).rows == 5
    assert tokens(storage) == ["berry", "changed", "same", "word", "words"]


def test_the_command_tells_what_it_did(tmp_path: Path) -> None:
    storage = output(tmp_path, A, B)
    storage.write(file_name("lines", "default", "berry-00000000"), b"")
    done = CliRunner().invoke(inkbeam, ["index", storage.root], obj=(), catch_exceptions=False)
    assert done.exit_code == 3
    assert done.output.startswith("1 document indexed, 3 rows in all\nleft out: lines/collection=default/berry-0")


def test_an_output_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match=r"holds no document; name an OUT of `inkbeam digitize`"):
        update.index(str(tmp_path), 1, ())


def test_a_damaged_manifest_says_how_to_get_out(tmp_path: Path) -> None:
    storage = output(tmp_path, A)
    storage.write(MANIFEST, b"{")
    with pytest.raises(NothingDone, match=r"manifest\.json is damaged .* Remove it and run `inkbeam index"):
        update_index(storage.root)
    storage.delete(MANIFEST)
    assert update_index(storage.root).documents == 1
