"""Pieces of real lines joined to a new one: at one height and slant, their borders blended."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from recognizer.draw.choosing import Piece
from recognizer.draw.hands import Hand
from recognizer.draw.ink import contrast, density, paper_along
from recognizer.lines import Crop, Floats

BLEND: Final = 2.5  # columns on each side of a join in which one piece turns into the other


def join(hand: Hand, pieces: Sequence[Piece], rng: np.random.Generator) -> Crop:
    """The line that pieces make, uint8 [height, width], on the paper of one of the hand's lines."""
    scales = [(hand.core[1] - hand.core[0]) / piece.line.high for piece in pieces]
    ends = np.cumsum([piece.width * scale for piece, scale in zip(pieces, scales, strict=True)])
    borders = [-np.inf, *ends[:-1], np.inf]
    height, width = len(pieces[0].line.image), max(1, round(ends[-1]))
    leaning = hand.slant * (np.arange(height, dtype=np.float32)[:, None] - (height - 1) / 2)
    upright = np.arange(width, dtype=np.float32) + leaning
    ink, weights = np.zeros((2, height, width), np.float32)
    for piece, scale, end, (left, right) in zip(pieces, scales, ends, pairwise(borders), strict=True):
        reach = BLEND + float(np.abs(leaning).max())
        columns = slice(*(int(np.clip(column, 0, width)) for column in (left - reach, right + reach + 1)))
        share = _share(upright[:, columns], left, right)
        ink[:, columns] += share * _placed(hand, piece, scale, end - piece.width * scale - columns.start, share.shape)
        weights[:, columns] += share
    return _on_paper(hand, ink / np.maximum(weights, 1e-6), rng)


def _share(upright: Floats, left: float, right: float) -> Floats:
    """How much a piece between two columns counts at each pixel, 0..1: half at its ends, less beyond them.

    `upright` tells for each pixel of a line that leans its column when the line is set upright.
    """
    since, until = (upright - left) / (2 * BLEND) + 0.5, (right - upright) / (2 * BLEND) + 0.5
    return np.asarray(np.clip(np.minimum(since, until), 0, 1), np.float32)


def _placed(hand: Hand, piece: Piece, scale: float, left: float, shape: tuple[int, ...]) -> Floats:
    """The ink of a piece's line [height, width], where the piece begins at column `left`, leant as the hand leans.

    By one affine map from the line as it was scanned, so that nothing is blurred twice.
    """
    line = piece.line
    middle = (len(line.image) - 1) / 2
    lift = line.core[0] - hand.core[0] / scale
    begin = float(line.cuts[piece.first]) - (left + hand.slant * middle) / scale - line.slant * (lift - middle)
    matrix = np.array([[1 / scale, (hand.slant - line.slant) / scale, begin], [0, 1 / scale, lift]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(density(line.image), matrix, shape[::-1], flags=flags), np.float32)


def _on_paper(hand: Hand, ink: Floats, rng: np.random.Generator) -> Crop:
    sheet = hand.lines[rng.integers(len(hand.lines))].image
    paper = cv2.resize(paper_along(sheet)[None], (ink.shape[1], 1))
    gray = paper - ink * np.median([contrast(line.image) for line in hand.lines])
    return np.asarray(np.clip(np.round(gray), 0, 255), np.uint8)
