"""The sheet under the ink and what a scanner makes of both."""

import cv2
import numpy as np

from recognizer.draw.fields import field
from recognizer.lines import Crop, Floats


def scanned(ink: Floats, rng: np.random.Generator) -> Crop:
    """Ink float32 [height, width] in 0..1 on a sheet of paper, as a scan uint8 of it."""
    light, dark = _grays(rng)
    marks = np.maximum(_rules(ink.shape, rng), _bleeding(ink, rng))
    seen = 1 - (1 - ink) * (1 - marks)
    if rng.random() < 0.6:
        seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.4, 1.0))
    gray = _sheet(ink.shape, light, rng) + seen * (dark - light)
    return np.asarray(np.clip(np.round(gray + _noise(ink.shape, rng)), 0, 255), np.uint8)


def _grays(rng: np.random.Generator) -> tuple[float, float]:
    """Paper and ink: many scans are almost white, most others gray as microfilm, some dark as an old register."""
    if rng.random() < 0.4:
        return rng.uniform(244, 268), rng.uniform(10, 130)
    light = rng.uniform(150, 235) if rng.random() < 0.75 else rng.uniform(80, 150)
    return light, light * rng.uniform(0.12, 0.62)


def _sheet(shape: tuple[int, ...], light: float, rng: np.random.Generator) -> Floats:
    """Paper with its light and shade, stains and grain."""
    shade = field(rng, shape, (200, 250), rng.uniform(0, 7)) + field(rng, shape, (35, 45), rng.uniform(0, 3.5))
    stains = np.clip(field(rng, shape, (45, 60), 1) - 1.6, 0, None) * rng.uniform(0, 25)
    grain = field(rng, shape, (1.8, 1.8), rng.uniform(0, 4))
    return np.asarray(light + shade - stains + grain, np.float32)


def _rules(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Now and then ruled or squared paper, or the border of a column; float32 of the shape, 0 beside them."""
    marks = np.zeros(shape, np.float32)
    if rng.random() < 0.6:
        return marks
    height, width = shape
    gray, tilt = rng.uniform(0.06, 0.4), rng.normal(0, 0.004) * width
    pitch = rng.uniform(16, 36) if rng.random() < 0.25 else rng.uniform(60, 90)
    for row in np.arange(rng.uniform(0, pitch), height, pitch):
        cv2.line(marks, (0, round(row)), (width, round(row + tilt)), gray, 1, cv2.LINE_AA)
    columns = np.arange(rng.uniform(0, pitch), width, pitch) if pitch < 40 else [rng.uniform(-10, 10)]
    for column in columns:
        cv2.line(marks, (round(column), 0), (round(column - tilt / 20), height), gray, 1, cv2.LINE_AA)
    return marks


def _bleeding(ink: Floats, rng: np.random.Generator) -> Floats:
    """Now and then the other side of the sheet: the line itself, mirrored, moved and soft, stands for it."""
    if rng.random() < 0.7:
        return np.zeros_like(ink)
    moved = np.roll(ink[:, ::-1], rng.integers(-30, 30, 2).tolist(), (0, 1))
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.8, 2.2)) * rng.uniform(0.08, 0.45), np.float32)


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Of the sensor."""
    return np.asarray(rng.standard_normal(shape, np.float32) * rng.uniform(0, 4), np.float32)
