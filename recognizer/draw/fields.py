"""Random fields: what wanders along a line or over a sheet."""

import cv2
import numpy as np

from recognizer.lines import Floats


def field(rng: np.random.Generator, shape: tuple[int, ...], cell: tuple[float, float], deviation: float) -> Floats:
    """Smooth normal noise float32 [height, width] of about this deviation, that varies over `cell` rows and columns.

    A cell as large as the field or larger hardly varies in it, so that a cell of infinite height varies by column only.
    """
    height, width = shape
    coarse = [2 + int(length / size) for length, size in zip((height, width), cell, strict=True)]
    grid = rng.normal(0, deviation, coarse).astype(np.float32)
    if np.isinf(cell[0]):
        grid = grid[:1]
    return np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def bent(image: Floats, right: Floats, down: Floats) -> Floats:
    """An image [height, width] whose every pixel comes from so far to the right and so far down; 0 from beyond it."""
    rows, columns = np.indices(image.shape, np.float32)
    return np.asarray(cv2.remap(image, columns + right, rows + down, cv2.INTER_LINEAR, borderValue=0), np.float32)
