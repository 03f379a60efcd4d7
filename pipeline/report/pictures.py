"""Pictures of pages for the report: the scan reduced, and a thumbnail with its lines coloured by confidence."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.document import Line, Page
from pipeline.rendering import Renderer
from pipeline.scans import ScanGone, open_scan
from segmentation.layout import Gray

LONG_SIDE: Final = 1400
THUMBNAIL: Final = 300
SCAN_QUALITY: Final = 45
THUMBNAIL_QUALITY: Final = 60
# Of lines, BGR, each up to a confidence: vermilion, orange and green of Okabe and Ito's, which everybody tells apart.
COLOURS: Final = ((0.6, (0, 94, 213)), (0.85, (0, 159, 230)), (1.01, (115, 158, 0)))


@dataclass(frozen=True)
class Pictures:
    """WebP of the scan and of its thumbnail, and what the scan's pixels are to the page's."""

    scan: bytes
    thumbnail: bytes


def pictures(page: Page, place: int, renderer: Renderer) -> Pictures | str:
    """The pictures of a page, which is the `place`-th of its source; or why there are none."""
    try:
        gray = open_scan(page, place, renderer)
    except ScanGone as error:
        return str(error)
    return Pictures(
        _webp(_reduced(gray, LONG_SIDE), SCAN_QUALITY), _webp(_thumbnail(gray, page.lines), THUMBNAIL_QUALITY)
    )


def level(confidence: float) -> int:
    """Which of COLOURS a confidence has."""
    return next(place for place, (end, _) in enumerate(COLOURS) if confidence < end)


def _thumbnail(gray: Gray, lines: Iterable[Line]) -> npt.NDArray[Any]:
    """The page, small, uint8 [h, w, 3] (BGR), its lines filled with their colours."""
    small = _reduced(gray, THUMBNAIL)
    scale = small.shape[1] / gray.shape[1]
    picture = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    ink = picture.astype(np.float32) / 255
    for line in lines:
        outline = np.round(np.array(line.polygon) * scale).astype(np.int32)
        cv2.fillPoly(picture, [outline], COLOURS[level(line.confidence)][1])
    mixed = 0.45 * picture * ink + 0.55 * 255 * ink
    return np.where(picture == cv2.cvtColor(small, cv2.COLOR_GRAY2BGR), picture, mixed).astype(np.uint8)


def _reduced(gray: Gray, long_side: int) -> Gray:
    scale = min(1.0, long_side / max(gray.shape))
    return np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _webp(pixels: npt.NDArray[Any], quality: int) -> bytes:
    return bytes(cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])[1])
