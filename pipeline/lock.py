"""One run at a time writes to an OUT.

On a local disk the kernel sees to it. In an object store the object OUT/state/lock says who writes, and is written
anew every minute while that goes on.
"""

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from pipeline.failures import InkbeamError, NothingDone
from pipeline.storage import LocalStorage, Storage
from pipeline.stores.storage import ObjectStorage

LOCK: Final = "state/lock"
HEARTBEAT_SECONDS: Final = 60
STALE_SECONDS: Final = 15 * 60


@contextmanager
def locked(storage: Storage) -> Iterator[None]:
    """Keep other runs off an output for as long as the block lasts, or until this process is killed.

    Raises NothingDone when another run has it. In object stores a run that was killed on another machine holds it for a
    quarter of an hour. There the lock is less sure: a store without conditional writes, two runs that find the same
    stale lock within a second, a machine that sleeps for longer than that, or clocks that are minutes apart let two
    runs in. Both then write the same bytes, but a row of state may get lost, so that a document is read again.
    """
    if isinstance(storage, ObjectStorage):
        with _object(storage):
            yield
    else:
        assert isinstance(storage, LocalStorage)
        with _file(storage) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise NothingDone(f"{_busy(storage)}; wait for its end, or give another --output") from error
            yield


def _file(storage: LocalStorage) -> BinaryIO:
    """The one file that is locked; written only when it is missing, since a rename would put another in its place."""
    path = Path(storage.root) / LOCK
    if not path.exists():
        storage.write(LOCK, b"")
    return path.open("rb")


@contextmanager
def _object(storage: ObjectStorage) -> Iterator[None]:
    content = json.dumps({"host": _host(), "pid": os.getpid(), "since": int(time.time())}).encode()
    _take(storage, content)
    ended = threading.Event()
    heart = threading.Thread(target=_beat, args=(storage, content, ended), daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
        with suppress(InkbeamError, OSError):  # then it gets stale
            storage.delete(LOCK)


def _take(storage: ObjectStorage, content: bytes) -> None:
    """Put our lock where there is none, or one that nobody holds any more."""
    for entry in storage.list(LOCK):
        if entry.name == LOCK and _is_held(storage, entry.modified):
            raise _refused(storage)
        storage.delete(LOCK)
    try:
        storage.write_new(LOCK, content)
    except FileExistsError as error:
        if storage.read(LOCK) != content:  # ours is there when only the answer to a first try was lost
            raise _refused(storage) from error


def _is_held(storage: ObjectStorage, modified: float) -> bool:
    """Whether its run may be alive: it beat of late, and is no process of this machine that has ended."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        holder = json.loads(storage.read(LOCK))
        if holder["host"] == _host() and not _is_alive(int(holder["pid"])):
            return False
    return time.time() - modified < STALE_SECONDS


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()  # ours takes its lock once: the one that is there is of an earlier process of this number


def _host() -> str:
    """The machine, and which of its tables of processes, where containers have their own."""
    table = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()} {table.readlink() if table.exists() else ''}".rstrip()


def _beat(storage: ObjectStorage, content: bytes, ended: threading.Event) -> None:
    while not ended.wait(HEARTBEAT_SECONDS):
        with suppress(InkbeamError, OSError):  # the run itself will find out
            storage.write(LOCK, content)


def _refused(storage: ObjectStorage) -> NothingDone:
    return NothingDone(
        f"{_busy(storage)}; wait for its end, or give another --output. If it was killed on another machine, delete "
        f"{storage.root.rstrip('/')}/{LOCK}, or wait a quarter of an hour: it says who writes"
    )


def _busy(storage: Storage) -> str:
    return f"another run is writing to {storage.root}"
