"""Patches of pages, as other scanners and other writers would have made them, with their truth.

What is drawn depends on the generator alone, so that a resumed training sees the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.learned import LONG_SIDE
from segmentation.train.pages import TrainingPage, to_ink
from segmentation.train.truth import Truth, draw

SIDE: Final = 448
NEAR_A_LINE: Final = 0.8
PAPER: Final = 50
SCALE, STRETCH, TURN = 0.3, 0.06, 1.8  # logarithm, logarithm, degrees
# Shares of patches turned by a quarter either way, as notes in margins are, and by a half: the network is to say on
# which side of a baseline its letters stand.
QUARTER, HALF = 0.08, 0.06

Ink = npt.NDArray[np.float32]
Random = np.random.Generator


@dataclass(frozen=True)
class Patch:
    """Ink float32 [side, side] and its truth at half the size."""

    ink: Ink
    truth: Truth


def patch(pages: Sequence[TrainingPage], random: Random) -> Patch:
    """A patch of one of the pages."""
    page = pages[int(random.integers(len(pages)))]
    scale = LONG_SIDE / max(page.ink.shape) * math.exp(random.uniform(-SCALE, SCALE))
    matrix = _matrix(_centre(page, scale, random), scale, random)
    plain = _warped(page, matrix, scale, random)
    truth = draw(page.lines, matrix, scale, plain)
    return Patch(_varied(plain, random), truth)


def _centre(page: TrainingPage, scale: float, random: Random) -> npt.NDArray[np.float64]:
    """A point of the page, near a line mostly, around which the patch needs little padding."""
    size = np.array(page.ink.shape[::-1], np.float64)
    if random.random() < NEAR_A_LINE:
        line = page.lines[int(random.integers(len(page.lines)))].baseline
        at = line[int(random.integers(len(line)))] + random.uniform(-150, 150, 2)
    else:
        at = random.uniform(0, 1, 2) * size
    half = SIDE / 2 / scale
    return np.where(size > 2 * half, np.clip(at, half, np.maximum(size - half, half)), size / 2)


def _matrix(centre: npt.NDArray[np.float64], scale: float, random: Random) -> npt.NDArray[np.float64]:
    """The way from the page to the patch, [2, 3]: scaled, stretched along the lines, turned."""
    turn = math.radians(random.normal(0, TURN))
    chance = random.random()
    if chance < QUARTER + HALF:
        turn += math.pi if chance < HALF else math.pi / 2 * float(random.choice((-1, 1)))
    across = scale * math.exp(random.normal(0, STRETCH))
    turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) * [across, scale]
    return np.column_stack([turned, SIDE / 2 - turned @ centre])


def _warped(page: TrainingPage, matrix: npt.NDArray[np.float64], scale: float, random: Random) -> Ink:
    """The page's ink in the patch; beyond the page there is paper, or sometimes another gray."""
    around = PAPER if random.random() < 0.7 else int(random.integers(30, 230))
    window = 1 + (scale < 0.75) + (scale < 0.55)
    image = cv2.blur(page.ink, (window, window)) if window > 1 else page.ink
    return to_ink(cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=around))


def _varied(ink: Ink, random: Random) -> Ink:
    """The patch in another light, on another paper, by another scanner."""
    for share, change in (
        (0.5, _contrast),
        (0.3, _light),
        (0.25, _blur),
        (0.5, _noise),
        (0.2, _bleed_through),
        (0.15, _ruled),
    ):
        if random.random() < share:
            ink = change(ink, random)
    return np.asarray(np.clip(ink, -0.3, 1.3), np.float32)


def _contrast(ink: Ink, random: Random) -> Ink:
    return ink * np.float32(random.uniform(0.55, 1.25)) + np.float32(random.uniform(-0.05, 0.1))


def _light(ink: Ink, random: Random) -> Ink:
    slope = np.linspace(-1, 1, SIDE, dtype=np.float32) * np.float32(random.uniform(-0.25, 0.25))
    return ink + (slope if random.random() < 0.5 else slope[:, None])


def _blur(ink: Ink, random: Random) -> Ink:
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), random.uniform(0.4, 1.2)), np.float32)


def _noise(ink: Ink, random: Random) -> Ink:
    return np.asarray(ink + np.float32(random.uniform(0.01, 0.08)) * random.standard_normal(ink.shape, np.float32))


def _bleed_through(ink: Ink, random: Random) -> Ink:
    """The patch's own mirror image, faint, as if written on the back."""
    back = cv2.GaussianBlur(np.ascontiguousarray(ink[:, ::-1]), (0, 0), 1.0)
    return np.asarray(np.maximum(ink, back * np.float32(random.uniform(0.15, 0.45))), np.float32)


def _ruled(ink: Ink, random: Random) -> Ink:
    """Level rules that carry no text."""
    apart, dark = int(random.integers(14, 40)), np.float32(random.uniform(0.15, 0.6))
    ruled = ink.copy()
    for top in range(int(random.integers(apart)), SIDE, apart):
        rows = slice(top, top + int(random.integers(1, 3)))
        ruled[rows] = np.maximum(ruled[rows], dark)
    return ruled
