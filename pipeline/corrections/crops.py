"""Pictures for the page where people correct: a line cut out of its scan and straightened, and the scan reduced."""

import threading
from collections import OrderedDict
from types import TracebackType
from typing import Any, Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.corrections.queue import Place
from pipeline.document import Page
from pipeline.files import display
from pipeline.rendering import Renderer
from pipeline.scans import ScanGone, open_scan, unchanged
from pipeline.settings import Render
from pipeline.storage import Storage
from pipeline.store import file_name, read_page, read_table
from segmentation import CropGeometry, Line, crop
from segmentation.layout import Gray

GEOMETRY: Final = CropGeometry(height=120, margin=20)
"""Taller than what the network sees: eyes want the strays of the letters and what is around them."""
LONG_SIDE: Final = 2000
QUALITY: Final = 60
KEPT: Final = 4
"""Page images in memory: that of the line, of the next one, and of other windows."""


class Pictures:
    """Crops and scans of the lines of OUT, as WebP. Threads take turns; to be closed in the end."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._renderer = Renderer(Render())
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, str], Gray] = OrderedDict()

    def crop(self, place: Place) -> bytes:
        """A line. Raises ScanGone where its scan cannot be shown, FileNotFoundError where there is no such line."""
        page, gray = self._opened(place)
        if not 0 < place.line <= len(page.lines):
            raise FileNotFoundError(place.id)
        line = page.lines[place.line - 1]
        shape = Line(np.array(line.baseline, np.float32), np.array(line.polygon, np.float32))
        return _webp(crop(gray, shape, GEOMETRY).image)

    def scan(self, place: Place) -> bytes:
        """The page of a line, its long side at most LONG_SIDE pixels. Raises as `crop` does."""
        _, gray = self._opened(place)
        scale = min(1.0, LONG_SIDE / max(gray.shape))
        return _webp(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._renderer.close()

    def _opened(self, place: Place) -> tuple[Page, Gray]:
        """The page of a line, and its image."""
        page = read_page(self._storage, place.collection, place.document_id, place.page)
        if page is None:
            raise FileNotFoundError(place.id)
        key = (place.document_id, page.number, page.revision)
        with self._lock:
            gray = self._kept.pop(key) if key in self._kept else self._rendered(page, place)
            self._kept[key] = gray
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return page, gray

    def _rendered(self, page: Page, place: Place) -> Gray:
        try:
            with unchanged(page):
                pass
        except ScanGone as error:
            raise ScanGone(f"{display(page.source)}: {error}") from error
        return open_scan(page, self._nth(page, place), self._renderer)

    def _nth(self, page: Page, place: Place) -> int:
        """Which page of its source a page is, from 1."""
        table = read_table(self._storage, file_name("pages", place.collection, place.document_id), ["page", "source"])
        return sum(row["source"] == page.source and row["page"] <= page.number for row in table.to_pylist())


def _webp(pixels: npt.NDArray[Any]) -> bytes:
    return bytes(cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1])
