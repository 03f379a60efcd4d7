"""The places of hits cut out of their scans, framed."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.document import Document
from pipeline.failures import NothingDone
from pipeline.rendering import Renderer
from pipeline.scans import ScanGone, open_scan, places
from pipeline.search.hits import Box, Hit
from pipeline.settings import Render
from pipeline.storage import Storage
from pipeline.store import read_document
from segmentation.layout import Gray

Picture = npt.NDArray[np.uint8]

ACROSS: Final = 6.0  # heights of the word beside it, and
DOWN: Final = 0.8  # above and below it
WIDEST: Final = 900  # pixels of a cut-out
FRAME: Final = (0, 94, 213)  # BGR: vermilion of Okabe and Ito's colours


def cutouts(storage: Storage, hits: Sequence[Hit]) -> list[Picture | str]:
    """Of every hit its place on the scan, or why it cannot be shown; each page is rendered once."""
    pages: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, hit in enumerate(hits):
        pages[hit.collection, hit.document_id][hit.page].append(number)
    found: dict[int, Picture | str] = {}
    with Renderer(Render()) as renderer:
        for (collection, document_id), of_page in pages.items():
            document = _document(storage, collection, document_id)
            for page, numbers in of_page.items():
                scan = document if isinstance(document, str) else _scan(document, page, renderer)
                found |= {n: scan if isinstance(scan, str) else cutout(scan, _boxes(hits[n])) for n in numbers}
    return [found[number] for number in range(len(hits))]


def cutout(gray: Gray, boxes: Sequence[Box]) -> Picture:
    """The part of a page, uint8 [h, w, 3] (BGR), around boxes, reduced, the boxes framed."""
    size = np.array(gray.shape[::-1])
    corners = np.clip(np.array(boxes), 0, np.tile(size - 1, 2))
    margin = np.array([ACROSS, DOWN]) * max(1.0, float(np.median(corners[:, 3] - corners[:, 1])))
    left, top = np.floor(np.maximum(0, corners[:, :2].min(0) - margin)).astype(int).tolist()
    right, bottom = np.ceil(np.minimum(size, corners[:, 2:].max(0) + margin)).astype(int).tolist()
    part = gray[top:bottom, left:right]
    scale = min(1.0, WIDEST / part.shape[1])
    width, height = (max(1, round(side * scale)) for side in part.shape[::-1])
    small = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    picture = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    for box in np.round((corners - [left, top, left, top]) * scale).astype(int).tolist():
        cv2.rectangle(picture, box[:2], box[2:], FRAME, 2)
    return np.asarray(picture, np.uint8)


def _document(storage: Storage, collection: str, document_id: str) -> Document | str:
    try:
        return read_document(storage, collection, document_id)
    except (NothingDone, FileNotFoundError) as error:
        return str(error)


def _scan(document: Document, number: int, renderer: Renderer) -> Gray | str:
    """The page image, or why there is none."""
    page = next((page for page in document.pages if page.number == number), None)
    if page is None:
        return f"{document.id} has no page {number} any more; index the dataset again"
    try:
        return open_scan(page, places(document.pages)[number], renderer)
    except ScanGone as error:
        return str(error)


def _boxes(hit: Hit) -> list[Box]:
    return [piece.box for piece in hit.pieces]
