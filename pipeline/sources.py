"""What the inputs name -> the documents to do, with their ids, in natural order."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal

from pipeline.document import Record
from pipeline.failures import NothingDone, UsageError
from pipeline.files import Search, SourceFile, absolute, display, has_known_extension, hash_file, is_scan
from pipeline.mets_files import is_mets, open_mets

__all__ = ["Listing", "Origin", "SourceFile", "display", "document_id", "find", "hash_file"]

SLUG_LENGTH: Final = 40
ID_DIGITS: Final = 8
DIGITS: Final = re.compile(r"(\d+)")
DocumentKind = Literal["file", "folder", "mets"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What one document is made from; `name` is the display path of its file or folder.

    `record` is what the source itself tells of the document; `unusable` why its METS file names no pages.
    """

    document_id: str
    name: str
    files: tuple[SourceFile, ...]
    record: Record = field(default_factory=Record)
    unusable: str = ""


@dataclass(frozen=True)
class Listing:
    """Documents in natural order of their paths.

    `left_out` counts files in folders that are neither PDF nor image. `unreadable` are display paths of what could not
    be listed: dangling links, files that vanished, folders without permission. They cost nothing but themselves.
    """

    origins: tuple[Origin, ...]
    left_out: int
    unreadable: tuple[str, ...] = ()


def find(inputs: Sequence[str], document: DocumentKind, exclude: Sequence[str] = ()) -> Listing:
    """List what the inputs name: files, folders (searched to any depth), globs, and URLs of Beam's filesystems.

    A file that is named is taken whatever it is. In folders and globs, hidden names are passed over and other files
    must be PDFs or images by extension or content; links are followed. An input that exists is no pattern, whatever
    its name. `exclude` holds absolute folders, or URLs, that are never entered. With `document` "folder" all files of
    one folder become one document. With "mets" METS files are looked for instead of PDFs and images, each a document of
    the images that it names; no other file counts as left out.

    Raises UsageError for an input that does not exist or a glob without a match, and
    NothingDone when there is no document at all.
    """
    search = Search(exclude, is_mets if document == "mets" else is_scan)
    for text in inputs:
        search.add(text)
    if not search.files:
        raise NothingDone(_nothing(inputs, search, document))
    # What was named all the same is taken; beside METS files, what belongs to a document is for them to say.
    left_out = set() if document == "mets" else search.left_out - search.files.keys()
    unreadable = sorted(map(display, search.unreadable), key=_natural)
    return Listing(tuple(_origins(search.files, document)), len(left_out), tuple(unreadable))


def document_id(path: str) -> str:
    """A slug of the name and 8 hex digits of the SHA-256 of the absolute path (links not resolved) or URL.

    Only a known extension is dropped from the name: what follows a dot in a folder's name is no extension.
    """
    path = absolute(path)
    name = path.rpartition("/")[2]
    if has_known_extension(path):
        name = name.rpartition(".")[0]
    return f"{_slug(name)}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:ID_DIGITS]}"


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].rstrip("-") or "document"


def _origins(files: Mapping[str, SourceFile], document: DocumentKind) -> Iterable[Origin]:
    groups: dict[str, list[SourceFile]] = {}
    for path in sorted(files, key=_natural):
        groups.setdefault(_folder(path) if document == "folder" else path, []).append(files[path])
    paths: dict[str, str] = {}
    for path in sorted(groups, key=_natural):
        twin = paths.setdefault(document_id(path), path)
        if twin != path:
            raise UsageError(f"{display(path)} and {display(twin)} happen to get one document id; rename one of them")
    if document == "mets":
        return (_of_mets(name, files[path]) for name, path in paths.items())
    return (Origin(name, display(path), tuple(groups[path])) for name, path in paths.items())


def _of_mets(name: str, file: SourceFile) -> Origin:
    found = open_mets(file)
    return Origin(name, display(file.path), found.files, found.record, found.unusable)


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _natural(path: str) -> tuple[Any, ...]:
    """Sort key: folder by folder, digits by their value, the path itself to break ties."""
    return [_pieces(name) for name in path.split("/")], path


@lru_cache(maxsize=1024)  # folders come back with every file in them
def _pieces(name: str) -> list[str | int]:
    return [int(piece) if piece.isdecimal() else piece for piece in DIGITS.split(name.casefold())]


def _nothing(inputs: Sequence[str], search: Search, document: DocumentKind) -> str:
    wanted = "METS files" if document == "mets" else "PDFs and images"
    unreadable = f" and {len(search.unreadable)} could not be read" if search.unreadable else ""
    return (
        f"no document in {', '.join(map(display, inputs))}: looked for {wanted}, hidden files and the output "
        f"folder aside; {len(search.left_out)} other files were left out{unreadable}. "
        "Check the paths, the permissions and that the disk is mounted"
    )
