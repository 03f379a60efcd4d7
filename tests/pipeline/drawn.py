"""Small pages drawn for tests: quick to render, with lines that segmentation finds and the reader reads."""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

WORDS = ("the letter came today", "we shall write again", "three boxes of paper", "he left on Monday")


def page(seed: int = 0, lines: int = 3) -> Image.Image:
    """A gray page of 640 x 400 pixels with a few lines of text."""
    rng = np.random.default_rng(seed)
    pixels = np.full((400, 640), 235, np.uint8)
    for k in range(lines):
        text = WORDS[int(rng.integers(len(WORDS)))]
        cv2.putText(pixels, text, (40, 90 + 90 * k), cv2.FONT_HERSHEY_COMPLEX, 1.2, 30, 2, cv2.LINE_AA)
    return Image.fromarray(pixels)


def save_png(path: Path, seed: int = 0, lines: int = 3) -> Path:
    """Draw a page into a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page(seed, lines).save(path, "PNG", dpi=(150, 150))
    return path


def save_pdf(path: Path, seeds: range) -> Path:
    """Draw pages into a PDF, an image each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *rest = [page(seed) for seed in seeds]
    first.save(path, "PDF", resolution=150, save_all=True, append_images=rest)
    return path


def png_bytes(seed: int = 0) -> bytes:
    """A drawn page as PNG."""
    buffer = io.BytesIO()
    page(seed).save(buffer, "PNG")
    return buffer.getvalue()
