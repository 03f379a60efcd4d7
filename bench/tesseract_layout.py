"""The layout analysis of Tesseract, without its reading, through the library's C interface (tesseract/capi.h)."""

import ctypes
from ctypes.util import find_library
from typing import Any, Final

import numpy as np

from segmentation import Layout, Line
from segmentation.layout import Gray

AUTOMATIC: Final = 3  # PSM_AUTO
TEXT_LINE: Final = 2  # RIL_TEXTLINE


class LayoutAnalysis:
    """Tesseract, set up once. Raises OSError where it, or its English, is not installed."""

    def __init__(self) -> None:
        library: Any = ctypes.CDLL(find_library("tesseract") or "libtesseract.so.5")
        for name in ("TessBaseAPICreate", "TessBaseAPIAnalyseLayout"):
            getattr(library, name).restype = ctypes.c_void_p
        self._library = library
        self._api = ctypes.c_void_p(library.TessBaseAPICreate())
        if library.TessBaseAPIInit3(self._api, None, b"eng"):
            raise OSError("Tesseract does not find its data for English")
        library.TessBaseAPISetPageSegMode(self._api, AUTOMATIC)

    def __call__(self, gray: Gray) -> Layout:
        """The lines of a page uint8 [h, w] in Tesseract's order."""
        high, wide = gray.shape
        pixels = np.ascontiguousarray(gray)
        self._library.TessBaseAPISetImage(self._api, pixels.ctypes.data_as(ctypes.c_void_p), wide, high, 1, wide)
        iterator = ctypes.c_void_p(self._library.TessBaseAPIAnalyseLayout(self._api))
        lines = []
        while iterator:
            ends = [ctypes.c_int() for _ in range(4)]
            if self._library.TessPageIteratorBaseline(iterator, TEXT_LINE, *map(ctypes.byref, ends)):
                lines.append(_line(*(end.value for end in ends)))
            if not self._library.TessPageIteratorNext(iterator, TEXT_LINE):
                break
        self._library.TessPageIteratorDelete(iterator)
        self._library.TessBaseAPIClear(self._api)
        return Layout(0.0, (), tuple(lines))


def _line(left: int, start: int, right: int, end: int) -> Line:
    baseline = np.array([(left, start), (max(right, left + 1), end)], np.float32)
    return Line(baseline, np.vstack([baseline - np.array([0, 20], np.float32), baseline[::-1]]))
