"""Whole objects under names: list, read, write, delete. Local files here, gs:// and s3:// in `pipeline.stores`.

Everything Inkbeam writes goes through here, so that an object is there whole or not at all. On local disks that takes
a temporary name in the same folder, fsync, rename, fsync of the folder; in object stores an object appears when its
upload ends.
"""

import errno
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from pipeline.failures import NothingDone, lost

AT_ONCE: Final = 32
"""Small objects that are read or deleted at a time: a bucket takes a while for each."""

_LEFTOVER: Final = re.compile(r"\..*\.[0-9a-f]{32}\.tmp", re.DOTALL)
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

_FULL: Final = "make room, or choose another --output, then run again; what is done stays done"
_FORBIDDEN: Final = "choose another --output, or have the permissions or the mount changed"
# What a disk says that was unplugged, a mount that is gone, a network drive whose server does not answer.
GONE: Final = frozenset(
    {
        *(errno.EIO, errno.ENXIO, errno.ENODEV, errno.ENOTCONN, errno.ESTALE),
        *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH, errno.ETIMEDOUT),
    }
)
_ADVICE: Final[Mapping[int, str]] = {
    errno.ENOSPC: f"the disk is full: {_FULL}",
    errno.EDQUOT: f"the disk quota is used up: {_FULL}",
    errno.EROFS: f"the disk is read-only: {_FORBIDDEN}",
    errno.EACCES: f"permission denied: {_FORBIDDEN}",
    errno.EPERM: f"operation not permitted: {_FORBIDDEN}",
    errno.ENOTDIR: "a file stands where a folder must be: choose another --output",
    errno.EEXIST: "a file stands where a folder must be: choose another --output",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a listing: name relative to the root, size in bytes, time of last change in seconds since 1970."""

    name: str
    size: int
    modified: float


class Storage(Protocol):
    """Objects below a root; names use "/" and are relative to it. StoreLost comes when the disk or store is gone."""

    @property
    def root(self) -> str:
        """Path or URL that all names are relative to."""

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """All objects whose name starts with `prefix`, at any depth, sorted by name; none when nothing is there."""

    def read(self, name: str) -> bytes:
        """The whole object. Raises FileNotFoundError when it is missing."""

    def write(self, name: str, content: bytes) -> None:
        """Put the object in place, whole and durable or not at all. NothingDone for a full or forbidden place."""

    def open(self, name: str) -> BinaryIO:
        """The object, to read parts of it. Raises FileNotFoundError when it is missing."""

    def create(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A large object to be written piece by piece, in place and durable when the block ends, not there at all
        when it raises. NothingDone as `write`.
        """

    def delete(self, name: str) -> None:
        """Remove the object; one that is missing is fine."""

    def sweep(self) -> None:
        """Remove what killed writers left behind. Nobody else may be writing below the root."""

    def reach(self) -> None:
        """Raise NothingDone where the root is in a store that cannot be used."""


@dataclass(frozen=True, slots=True)
class LocalStorage:
    """Files below a folder, which is made by the first write."""

    root: str

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """See `Storage.list`. One scan of the folders below the prefix, one `stat` a file."""
        for name, entry in _walk(self.root, prefix.rpartition("/")[0]):
            if name.startswith(prefix) and not _is_leftover(entry.name):
                try:
                    status = entry.stat()
                except FileNotFoundError:  # deleted since the scan
                    continue
                yield Entry(name, status.st_size, status.st_mtime)

    def read(self, name: str) -> bytes:
        """See `Storage.read`."""
        return Path(self.root, name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """See `Storage.write`."""
        with self.create(name) as file:
            file.write(content)

    def open(self, name: str) -> BinaryIO:
        """See `Storage.open`."""
        return Path(self.root, name).open("rb")

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """See `Storage.create`."""
        path = Path(self.root, name)
        temporary = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex}.tmp")
        with explained(path):
            _make_folder(path.parent)
            try:
                with temporary.open("xb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
                _sync_folder(path.parent)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise

    def delete(self, name: str) -> None:
        """See `Storage.delete`."""
        path = Path(self.root, name)
        with explained(path):
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """See `Storage.sweep`. One scan of all folders."""
        for name, entry in _walk(self.root, ""):
            if _is_leftover(entry.name):
                self.delete(name)

    def reach(self) -> None:
        """See `Storage.reach`. The folder is made by the first write."""


def open_storage(root: str) -> Storage:
    """Objects of a store for a URL (scheme of two or more letters, ://), local files for everything else.

    Raises NothingDone for the URL of a store that Inkbeam does not know.
    """
    if not _URL.match(root):
        return LocalStorage(root)
    # Beam and the stores take a second to import, which runs on local files shall not pay.
    from pipeline.stores.storage import ObjectStorage

    return ObjectStorage(root)


def open_output(output: str) -> Storage:
    """The storage of an OUT, for a command that begins; raises NothingDone for one in a store that cannot be used."""
    storage = open_storage(output)
    storage.reach()
    return storage


def output_root(output: str, storage: Storage) -> str:
    """The output as workers must know it: an absolute path, or a URL as it is."""
    return os.path.abspath(output) if isinstance(storage, LocalStorage) else output


def _is_leftover(base: str) -> bool:
    # The first test alone decides for almost all of a million names.
    return base.startswith(".") and _LEFTOVER.fullmatch(base) is not None


def _walk(root: str, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files below a folder of root with their names relative to root, sorted by name; nothing when it is missing."""
    try:
        with os.scandir(Path(root, folder)) as scan:
            entries = [(f"{entry.name}/" if entry.is_dir() else entry.name, entry) for entry in scan]
    except (FileNotFoundError, NotADirectoryError):
        return
    # A folder sorts as its children do, with its slash, so that the whole listing is in order of full names.
    for base, entry in sorted(entries, key=lambda pair: pair[0]):
        name = f"{folder}/{entry.name}" if folder else entry.name
        if base.endswith("/"):
            yield from _walk(root, name)
        else:
            yield name, entry


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents, each known to the disk before anything is put into it."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir()
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained(path: str | Path) -> Iterator[None]:
    """Turn an OSError that the user can do something about into NothingDone or StoreLost; others pass."""
    try:
        yield
    except OSError as error:
        check_not_lost(path, error)
        advice = _ADVICE.get(error.errno or 0)
        if advice is None:
            raise
        raise NothingDone(f"cannot write {path}: {advice}") from error


def check_not_lost(path: str | Path, error: OSError) -> None:
    """Raise StoreLost where an error says that the disk or mount of a path is gone."""
    if error.errno in GONE:
        raise lost(path, error.strerror) from error
