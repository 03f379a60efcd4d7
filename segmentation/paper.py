"""From a gray page to its ink: reduced size, local paper brightness, scan borders, ruling.

Masks are uint8 arrays of 0 and 1.
"""

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.layout import Gray

Mask = npt.NDArray[np.uint8]

LONG_SIDE = 1200
LEAST_SIDE = 12
COARSE = 8
LEAST_CONTRAST = 12
MOST_INK = 0.3
RULE_LENGTH = 61
UPRIGHT_RULE = 90
RULE_WIDTH = 13


def reduce(gray: Gray) -> tuple[Gray, float]:
    """The page with a long side of 1,200 pixels, and the size of one of its pixels in pixels of the page.

    The shorter side is exact to half a pixel and has at least one.
    """
    factor = LONG_SIDE / max(gray.shape)
    size = tuple(max(1, round(side * factor)) for side in gray.shape[::-1])
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8), 1 / factor


def find_ink(gray: Gray) -> Mask:
    """Ink of a reduced page: what is darker than the paper around it, scan borders left out.

    Paper is the brightest neighbourhood, smoothed by a median; the threshold is Otsu's on the difference. There is none
    on a page too thin for a line, without contrast, or with more ink than any text has.
    """
    if min(gray.shape) < LEAST_SIDE:
        return np.zeros_like(gray)
    paper = _paper(gray)
    darker = cv2.subtract(_enlarge(paper, gray), gray)
    seen = darker[darker > LEAST_CONTRAST - 4]
    if not len(seen):
        return np.zeros_like(gray)
    threshold, _ = cv2.threshold(seen.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ink = (darker > max(LEAST_CONTRAST, 0.85 * threshold)).astype(np.uint8)
    ink[_enlarge(_border(paper), gray) > 0] = 0
    return _without_blots(ink) if ink.mean() < MOST_INK else np.zeros_like(gray)


def _paper(gray: Gray) -> Gray:
    """Brightness of the paper at an eighth of the size."""
    size = (max(1, gray.shape[1] // COARSE), max(1, gray.shape[0] // COARSE))
    coarse = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.medianBlur(cv2.dilate(coarse, np.ones((3, 3), np.uint8)), 9), np.uint8)


def _enlarge(coarse: Gray, gray: Gray) -> Gray:
    wide, high = gray.shape[1], gray.shape[0]
    return np.asarray(cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_LINEAR), np.uint8)


def _border(paper: Gray) -> Mask:
    """Dark surroundings of the sheet: much darker than the page's paper, and touching the image's edge."""
    dark = (paper < 0.45 * float(np.percentile(paper, 75))).astype(np.uint8)
    count, labels = cv2.connectedComponents(dark)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touching = np.zeros(count, np.uint8)
    touching[np.unique(edge)] = 1
    touching[0] = 0
    return np.asarray(cv2.dilate(touching[labels], np.ones((3, 3), np.uint8)), np.uint8)


def _without_blots(ink: Mask) -> Mask:
    """Ink less the large pieces that touch the image's edge: shadows, folds, remains of borders."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    left, top, wide, tall = stats[:, : cv2.CC_STAT_AREA].T
    touching = (left < 2) | (top < 2) | (left + wide > ink.shape[1] - 2) | (top + tall > ink.shape[0] - 2)
    blot = touching & (np.maximum(wide, tall) > RULE_LENGTH)
    blot[0] = False
    return np.where(blot[labels], 0, ink).astype(np.uint8)


def without_rules(ink: Mask) -> Mask:
    """Ink less long thin level and upright strokes; a deskewed page is expected."""
    kept = ink.copy()
    for level in (True, False):
        kept[_strokes(kept, RULE_LENGTH, level) > 0] = 0
    return kept


def upright_rules(ink: Mask, length: int = UPRIGHT_RULE) -> Mask:
    """Thin upright ruling of so many pixels at least, much taller than letters; wide dark bands are left out."""
    tall = _strokes(ink, length, level=False)
    wide = cv2.morphologyEx(tall, cv2.MORPH_OPEN, np.ones((1, RULE_WIDTH), np.uint8))
    return np.asarray(cv2.dilate(np.where(wide, 0, tall), np.ones((3, 3), np.uint8)), np.uint8)


def _strokes(ink: Mask, length: int, level: bool) -> Mask:
    """What survives an opening along one direction; thickened across it first, so that half a degree breaks nothing."""
    thick, long = ((3, 1), (1, length)) if level else ((1, 3), (length, 1))
    thickened = cv2.dilate(ink, np.ones(thick, np.uint8))
    return np.asarray(cv2.morphologyEx(thickened, cv2.MORPH_OPEN, np.ones(long, np.uint8)), np.uint8)
