import errno
import io
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.failures import NothingDone
from pipeline.storage import BeamStorage, LocalStorage, Storage, open_storage

ODD_NAMES = [
    *("plain", "with space", "new\nline", "br[1].pdf", "st*r", "wh?t", "ünï", "日本", "%20", "{a}", "back\\slash"),
    *(".hidden", "a.tmp", "quote'\"", "x" * 200, "-dash", "a.gz"),
]


@pytest.fixture(params=[LocalStorage, BeamStorage])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Both implementations, Beam's on its filesystem for local paths."""
    made: Storage = request.param(str(tmp_path / "out"))
    return made


def names(storage: Storage, prefix: str = "") -> list[str]:
    return [entry.name for entry in storage.list(prefix)]


def test_what_is_written_is_read(storage: Storage) -> None:
    storage.write("a/b/c.bin", b"one")
    storage.write("a/b/c.bin", b"two")
    assert storage.read("a/b/c.bin") == b"two"
    (entry,) = storage.list()
    assert (entry.name, entry.size) == ("a/b/c.bin", 3)
    assert entry.modified == pytest.approx((Path(storage.root) / "a/b/c.bin").stat().st_mtime, abs=1e-3)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_written_listed_and_read(storage: Storage, name: str) -> None:
    storage.write(f"folder/{name}", name.encode())
    assert names(storage) == [f"folder/{name}"]
    assert names(storage, f"folder/{name}") == [f"folder/{name}"]
    assert storage.read(f"folder/{name}") == name.encode()


def test_a_root_with_pattern_characters_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "scans1").mkdir()
    (tmp_path / "scans1" / "other").write_bytes(b"")
    for make in (LocalStorage, BeamStorage):
        storage = make(str(tmp_path / "scans[1]"))
        storage.write("own", b"x")
        assert names(storage) == ["own"]


def test_a_listing_is_in_order_of_whole_names(storage: Storage) -> None:
    for name in ("b", "a/z", "a.b", "a/b/c", "a-b", "ab", "a/b.c"):
        storage.write(name, b"")
    assert names(storage) == sorted(["b", "a/z", "a.b", "a/b/c", "a-b", "ab", "a/b.c"])
    assert names(storage, "a/") == ["a/b.c", "a/b/c", "a/z"]
    assert names(storage, "a") == ["a-b", "a.b", "a/b.c", "a/b/c", "a/z", "ab"]


def test_nothing_is_listed_where_nothing_is(storage: Storage) -> None:
    assert names(storage) == []
    storage.write("file", b"")
    assert names(storage, "no/such/folder/") == []
    assert names(storage, "file/below") == []


def test_a_missing_object_cannot_be_read(storage: Storage) -> None:
    with pytest.raises(FileNotFoundError):
        storage.read("missing")


def test_deleting_removes_one_object_and_a_missing_one_is_fine(storage: Storage) -> None:
    storage.write("a", b"")
    storage.write("ab", b"")
    storage.delete("a")
    storage.delete("a")
    assert names(storage) == ["ab"]


def test_beam_refuses_to_delete_a_pattern(tmp_path: Path) -> None:
    storage = BeamStorage(str(tmp_path))
    storage.write("br1.pdf", b"")
    with pytest.raises(ValueError, match=r"br\[1\]\.pdf"):
        storage.delete("br[1].pdf")
    assert names(storage) == ["br1.pdf"]


