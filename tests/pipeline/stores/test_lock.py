"""One run at a time writes to a bucket."""

import json
import os
import subprocess
import sys
import time

import pytest

from pipeline import lock
from pipeline.failures import NothingDone
from pipeline.lock import LOCK, locked
from pipeline.storage import Storage, open_storage
from tests.pipeline.stores.conftest import Bucket


@pytest.fixture
def storage(bucket: Bucket) -> Storage:
    return open_storage(f"{bucket.url}/out")


def holder(host: str, pid: int) -> bytes:
    return json.dumps({"host": host, "pid": pid, "since": 0}).encode()


def ended() -> int:
    """Number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_it_is_there_while_the_run_goes_on_and_gone_afterwards(storage: Storage) -> None:
    with locked(storage):
        assert json.loads(storage.read(LOCK))["pid"] == os.getpid()
    assert list(storage.list()) == []


def test_another_run_is_refused_and_told_the_way_out(storage: Storage) -> None:
    storage.write(LOCK, holder("elsewhere", 1))
    with pytest.raises(NothingDone, match=f"another run is writing to {storage.root}.* delete {storage.root}/{LOCK}"):
        locked(storage).__enter__()
    assert storage.read(LOCK) == holder("elsewhere", 1)


def test_a_lock_of_a_living_process_of_this_machine_holds(storage: Storage) -> None:
    storage.write(LOCK, holder(lock._host(), os.getppid()))
    with pytest.raises(NothingDone, match="another run"):
        locked(storage).__enter__()


@pytest.mark.parametrize(
    "left", [holder(lock._host(), ended()), holder(lock._host(), os.getpid())], ids=["ended", "own"]
)
def test_what_a_killed_run_of_this_machine_left_is_taken_over(storage: Storage, left: bytes) -> None:
    storage.write(LOCK, left)
    with locked(storage):
        assert storage.read(LOCK) != left
    assert list(storage.list()) == []


@pytest.mark.parametrize("content", [holder("elsewhere", 1), b"", b"[]"], ids=["elsewhere", "empty", "odd"])
def test_a_lock_gets_stale(storage: Storage, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    storage.write(LOCK, content)
    monkeypatch.setattr(lock, "STALE_SECONDS", -60)
    with locked(storage):
        assert json.loads(storage.read(LOCK))["pid"] == os.getpid()


def test_it_is_written_anew_while_the_run_goes_on(
    bucket: Bucket, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.01)
    with locked(storage):
        bucket.faults.asked.clear()
        deadline = time.monotonic() + 30
        while len(bucket.faults.asked) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(bucket.faults.asked) >= 3


def test_a_store_that_is_gone_at_the_end_does_not_hide_what_happened(bucket: Bucket, storage: Storage) -> None:
    def run() -> None:
        with locked(storage):
            bucket.faults.gone = True
            raise KeyError

    with pytest.raises(KeyError):
        run()
