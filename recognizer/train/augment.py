"""Augmentation of line crops: what differs between one hand, pen, paper and scanner and another.

Slant and horizontal scale matter most for hands; vertical shift and scale stand for errors of segmentation.
"""

import cv2
import numpy as np

from recognizer.lines import Crop, Floats

WIDEST = 2200


def augment(image: Crop, rng: np.random.Generator) -> Floats:
    """A varied copy, float32 [height, another width] in 0..255."""
    edge = float(np.median(np.concatenate([image[0], image[-1]])))
    varied = stroke(bend(image, rng, edge), rng)
    return np.clip(spot(scan(varied, rng), rng, edge), 0, 255).astype(np.float32)


def bend(image: Crop, rng: np.random.Generator, edge: float) -> Crop:
    """Slant, stretch, slope, shift and zoom by one affine map."""
    height, width = image.shape
    across, up = np.exp(rng.normal(0, 0.11)), np.exp(rng.normal(0, 0.09))
    slant, slope = rng.normal(0, 0.2), rng.normal(0, 0.006)
    wide = int(np.clip(width * across + height * abs(slant) * 0.3, 16, WIDEST))
    middle = height / 2
    affine = np.array(
        [
            [across, -slant * up, slant * up * middle],
            [slope, up, middle * (1 - up) + rng.normal(0, 1.7) - slope * width / 2],
        ],
        np.float32,
    )
    return np.asarray(cv2.warpAffine(image, affine, (wide, height), borderValue=edge), np.uint8)


def stroke(image: Crop, rng: np.random.Generator) -> Floats:
    """Now and then a broader or a finer pen."""
    if rng.random() < 0.25:
        change = cv2.erode if rng.random() < 0.6 else cv2.dilate
        image = np.asarray(change(image, np.ones((2, 2), np.uint8)), np.uint8)
    return image.astype(np.float32)


def scan(pixels: Floats, rng: np.random.Generator) -> Floats:
    """Stained paper, the other side shining through, loss of focus, noise of the sensor."""
    height, width = pixels.shape
    if rng.random() < 0.3:
        stains = rng.normal(0, 18, (2, max(2, width // 120))).astype(np.float32)
        pixels = pixels + cv2.resize(stains, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.15:
        behind = cv2.GaussianBlur(np.ascontiguousarray(pixels[:, ::-1]), (0, 0), 1.5)
        pixels = np.minimum(pixels, 255 - rng.uniform(0.1, 0.4) * (255 - np.roll(behind, rng.integers(-9, 10), 0)))
    if rng.random() < 0.3:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 1.1)).astype(np.float32)
    if rng.random() < 0.3:
        pixels = pixels + rng.normal(0, rng.uniform(2, 10), pixels.shape).astype(np.float32)
    return pixels.astype(np.float32)


def spot(pixels: Floats, rng: np.random.Generator, edge: float) -> Floats:
    """Up to two blind columns, so that the network learns to read from context."""
    pixels = pixels.copy()
    for _ in range(rng.integers(0, 3) if rng.random() < 0.5 else 0):
        left = int(rng.integers(0, max(1, pixels.shape[1] - 14)))
        pixels[:, left : left + int(rng.integers(4, 14))] = edge
    return pixels