def test_leftovers_are_not_listed_and_are_swept(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    storage.write("pages/a.parquet", b"whole")
    storage.write("pages/.note.tmp", b"not a leftover")
    leftover = tmp_path / "pages" / f".a.parquet.{'0' * 32}.tmp"
    leftover.write_bytes(b"hal")
    assert names(storage) == ["pages/.note.tmp", "pages/a.parquet"]
    storage.sweep()
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == [".note.tmp", "a.parquet"]


WRITER = """
import sys
from pipeline.storage import LocalStorage
storage, size = LocalStorage(sys.argv[1]), 3_000_000
for i in range(10**6):
    storage.write("object", bytes([i % 256]) * size)
    if i == 0:
        print("ready", flush=True)
"""


def test_a_killed_writer_leaves_only_whole_objects(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path / "out"))
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", WRITER, storage.root], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            writer.send_signal(signal.SIGKILL)
        content = storage.read("object")
        assert len(content) == 3_000_000
        assert len(set(content)) == 1
        assert names(storage) == ["object"]
    storage.sweep()
    assert os.listdir(storage.root) == ["object"]  # noqa: PTH208


def fail_with(number: int) -> Callable[..., Any]:
    def fail(*_args: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full: make room"),
        (errno.EDQUOT, "the disk quota is used up: make room"),
        (errno.EROFS, "the disk is read-only: choose another --output"),
        (errno.EACCES, "permission denied: choose another --output"),
        (errno.EPERM, "operation not permitted: choose another --output"),
    ],
)
@pytest.mark.parametrize("function", ["fsync", "replace", "mkdir"])
def test_a_full_or_forbidden_disk_is_explained_and_leaves_the_old_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, number: int, said: str
) -> None:
    storage = LocalStorage(str(tmp_path))
    storage.write("old", b"old")
    name = "new/object" if function == "mkdir" else "old"
    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail_with(number))
        with pytest.raises(NothingDone, match=f"cannot write .*{name}: {said}"):
            storage.write(name, b"new")
    assert storage.read("old") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullFile(io.FileIO):
        def write(self, content: Any) -> int:
            super().write(content[:3])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", lambda file, mode, *_: FullFile(file, mode.replace("b", "")))
        with pytest.raises(NothingDone, match="the disk is full"):
            LocalStorage(str(tmp_path)).write("object", b"content")
    assert list(tmp_path.iterdir()) == []


def test_other_errors_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        LocalStorage(str(tmp_path)).write("object", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_explained(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    storage.write("a", b"")
    with pytest.raises(NothingDone, match="a file stands where a folder must be"):
        storage.write("a/b", b"")


def test_beam_explains_a_forbidden_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = BeamStorage(str(tmp_path))
    monkeypatch.setattr(io, "open", fail_with(errno.EACCES))
    with pytest.raises(NothingDone, match="permission denied"):
        storage.write("object", b"")


def test_a_new_folder_is_known_to_the_disk_before_its_parent_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def record(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc: what is synced cannot be seen")
    monkeypatch.setattr(os, "fsync", record)
    LocalStorage(str(tmp_path)).write("a/b/object", b"")
    assert synced[:2] == [tmp_path.name, "a"]
    assert synced[2].startswith(".object.")
    assert synced[3] == "b"


@pytest.mark.parametrize("root", ["out", "/tmp/out", "C:/out", "c:\\out", "./a://b"])
def test_paths_are_local(root: str) -> None:
    assert open_storage(root) == LocalStorage(root)


@pytest.mark.parametrize("root", ["zz://bucket/out", "file:///tmp/out"])
def test_a_url_that_beam_does_not_know_is_refused(root: str) -> None:
    with pytest.raises(NothingDone, match=f"cannot use {root}: .*plain path"):
        open_storage(root)


def test_storages_can_be_sent_to_workers(storage: Storage) -> None:
    storage.write("a", b"x")
    copy: Storage = pickle.loads(pickle.dumps(storage))
    assert copy.read("a") == b"x"


def test_local_files_do_not_need_beam() -> None:
    code = "import sys, pipeline.storage as s; s.open_storage('out'); sys.exit('apache_beam' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_beam_stores_what_looks_compressed_as_it_is(tmp_path: Path) -> None:
    BeamStorage(str(tmp_path)).write("a.gz", b"not gzip")
    assert (tmp_path / "a.gz").read_bytes() == b"not gzip"
