"""Finding files: one search over paths, globs, folders and URLs, which opens only files without a known extension.

A path is a `str` with surrogates for bytes that are not UTF-8, as `os` gives it; `display` makes it fit for people.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from pipeline.failures import NothingDone, StoreLost, UsageError
from pipeline.filetypes import EXTENSIONS, HEAD_BYTES, sniff
from pipeline.stores.store import Found, is_known, store_of

PIECE_BYTES: Final = 1 << 20
URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
MAGIC: Final = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as listed: absolute path or URL, size in bytes, modification time in nanoseconds (0 where unknown)."""

    path: str
    size: int
    modified: int


def write_text(path: Path, text: str) -> None:
    """Write a file that the user named, in UTF-8, and the folders it needs; raises UsageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{display(str(path))}: {error.strerror}; name another file") from error


def display(path: str) -> str:
    """A path as text for people and outputs: bytes that are not UTF-8 become %XX, everything else stays."""
    return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", path)


def shown_path(text: str) -> str:
    """The path that `display` shows so. A name may hold %XX itself: what exists as it is shown is what is meant."""
    if URL.match(text) or os.path.lexists(text):
        return text
    return re.sub("%([89A-F][0-9A-F])", lambda digits: chr(0xDC00 + int(digits[1], 16)), text)


def absolute(path: str) -> str:
    """The absolute path, links not resolved; a URL as it is."""
    # Path.resolve would follow links, Path.absolute would keep "..".
    return path if URL.match(path) else os.path.abspath(path)


def has_known_extension(path: str) -> bool:
    """Whether the name alone says that this is a PDF or an image."""
    _, dot, extension = path.rpartition(".")
    return dot + extension.lower() in EXTENSIONS


def head(path: str, size: int) -> bytes:
    """The first bytes of a file; raises OSError."""
    if URL.match(path):
        return store_of(path).read(path, 0, size)
    with Path(path).open("rb") as file:
        return file.read(size)


def is_scan(path: str) -> bool:
    """Whether a file is a PDF or an image by name or content; raises OSError."""
    return has_known_extension(path) or sniff(head(path, HEAD_BYTES)) is not None


def may_be_pdf(path: str) -> bool:
    """Whether the name leaves it open that this is a PDF."""
    return path.lower().endswith(".pdf") or not has_known_extension(path)


def hash_file(path: str) -> str:
    """SHA-256 of a file's content in hex; raises OSError."""
    digest = hashlib.sha256()
    with _opened(path) as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


class Search:
    """What was found so far, each path once, however many inputs lead to it.

    `files` by path; `left_out`: paths of what lies in folders and is neither PDF nor image; `unreadable`: paths of what
    could not be listed. Folders, or URLs, in `exclude` are never entered. `wanted` tells which files of folders are
    taken.
    """

    def __init__(self, exclude: Sequence[str], wanted: Callable[[str], bool] = is_scan) -> None:
        self._wanted = wanted
        self.files: dict[str, SourceFile] = {}
        self.left_out: set[str] = set()
        self.unreadable: set[str] = set()
        self._urls = tuple(folder.rstrip("/") + "/" for folder in exclude if URL.match(folder))
        # By identity, since a link may lead into a folder that its path does not name.
        self._folders = {_identity(folder) for folder in exclude if Path(folder).is_dir()}

    def add(self, text: str) -> None:
        """Search one input; raises UsageError when it does not exist or a pattern matches nothing."""
        if URL.match(text):
            self._add_url(text)
            return
        try:
            info = os.stat(text)  # noqa: PTH116 (to Path, "" is the current folder)
        except OSError as error:
            if not MAGIC.search(text):
                raise UsageError(f"{display(text) or '(nothing)'}: {error.strerror}; check this input") from error
            self._add_glob(text)
        else:
            self._add_path(absolute(text), info)

    def _add_path(self, path: str, info: os.stat_result) -> None:
        if stat.S_ISDIR(info.st_mode):
            for entry in self._entries(path, []):
                self._consider_entry(entry)
        elif stat.S_ISREG(info.st_mode):
            self.files[path] = _local(path, info)
        else:
            raise UsageError(f"{display(path)}: neither a file nor a folder; copy its content into a file first")

    def _add_glob(self, text: str) -> None:
        matched = False
        for entry in self._entries(*_split(text)):
            self._consider_entry(entry)
            matched = True
        if not matched:
            raise UsageError(
                f"{display(text)}: matches no file; check the pattern (** stands for folders of any depth)"
            )

    def _add_url(self, url: str) -> None:
        named, listed = _list_url(url)
        self.files |= {file.path: file for file in named}
        for file in listed:
            if not file.path.startswith(self._urls):
                self._consider(file)
        if not named and not listed:
            raise UsageError(f"{url}: no object of this name, below it or matching it; check the address")

    def _entries(self, root: str, patterns: Sequence[str]) -> Iterator["os.DirEntry[str]"]:
        """What is no folder and lies below root at a path that fits the patterns; hidden names are passed over."""
        waiting: list[tuple[str, tuple[str, ...], frozenset[tuple[int, int]]]] = [(root, (), frozenset())]
        while waiting:
            folder, names, above = waiting.pop()
            try:
                identity = _identity(folder)
                if identity in above or identity in self._folders:
                    continue
                entries = _scan(folder)
            except OSError:
                self.unreadable.add(folder)
                continue
            for entry in entries:
                inner = (*names, entry.name)
                is_folder = _is_folder(entry)
                if entry.name.startswith(".") or not _fits(inner, patterns, is_folder):
                    continue
                if is_folder:
                    waiting.append((entry.path, inner, above | {identity}))
                else:
                    yield entry

    def _consider_entry(self, entry: "os.DirEntry[str]") -> None:
        try:
            info = entry.stat()
        except OSError:
            self.unreadable.add(entry.path)
            return
        if stat.S_ISREG(info.st_mode):
            self._consider(_local(entry.path, info))
        else:  # a pipe or a device: opening it could hang
            self.left_out.add(entry.path)

    def _consider(self, file: SourceFile) -> None:
        try:
            if self._wanted(file.path):
                self.files[file.path] = file
            else:
                self.left_out.add(file.path)
        except OSError:
            self.unreadable.add(file.path)


