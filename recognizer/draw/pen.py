"""What a pen makes of a script: broader and finer strokes, pressure, ink that flows or runs dry.

All lengths are in pixels of the script, which is twice as large as the line.
"""

from typing import Final

import cv2
import numpy as np

from recognizer.draw.fields import field
from recognizer.lines import Floats

ROUND, BROAD, POINTED = "round", "broad", "pointed"
NIBS: Final = (ROUND, ROUND, BROAD, POINTED)
SLANTED: Final = 35  # degrees at which a broad nib is held


def pen(cover: Floats, rng: np.random.Generator) -> Floats:
    """The ink that a pen leaves on strokes, float32 of the same shape: 0 none, 1 as dark as it gets."""
    nib = NIBS[rng.integers(len(NIBS))]
    shaped = cv2.dilate(cover, _kernel(nib, int(rng.integers(2, 5)))) if nib != ROUND else cover
    return _flowing(_pressed(np.asarray(shaped, np.float32), rng), rng)


def _kernel(nib: str, size: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """What a nib covers at once: a broad one a slanted line, a pointed one spreads to the sides as it comes down."""
    kernel = np.zeros((2 * size + 1, 2 * size + 1), np.uint8)
    angle = np.radians(SLANTED if nib == BROAD else 0)
    reach = np.array([np.cos(angle), -np.sin(angle)]) * size / 2
    first, last = (np.round(size + sign * reach).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, first, last, 1)
    return kernel


def _pressed(cover: Floats, rng: np.random.Generator) -> Floats:
    """Strokes as broad as the pen is pressed, which wanders along the line: a softened cover cut at some level.

    The level is a share of what the finest strokes reach, so that no hairline is lost.
    """
    soft = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.8, 1.8))
    strokes = soft[cover > 0.5]
    fine = float(np.percentile(strokes, 10)) if strokes.size else 1.0
    level = fine * np.clip(rng.uniform(0.5, 1.0) + field(rng, cover.shape, (60, 70), 0.12), 0.3, 1)
    return np.asarray(np.clip((soft - level) * rng.uniform(4, 10) + 0.5, 0, 1), np.float32)


def _flowing(ink: Floats, rng: np.random.Generator) -> Floats:
    """Ink that is darker where the pen rests and lighter where it hurries, and now and then grainy on rough paper."""
    flow = 1 - np.abs(field(rng, ink.shape, (50, 45), rng.uniform(0.05, 0.3)))
    if rng.random() < 0.3:
        flow = flow - np.clip(field(rng, ink.shape, (2.5, 2.5), rng.uniform(0.1, 0.45)), 0, 1)
    return np.asarray(ink * np.clip(flow, 0.15, 1), np.float32)
