"""METS files as input: the images that each names as the pages of one document.

Paths go through `os.path`, which keeps bytes that are not UTF-8 and asks after files that nobody may see.
"""

# ruff: noqa: PTH118, PTH120

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from pipeline.document import Record
from pipeline.files import URL, SourceFile, absolute, head
from pipeline.formats import mets
from pipeline.transcription import BadTranscription

HEAD_BYTES: Final = 1 << 14
LOCAL: Final = "file:"


@dataclass(frozen=True, slots=True)
class MetsFile:
    """What a METS file gives: files of the pages in order, and the record; or why it gives none."""

    files: tuple[SourceFile, ...]
    record: Record = field(default_factory=Record)
    unusable: str = ""


def is_mets(path: str) -> bool:
    """Whether a file is to be taken for METS by name and first bytes; raises OSError."""
    return path.lower().endswith((".xml", ".mets")) and mets.NAMESPACE.encode() in head(path, HEAD_BYTES)


def open_mets(file: SourceFile) -> MetsFile:
    """The pages of a METS file. Each image counts once, in its first place: of a PDF, all pages are read there."""
    if URL.match(file.path):
        return MetsFile((file,), unusable="lies in an object store; copy it to a local disk, with its images")
    try:
        found = mets.read(Path(file.path).read_bytes())
    except BadTranscription as error:
        return MetsFile((file,), unusable=str(error))
    except OSError as error:
        return MetsFile((file,), unusable=error.strerror or str(error))
    paths = (_path(image, file.path, number) for number, image in enumerate(found.images, 1))
    return MetsFile(tuple(_listed(path) for path in dict.fromkeys(paths)), found.record)


def _path(address: str, mets_path: str, number: int) -> str:
    """Where an image lies: a path, or a URL as it is. A page without image gets the name of a file that is not there,
    so that it fails by its place.
    """
    if not address:
        return f"{mets_path}#page={number}"
    if URL.match(address) and not address.startswith(LOCAL):
        return address
    plain = address.partition("#page=")[0].removeprefix(LOCAL)
    if plain.startswith("//"):
        plain = "/" + plain[2:].partition("/")[2]  # without the host
    folder = os.path.dirname(mets_path)
    ways = [absolute(os.path.join(folder, spelled)) for spelled in (plain, unquote(plain))]
    return next(filter(os.path.exists, ways), ways[0])


def _listed(path: str) -> SourceFile:
    """The file as a search would list it; one that is not there is without size and time, and fails when it is read."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return SourceFile(path, 0, 0)
    return SourceFile(path, status.st_size, status.st_mtime_ns)
