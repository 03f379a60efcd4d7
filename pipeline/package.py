"""Packages of pages for people to correct: images with PAGE or ALTO files that name them.

    FOLDER/<document id>/<document id>_0001.png         or .jpg: the page as a person sees it, pixel by pixel
    FOLDER/<document id>/page/<document id>_0001.xml    or alto/: its lines

Transkribus looks for `page/` below the images and for the image's name with .xml, in PAGE 2013-07-15. eScriptorium
takes a zip of both, the images first, or the images and then the files, and matches them by the image's name alone:
names are different throughout a package. `inkbeam train` and `compare` take a corrected package as it is.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

import cv2
from PIL import Image
from tqdm import tqdm

from pipeline.corrections.reading import read_corrected
from pipeline.corrections.reading import reader as corrected_reader
from pipeline.corrections.table import corrected_documents
from pipeline.document import Document, Page
from pipeline.export import Exported, documents, read
from pipeline.failures import NothingDone, UsageError
from pipeline.fetching import local_copy
from pipeline.filetypes import HEAD_BYTES, sniff
from pipeline.formats import alto
from pipeline.formats import page as page_xml
from pipeline.images import orientation
from pipeline.lock import locked
from pipeline.rendering import Renderer
from pipeline.scans import ScanGone, open_scan, places
from pipeline.settings import Render
from pipeline.storage import Storage, open_output
from pipeline.store import file_name, pages_table, read_table

RENDERERS: Final[Mapping[str, Callable[[str, Page], bytes]]] = MappingProxyType(
    {"page": page_xml.render_lines, "alto": alto.render_lines}
)
WORST: Final = "worst:"
UPRIGHT: Final = 1  # EXIF orientation
FACTS: Final = ["page", "status", "expected_cer"]


@dataclass(frozen=True)
class Order:
    """What a package shall hold: its XML's format, and all pages, the doubtful ones or the `worst` so many."""

    kind: str
    doubtful: bool = False
    worst: int | None = None

    @classmethod
    def of(cls, kind: str, pages: str) -> Self:
        """From the options --formats and --pages; raises UsageError."""
        if kind not in RENDERERS:
            raise UsageError(f"--formats {kind}: a package holds one of {', '.join(RENDERERS)}")
        number = pages.removeprefix(WORST)
        if pages.startswith(WORST) and number.isdecimal() and int(number):
            return cls(kind, worst=int(number))
        if pages not in ("all", "doubtful"):
            raise UsageError(f"--pages {pages}: there are all, doubtful, and worst:N for the N worst")
        return cls(kind, doubtful=pages == "doubtful")

    def choose(self, entries: Iterable["_Entry"]) -> list["_Entry"]:
        """The pages to write, in their order; the worst are those with the highest expected CER."""
        read = [entry for entry in entries if entry.status != "failed"]
        if self.doubtful:
            return [entry for entry in read if entry.status == "doubtful"]
        if self.worst is None:
            return read
        judged = (entry for entry in read if entry.expected_cer is not None)
        worst = set(heapq.nlargest(self.worst, judged, key=lambda entry: entry.expected_cer or 0.0))
        return [entry for entry in read if entry in worst]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A page that may go into a package."""

    collection: str
    document_id: str
    page: int
    status: str
    expected_cer: float | None


def package(output: str, folder: str, order: Order) -> Exported:
    """Write the pages of OUT that are ordered; damaged documents, and pages whose scan is gone, are named and left out.

    Raises NothingDone where OUT holds no such page, a run is writing to it, or FOLDER holds something already: that may
    be somebody's corrections.
    """
    storage, target = open_output(output), open_output(folder)
    if next(target.list(), None):
        raise NothingDone(f"{folder} is not empty, and may hold corrections; name another folder")
    Image.MAX_IMAGE_PIXELS = None  # of pages that were read the guard process has checked it
    left_out: list[str] = []
    done: Counter[str] = Counter()
    with locked(storage), Renderer(Render()) as renderer:
        chosen = order.choose(_entries(storage, left_out))
        if not chosen and not left_out:
            raise NothingDone(f"{output} has no page of that kind")
        with tqdm(total=len(chosen), desc="packing", unit="page", disable=None) as progress:
            for document, each in _pages(storage, chosen, left_out):
                try:
                    done[document.id] += _write(target, document, each, order.kind, renderer)
                except ScanGone as error:
                    left_out.append(str(error))
                progress.update()
    return Exported(len(done), done.total(), tuple(left_out))


def _entries(storage: Storage, left_out: list[str]) -> Iterator[_Entry]:
    """All pages, as people corrected them, document by document."""
    known = set(corrected_documents(storage))
    for collection, document_id in documents(storage):
        try:
            if (collection, document_id) in known:
                table = pages_table(read(partial(read_corrected, storage), collection, document_id)).select(FACTS)
            else:
                table = read_table(storage, file_name("pages", collection, document_id), FACTS)
        except NothingDone as error:
            left_out.append(str(error))
        else:
            yield from (_Entry(collection, document_id, **row) for row in table.to_pylist())


def _pages(storage: Storage, chosen: Iterable[_Entry], left_out: list[str]) -> Iterator[tuple[Document, Page]]:
    """The chosen pages, as people corrected them, with their documents, each of which is read once."""
    reader = corrected_reader(storage)
    for (collection, document_id), entries in groupby(chosen, key=lambda each: (each.collection, each.document_id)):
        numbers = {entry.page for entry in entries}
        try:
            document = read(reader, collection, document_id)
        except NothingDone as error:
            left_out.append(str(error))
        else:
            yield from ((document, page) for page in document.pages if page.number in numbers)


def _write(target: Storage, document: Document, page: Page, kind: str, renderer: Renderer) -> int:
    """Write image and XML of a page; how many files that are. Raises ScanGone."""
    extension, image = _image(page, places(document.pages)[page.number], renderer)
    name = f"{document.id}_{page.number:04}"
    xml = RENDERERS[kind](document.id, replace(page, source=f"{name}.{extension}"))
    target.write(f"{document.id}/{name}.{extension}", image)
    target.write(f"{document.id}/{kind}/{name}.xml", xml)
    return 2


def _image(page: Page, place: int, renderer: Renderer) -> tuple[str, bytes]:
    """Ending and content of a page's image: its JPEG as it is where that shows the page, or else a gray PNG."""
    gray = open_scan(page, place, renderer)
    copied = _jpeg(page) if page.rotation == 0 else None
    return ("jpg", copied) if copied else ("png", cv2.imencode(".png", gray)[1].tobytes())


def _jpeg(page: Page) -> bytes | None:
    """The bytes of a JPEG that all programs show alike, whether they mind EXIF or not; None for other files."""
    with local_copy(page.source, page.source_sha256) as path, Path(path).open("rb") as file:
        if sniff(file.read(HEAD_BYTES)) != "jpeg":
            return None
        file.seek(0)
        content = file.read()
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        return content if orientation(image) == UPRIGHT else None
