"""Augmentation of line crops: what differs between one hand, pen, paper and scanner and another.

Slant and horizontal scale matter most for hands, between writers and along a line; zoom, vertical shift and scale, room
at the ends and strips of the neighbouring lines stand for errors of segmentation, as large as `bench.line_errors` finds
them on unseen collections. Contrast and exposure are left alone,
since `normalise` undoes them. Lengths are in shares of the height, grays of 0..255.
"""

import math
from functools import cache
from typing import Final

import cv2
import numpy as np

from recognizer.lines import GRAYS, Crop, Floats

WIDEST: Final = 2200
CROSS: Final = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def augment(image: Crop, rng: np.random.Generator) -> Crop:
    """A varied copy, uint8 [height, another width]."""
    paper = float(np.median(np.concatenate([image[0], image[-1]])))
    ink = min(float(image.min()), paper - 1)
    drawn = pen(neighbours(bend(image, rng, paper), rng), rng)
    ruled = tone(rules(drawn, rng, paper, ink), rng, paper, ink)
    return np.clip(spot(scan(sheet(ruled, rng, paper), rng), rng, paper), 0, 255).astype(np.uint8)


def bend(image: Crop, rng: np.random.Generator, paper: float) -> Crop:
    """Slant, stretch, slope, shift, zoom and room at the ends; all but the room waver along the line."""
    height, width = image.shape
    zoom = rng.normal(0, 0.1)
    across = min(math.exp(zoom + rng.normal(0, 0.11)), (WIDEST - height) / width)
    up = math.exp(zoom + rng.normal(0, 0.09))
    slant, slope = rng.normal(0, 0.2), rng.normal(0, 0.006)
    left, right = (height * rng.uniform(-0.15, 0.7) if rng.random() < 0.5 else 0.0 for _ in range(2))
    wide = int(np.clip(width * across + left + right + height * abs(slant) * 0.3, 16, WIDEST))
    x = (np.arange(wide, dtype=np.float32) - left) / across
    y = (np.arange(height, dtype=np.float32)[:, None] - height * (0.5 + rng.normal(0, 0.05))) / up
    columns = waver(height, wide, 0.045 * height, rng) + (x + slant * y)
    rows = waver(height, wide, 0.022 * height, rng) + (y + (height / 2 + slope * (x - width / 2)))
    return np.asarray(cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderValue=paper), np.uint8)


