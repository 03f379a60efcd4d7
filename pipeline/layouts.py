"""Layouts that a person has drawn or corrected: lines and regions from PAGE and ALTO files instead of found ones.

A file belongs to the image whose name it states, or that has its own name; to page 3 of `deeds.pdf` belongs what is
called deeds_3, deeds-0003 or deeds_page_3.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Final, Self

from pipeline.failures import PageError, UsageError
from pipeline.files import display, has_known_extension
from pipeline.formats.page import ROOT as PAGE
from pipeline.pairing import Tally, alike, read_xml, xml_files
from pipeline.sources import Origin
from pipeline.transcription import BadTranscription
from pipeline.truth import shapes
from segmentation import Layout
from segmentation.given import given
from segmentation.layout import Gray

NUMBERED: Final = re.compile(r"(.+?)[ _.-]*(?:page|p)?[ _.-]*0*([1-9]\d*)")


@dataclass(frozen=True)
class Layouts:
    """Where the layouts of images are, by the image's name without its ending, as file systems compare names."""

    files: Mapping[str, Path]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The layouts in a folder, to any depth; raises UsageError when there are none."""
        paths = (path for _, paths in xml_files(folder, Tally()) for path in paths)
        named = sorted(((rank, path, name) for path in paths for rank, name in _names(path)), key=lambda each: each[:2])
        files: dict[str, Path] = {}
        for _, path, name in named:
            files.setdefault(alike(name), path)
        if not files:
            raise UsageError(f"--layout {display(str(folder))}: no PAGE XML or ALTO (*.xml) there; name their folder")
        return cls(files)

    def find(self, source: str, page: int, pages: int) -> Path | None:
        """The layout of one page, from 1, of a source that has so many; None when there is none."""
        stem = alike(PurePath(source).stem)
        if pages == 1 and stem in self.files:
            return self.files[stem]
        return self._numbered.get((stem, page))

    @cached_property
    def _numbered(self) -> dict[tuple[str, int], Path]:
        matches = ((NUMBERED.fullmatch(name), path) for name, path in self.files.items())
        return {(match[1], int(match[2])): path for match, path in matches if match}

    def digest(self, origin: Origin) -> str:
        """A hash of the layouts that may belong to a document's files; "" where there are none. Raises OSError."""
        stems = {alike(PurePath(file.path).stem) for file in origin.files}
        numbered = {path for (stem, _), path in self._numbered.items() if stem in stems}
        paths = numbered | {self.files[stem] for stem in stems if stem in self.files}
        contents = [sha256(path.read_bytes()).hexdigest() for path in sorted(paths)]
        return sha256(" ".join(contents).encode()).hexdigest()[:16] if contents else ""


def read_layout(path: Path | None, gray: Gray) -> Layout:
    """The layout of a page uint8 [h, w] from its file; raises PageError of stage segment."""
    if path is None:
        raise PageError("segment", "no-layout", "no layout is called like this page")
    try:
        page = read_xml(path)[1]
        return given(shapes(page, gray), [line.region for line in page.lines])
    except (BadTranscription, OSError) as error:
        raise PageError("segment", "no-layout", f"{display(str(path))}: {error}") from error


def _names(path: Path) -> Iterator[tuple[int, str]]:
    """Names of images that a file may belong to, with ranks: those it states first, and PAGE before ALTO."""
    try:
        root, page = read_xml(path)
        stated = PurePath(re.split(r"[/\\]", page.image)[-1])
        if stated.name:
            yield int(root != PAGE), stated.stem if has_known_extension(stated.name) else stated.name
    except (BadTranscription, OSError):
        pass  # a page of that name fails and says why
    yield 2, path.stem
