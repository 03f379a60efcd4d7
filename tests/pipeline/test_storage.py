import errno
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.failures import NothingDone, StoreLost
from pipeline.storage import LocalStorage, Storage, open_storage
from tests.pipeline.storage_contract import StorageContract, names


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return LocalStorage(str(tmp_path / "out"))


class TestLocal(StorageContract):
    def test_the_time_of_the_last_change(self, storage: Storage) -> None:
        storage.write("a/b", b"x")
        (entry,) = storage.list()
        assert entry.modified == (Path(storage.root) / "a/b").stat().st_mtime


def test_a_root_with_pattern_characters_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "scans1").mkdir()
    (tmp_path / "scans1" / "other").write_bytes(b"")
    storage = LocalStorage(str(tmp_path / "scans[1]"))
    storage.write("own", b"x")
    assert names(storage) == ["own"]


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
    monkeypatch.setattr(os, "fsync", fail_with(errno.EMFILE))
    with pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        LocalStorage(str(tmp_path)).write("object", b"content")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN, errno.ETIMEDOUT])
def test_a_disk_that_is_gone_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(number))
    with pytest.raises(StoreLost, match=f"object cannot be reached .{os.strerror(number)}.; what was done is kept"):
        LocalStorage(str(tmp_path)).write("object", b"content")


def test_a_file_in_the_place_of_a_folder_is_explained(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    storage.write("a", b"")
    with pytest.raises(NothingDone, match="a file stands where a folder must be"):
        storage.write("a/b", b"")


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


@pytest.mark.parametrize("root", ["zz://bucket/out", "file:///tmp/out", "hdfs://host/out"])
def test_a_url_of_another_store_is_refused(root: str) -> None:
    with pytest.raises(NothingDone, match=f"cannot use {root}: there are gs:// and s3://; give a plain path"):
        open_storage(root)


def test_local_files_do_not_need_beam() -> None:
    code = "import sys, pipeline.lock, pipeline.storage as s; s.open_storage('out'); "
    code += "sys.exit(bool({'apache_beam', 'boto3', 'google.cloud.storage'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