def waver(height: int, width: int, pixels: float, rng: np.random.Generator) -> Floats:
    """Smooth displacements by about so many pixels, float32 [height, width].

    Independent ones at top and bottom make slant, width, height and baseline of the letters differ along the line; a
    finer and weaker field makes the strokes unsteady.
    """
    letters = rng.normal(0, pixels, (2, 2 + width // height)).astype(np.float32)
    strokes = rng.normal(0, height * 0.008, (4, 2 + 4 * width // height)).astype(np.float32)
    smooth = cv2.resize(letters, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.add(smooth, cv2.resize(strokes, (width, height))), np.float32)


def neighbours(image: Crop, rng: np.random.Generator) -> Crop:
    """Now and then what the line above or below leaves at the edge; this line, shifted, stands for both."""
    above, below = rng.random(2) < 0.15
    if not above and not below:
        return image
    height, width = image.shape
    pitch = int(height * rng.uniform(0.7, 0.95))
    other = np.roll(image, int(width * rng.uniform(0.2, 0.8)), axis=1)
    seen = image.copy()
    if above:
        seen[: height - pitch] = np.minimum(image[: height - pitch], other[pitch:])
    if below:
        seen[pitch:] = np.minimum(image[pitch:], other[: height - pitch])
    return seen


def pen(image: Crop, rng: np.random.Generator) -> Crop:
    """A broader or a finer pen, by less than a pixel a side."""
    if rng.random() < 0.5:
        return image
    broader = rng.random() < 0.6
    changed = (cv2.erode if broader else cv2.dilate)(image, CROSS)
    share = rng.uniform(0.1, 0.7 if broader else 0.45)
    return np.asarray(cv2.addWeighted(changed, share, image, 1 - share, 0), np.uint8)


def rules(image: Crop, rng: np.random.Generator, paper: float, ink: float) -> Crop:
    """Now and then ruled paper, an underlining, the border of a column."""
    if rng.random() < 0.88:
        return image
    height, width = image.shape
    ruled = image.copy()
    gray = paper + (ink - paper) * rng.uniform(0.2, 0.8)
    if rng.random() < 0.7:
        y, slope = height * rng.uniform(0.6, 0.98), height * rng.normal(0, 0.04)
        ends = (int(width * rng.uniform(-0.5, 0.5)), round(y)), (int(width * rng.uniform(0.5, 1.5)), round(y + slope))
    else:
        x, slant = round(rng.choice([0, width - 1]) + height * rng.normal(0, 0.1)), round(height * rng.normal(0, 0.03))
        ends = (x, 0), (x + slant, height)
    cv2.line(ruled, *ends, color=gray, thickness=int(rng.integers(1, 3)), lineType=cv2.LINE_AA)
    return np.minimum(ruled, image)


def tone(image: Crop, rng: np.random.Generator, paper: float, ink: float) -> Floats:
    """Another film or scanner: grays between ink and paper darker or lighter, now and then almost black on white."""
    share = (GRAYS - ink) / (paper - ink)
    if rng.random() < 0.05:
        share = np.clip((share - rng.uniform(0.45, 0.7)) * rng.uniform(2, 8) + 0.5, 0, 1)
    curved = np.maximum(share, 0) ** np.exp(rng.normal(0, 0.25))
    return np.asarray(cv2.LUT(image, (ink + (paper - ink) * curved).astype(np.float32)), np.float32)


def sheet(pixels: Floats, rng: np.random.Generator, paper: float) -> Floats:
    """Ink running dry, stained paper, the other side shining through."""
    height, width = pixels.shape
    if rng.random() < 0.25:
        flow = rng.uniform(0.35, 1, (1, 2 + width // (2 * height))).astype(np.float32)
        pixels = np.asarray(paper + (pixels - paper) * cv2.resize(flow, (width, 1)), np.float32)
    if rng.random() < 0.3:
        stains = rng.normal(0, 18, (2, 2 + width // (2 * height))).astype(np.float32)
        pixels = pixels + cv2.resize(stains, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.15:
        behind = np.roll(cv2.blur(pixels[:, ::-1], (3, 3)), int(height * rng.uniform(-0.3, 0.3)), axis=0)
        pixels = np.minimum(pixels, paper + rng.uniform(0.1, 0.4) * (behind - paper))
    return pixels


def scan(pixels: Floats, rng: np.random.Generator) -> Floats:
    """Out of focus or sharpened, noise of the sensor or of the paper's grain."""
    if rng.random() < 0.4:
        soft = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.5, 1.2))
        share = rng.uniform(-0.7, 1)
        pixels = cv2.addWeighted(soft, share, pixels, 1 - share, 0).astype(np.float32)
    if rng.random() < 0.3:
        height, width = pixels.shape
        noise = _noise(height, bool(rng.random() < 0.5))
        start = int(rng.integers(noise.shape[1] - width + 1))
        pixels = pixels + np.float32(rng.uniform(2, 11)) * noise[:, start : start + width]
    return pixels


def spot(pixels: Floats, rng: np.random.Generator, paper: float) -> Floats:
    """Up to two blind columns, so that the network learns to read from context."""
    pixels = pixels.copy()
    for _ in range(rng.integers(0, 3) if rng.random() < 0.5 else 0):
        left = int(rng.integers(0, max(1, pixels.shape[1] - 14)))
        pixels[:, left : left + int(rng.integers(4, 14))] = paper
    return pixels


@cache
def _noise(height: int, coarse: bool) -> Floats:
    """Normal noise of deviation 1, float32 [height, 3 times the widest line]: drawing it anew costs most of all."""
    noise = np.random.default_rng(height).standard_normal((height, 3 * WIDEST), np.float32)
    grain = cv2.GaussianBlur(noise, (0, 0), 1.0) if coarse else noise
    return np.asarray(grain / grain.std(), np.float32)
