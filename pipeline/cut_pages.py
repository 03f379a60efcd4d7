"""Lines of pages that were read before, cut out of their scans into line Parquet, as recognition cuts them.

A page goes by the hash of its scan, so that a scan that was moved, or is in two documents, is one page to whoever deals
lines out by page. The file says what it was made from: the scans as they are now, the lines and their texts.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from pipeline.cutting import VERSION, Cut, row, write
from pipeline.document import Document, Page, Polyline
from pipeline.failures import NothingDone
from pipeline.files import display
from pipeline.pairing import Tally
from pipeline.rendering import Renderer
from pipeline.scans import ScanGone, open_scan, places, unchanged
from pipeline.settings import Render
from pipeline.storage import Storage, open_output
from recognizer.bundle import Bundle
from recognizer.samples import SCHEMA, find_parquet
from segmentation import CropGeometry, Line, crop
from segmentation.layout import Gray

GONE: Final = "scan that is gone, or another now"
LEARNED: Final = "train"
Find = Callable[[Storage, Tally], Sequence["PageToCut"]]
"""The pages of an OUT whose lines are to be cut; what cannot be used is left out."""


@dataclass(frozen=True, slots=True)
class LineToCut:
    """A line by its shape in pixels of the page, its text ('' for none), and its number, from 1."""

    number: int
    text: str
    baseline: Polyline
    polygon: Polyline

    @property
    def digest(self) -> str:
        """Tells its place on the page, which stays when lines before it come or go."""
        return hashlib.sha256(json.dumps([self.baseline, self.polygon]).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class PageToCut:
    """A page, which page of its source it is, from 1, and its lines; `document` and `collection` name it for people."""

    document: str
    collection: str
    page: Page
    place: int
    lines: tuple[LineToCut, ...]

    @classmethod
    def of(cls, document: Document, page: Page, lines: Sequence[LineToCut]) -> "PageToCut":
        """A page of a document."""
        return cls(document.id, document.collection, page, places(document.pages)[page.number], tuple(lines))

    @property
    def name(self) -> str:
        """The name of the page by its scan."""
        return f"{self.page.source_sha256[:16]}.{self.place}"

    def rows(self, gray: Gray, geometry: CropGeometry) -> Iterator[dict[str, Any]]:
        """Its lines, cut out of its image uint8 [h, w]."""
        for line in self.lines:
            shape = Line(np.array(line.baseline, np.float32), np.array(line.polygon, np.float32))
            yield row(
                f"{self.document}/{self.page.number:04}#{line.digest}",
                crop(gray, shape, geometry).image,
                dataset=f"collection={self.collection}",
                page=self.name,
                line=line.number,
                text=line.text,
                language=self.page.language or "",
                split=LEARNED,
            )


def find_cut(source: str, bundle: Bundle, cache: Path, kind: str, find: Find) -> list[Path]:
    """Line Parquet, or folders of it, as they are; lines of an OUT, cut as the bundle wants them, into the cache.

    What was left out is told on stderr. Raises NothingDone, naming the kind, for an OUT that has none.
    """
    path = Path(source)
    if path.suffix == ".parquet" or (path.is_dir() and any(path.glob("*.parquet"))):
        return find_parquet([path])
    geometry = CropGeometry(**bundle.crop)  # type: ignore[arg-type]
    storage, left_out = open_output(source), Tally()
    made_of = json.dumps([kind, os.fsencode(storage.root).hex(), asdict(geometry)])
    target = cache / f"{kind}-{hashlib.sha256(made_of.encode()).hexdigest()[:8]}.parquet"
    made = cut_pages(find(storage, left_out), geometry, target, left_out)
    print(made.table(), file=sys.stderr)
    if not made.lines:
        raise NothingDone(
            f"{display(source)} has no {kind} line that can be used; name an OUT that has, or line Parquet"
        )
    return [made.path]


def cut_pages(pages: Sequence[PageToCut], geometry: CropGeometry, target: Path, left_out: Tally) -> Cut:
    """Cut the lines of the pages, in their order; a target made from the same is kept.

    A page whose scan is gone, or is not the file any more that was read, is left out and named. Raises OSError when the
    target cannot be written.
    """
    missing = _missing(pages)
    inputs = _fingerprint(pages, missing, geometry, left_out)
    if known := Cut.made_from(inputs, target):
        return known
    with Renderer(Render()) as renderer:
        return write(target, _tables(pages, missing, geometry, renderer, left_out), inputs, left_out)


def _tables(
    pages: Sequence[PageToCut],
    missing: Mapping[str, str],
    geometry: CropGeometry,
    renderer: Renderer,
    left_out: Tally,
) -> Iterator[pa.Table]:
    for each in tqdm(pages, desc="cutting", unit="page", disable=None):
        try:
            if why := missing.get(each.page.source):
                raise ScanGone(why)
            gray = open_scan(each.page, each.place, renderer)
        except ScanGone as error:
            left_out.add(GONE, f"{each.document}, page {each.page.number}: {error}")
        else:
            yield pa.Table.from_pylist(list(each.rows(gray, geometry)), SCHEMA)


def _missing(pages: Sequence[PageToCut]) -> dict[str, str]:
    """Sources that are gone, or are other files now, and why; each is looked at once."""
    found: dict[str, str] = {}
    for page in {each.page.source: each.page for each in pages}.values():
        try:
            with unchanged(page):
                pass
        except ScanGone as error:
            found[page.source] = f"{display(page.source)}: {error}"
    return found


def _fingerprint(
    pages: Sequence[PageToCut], missing: Mapping[str, str], geometry: CropGeometry, left_out: Tally
) -> str:
    told = [[each.name, each.document, *((line.digest, line.text) for line in each.lines)] for each in pages]
    made_of = [VERSION, asdict(geometry), told, missing, left_out.table()]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