def _identity(folder: str) -> tuple[int, int]:
    info = Path(folder).stat()
    return info.st_dev, info.st_ino


def _local(path: str, info: os.stat_result) -> SourceFile:
    return SourceFile(path, info.st_size, info.st_mtime_ns)


def _scan(folder: str) -> list["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        return list(entries)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, for one
        return False


def _split(pattern: str) -> tuple[str, list[str]]:
    """A glob -> the folder where the search begins, and a pattern for each name below; existing names are literal."""
    base = "/" if pattern.startswith("/") else "."
    names = [name for name in pattern.split("/") if name not in ("", ".")]
    while names and os.path.isdir(f"{base}/{names[0]}"):  # noqa: PTH112 (Path.is_dir raises where access is denied)
        base = f"{base}/{names.pop(0)}"
    return absolute(base), names


def _fits(names: Sequence[str], patterns: Sequence[str], is_folder: bool) -> bool:
    """Whether a path lies at or below a match of the patterns, or, for a folder, may lead to one."""
    if not patterns:
        return True
    if not names:
        return is_folder
    if patterns[0] == "**":
        return _fits(names, patterns[1:], is_folder) or _fits(names[1:], patterns, is_folder)
    return fnmatchcase(names[0], patterns[0]) and _fits(names[1:], patterns[1:], is_folder)


def _list_url(url: str) -> tuple[list[SourceFile], list[SourceFile]]:
    """The object of this very name, or else the objects below that folder or matching that pattern."""
    magic = MAGIC.search(url)
    start = url[: magic.start()] if magic else f"{url.rstrip('/')}/"
    base = start[: start.rindex("/") + 1]
    patterns = [name for name in url.removeprefix(base).split("/") if name] if magic else []
    try:
        store = store_of(url)
        if "/" in URL.sub("", url).rstrip("/") and not url.endswith("/"):
            with suppress(FileNotFoundError):
                return [_remote(store.stat(url))], []
        found = [_remote(each) for each in store.list(start)]
    except (StoreLost, OSError) as error:
        raise NothingDone(
            f"{url}: cannot be listed ({error}). Check the address, the network and the credentials"
        ) from error
    return [], [file for file in found if _wanted(file.path.removeprefix(base).split("/"), patterns)]


def _wanted(names: Sequence[str], patterns: Sequence[str]) -> bool:
    return all(name and not name.startswith(".") for name in names) and _fits(names, patterns, False)


def _remote(found: Found) -> SourceFile:
    return SourceFile(found.name, found.size, round(found.modified * 1e9))


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """The file, open for reading; an object in a copy. What a METS file names may lie elsewhere: OSError."""
    if not URL.match(path):
        with Path(path).open("rb") as local:
            yield local
        return
    if not is_known(path):
        raise OSError(errno.ENOTSUP, "lies on the web", path)
    with TemporaryFile() as copy:
        store_of(path).download(path, copy)
        copy.seek(0)
        yield copy
