"""Where in a crop a character of its reading stands, and the piece of the crop around it."""

from typing import Final

import cv2
import numpy as np

from recognizer.decode.reading import Reading
from recognizer.lines import Crop

HALF_WINDOW: Final = 1.5  # heights of the crop


def column(reading: Reading, index: int, is_read: bool, width: int) -> float:
    """The column of the middle of the reading's character at this index; of the gap before it where none was read.

    A word's characters count as equally wide. The middle of the crop where nothing was read at all.
    """
    edges = _edges(reading)
    if not edges:
        return width / 2
    return (edges[index] + edges[index + 1]) / 2 if is_read else edges[index]


def window(crop: Crop, middle: float) -> Crop:
    """Three heights of the crop with this column in the middle, filled up with its paper where it ends."""
    half = round(HALF_WINDOW * crop.shape[0])
    paper = float(np.percentile(crop, 80))
    wide = cv2.copyMakeBorder(crop, 0, 0, half, half, cv2.BORDER_CONSTANT, value=paper)
    start = min(max(round(middle), 0), crop.shape[1])
    return np.asarray(wide[:, start : start + 2 * half], np.uint8)


def _edges(reading: Reading) -> list[float]:
    """The columns between the characters of a reading, its spaces included; one more than characters."""
    edges: list[float] = []
    for word in reading.words:
        edges += np.linspace(word.start, word.end, len(word.text) + 1).tolist()
    return edges
