"""Whole objects under names: list, read, write, delete. Local files, and Beam's filesystems for gs://, s3:// and more.

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
from typing import Any, BinaryIO, Final, Protocol

from pipeline.failures import NothingDone

_LEFTOVER: Final = re.compile(r"\..*\.[0-9a-f]{32}\.tmp", re.DOTALL)
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_GLOB: Final = re.compile(r"[*?[]")

_FULL: Final = "make room, or choose another --output, then run again; what is done stays done"
_FORBIDDEN: Final = "choose another --output, or have the permissions or the mount changed"
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
    """Objects below a root; names use "/" and are relative to it."""

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
        """A large object to be written piece by piece, durable when the block ends, for names that nothing refers to
        yet: stopped half-way, a store may keep a part. NothingDone as `write`.
        """

    def delete(self, name: str) -> None:
        """Remove the object; one that is missing is fine."""

    def sweep(self) -> None:
        """Remove what killed writers left behind. Nobody else may be writing below the root."""


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
        """See `Storage.create`; here, no part is ever kept."""
        path = Path(self.root, name)
        temporary = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex}.tmp")
        with _explained(path):
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
        with _explained(path):
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """See `Storage.sweep`. One scan of all folders."""
        for name, entry in _walk(self.root, ""):
            if _is_leftover(entry.name):
                self.delete(name)


@dataclass(frozen=True, slots=True)
class BeamStorage:
    """Objects below a URL that one of Beam's filesystems serves.

    Writing is atomic in object stores only. Raises NothingDone when Beam has no filesystem for the URL.
    """

    root: str

    def __post_init__(self) -> None:
        try:
            _beam().get_filesystem(self.root)
        except ValueError as error:
            message = f"cannot use {self.root}: {error}; give a plain path for local files"
            raise NothingDone(message) from error

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """See `Storage.list`. One listing by Beam's `match`."""
        base, start = self._path(""), self._path(prefix)
        # "?" stands for each character that Beam would take for a pattern; what it matches too much is left out below.
        (result,) = _beam().match([_GLOB.sub("?", start) + "**"])
        for found in sorted(result.metadata_list, key=lambda found: found.path):
            if found.path.startswith(start) and not _is_leftover(found.path.rpartition("/")[2]):
                yield Entry(
                    found.path.removeprefix(base), found.size_in_bytes, float(found.last_updated_in_seconds or 0)
                )

    def read(self, name: str) -> bytes:
        """See `Storage.read`."""
        with _or_missing(self._path(name)), self.open(name) as file:
            return file.read()

    def open(self, name: str) -> BinaryIO:
        """See `Storage.open`."""
        path = self._path(name)
        with _or_missing(path):
            file: BinaryIO = _beam().open(path, compression_type="uncompressed")
        return file

    def write(self, name: str, content: bytes) -> None:
        """See `Storage.write`. The object gets its final name at once and appears when its upload ends."""
        with self.create(name) as file:
            file.write(content)

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """See `Storage.create`."""
        path = self._path(name)
        with _explained(path), _beam().create(path, compression_type="uncompressed") as file:
            yield file

    def delete(self, name: str) -> None:
        """See `Storage.delete`. Raises ValueError for a path with * ? [, which some filesystems take for a pattern."""
        path = self._path(name)
        if _GLOB.search(path):
            raise ValueError(f"cannot delete {path}: its name holds one of * ? [")
        if _beam().exists(path):
            _beam().delete([path])

    def sweep(self) -> None:
        """See `Storage.sweep`. Object stores keep no leftovers."""

    def _path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"


def open_storage(root: str) -> LocalStorage | BeamStorage:
    """Beam's filesystems for a URL (scheme of two or more letters, ://), local files for everything else."""
    return BeamStorage(root) if _URL.match(root) else LocalStorage(root)


def output_root(output: str, storage: Storage) -> str:
    """The output as workers must know it: an absolute path, or a URL as it is."""
    return os.path.abspath(output) if isinstance(storage, LocalStorage) else output


def _beam() -> Any:
    # Beam takes a second to import, which runs on local files shall not pay.
    from apache_beam.io.filesystems import FileSystems

    return FileSystems


@contextmanager
def _or_missing(path: str) -> Iterator[None]:
    """Raise FileNotFoundError where the object is missing: each store has its own way of saying so."""
    try:
        yield
    except Exception as error:
        if _beam().exists(path):
            raise
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error


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
def _explained(path: str | Path) -> Iterator[None]:
    """Turn an OSError that the user can do something about into NothingDone; others pass."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0)
        if advice is None:
            raise
        raise NothingDone(f"cannot write {path}: {advice}") from error
