"""Where rows of writing lie: their pitch, and a map of their lower edges.

1. The pitch d, the distance of lines, is read off the row profiles of eight strips, within what the letters allow.
2. Ink is blurred by (0.5 d, 0.16 d); the edge map is how much darker it is just above a point than just below.
"""

import cv2
import numpy as np

from segmentation.paper import Mask
from segmentation.traces import Map

BLUR = 0.5, 0.16
EDGE = 0.24
CREST = 0.7
USUAL_LETTER = 12.0


def find_pitch(letters: Mask) -> float:
    """Distance of neighbouring lines in pixels: the first strong peak of the strips' autocorrelations, 9..102."""
    tall = letter_height(letters)
    low, high = int(max(9, 1.3 * tall)), int(min(100, 3.6 * tall)) + 2
    peaks = [_first_peak(strip, low, high) for strip in np.array_split(letters, 8, axis=1) if strip.size]
    found = [peak for peak in peaks if peak]
    return float(np.median(found)) if len(found) > 1 else 2.0 * tall


def letter_height(letters: Mask) -> float:
    """Median height in pixels of what looks like letters or joined letters, weighed by width."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(letters, connectivity=8)
    wide, tall, area = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA]
    like = (tall >= 5) & (tall <= 70) & (wide >= 4) & (wide < 12 * tall) & (area > 0.08 * wide * tall)
    if like.sum() < 20:
        return USUAL_LETTER
    rising = np.argsort(tall[like], kind="stable")
    weight = np.cumsum(wide[like][rising])
    return float(tall[like][rising][np.searchsorted(weight, weight[-1] / 2)])


def _first_peak(strip: Mask, low: int, high: int) -> int:
    """The smallest lag in low..high whose autocorrelation comes near the highest; 0 where there is none."""
    profile = cv2.GaussianBlur(strip.mean(axis=1, dtype=np.float32).reshape(-1, 1), (1, 5), 1.2)
    level = (profile - cv2.blur(profile, (1, 121))).ravel()
    spectrum = np.fft.rfft(level, 2 * len(level) + high + 2)
    lags = np.fft.irfft(np.abs(spectrum) ** 2)[: high + 2]
    inner = lags[low:high]
    is_peak = (inner > lags[low - 1 : high - 1]) & (inner >= lags[low + 1 : high + 1]) & (inner > 0.15 * lags[0])
    if lags[0] <= 1e-6 or not is_peak.any():
        return 0
    return low + int(np.argmax(is_peak & (inner > 0.7 * inner[is_peak].max())))


def edge_map(letters: Mask, pitch: float) -> Map:
    """Lower edges of smeared rows, 0..1, thinned to their crests."""
    sigmas = BLUR[0] * pitch, BLUR[1] * pitch
    smear = np.asarray(cv2.GaussianBlur(letters.astype(np.float32), (0, 0), sigmas[0], sigmaY=sigmas[1]), np.float32)
    half = max(1, round(EDGE * pitch))
    edge = np.zeros_like(smear)
    if len(smear) > 2 * half:
        edge[half:-half] = np.maximum(0, smear[: -2 * half] - smear[2 * half :])
    positive = edge[edge > 1e-4]
    if not len(positive):
        return edge
    edge = np.minimum(edge / np.percentile(positive, 97), 1).astype(np.float32)
    crest = edge > CREST * cv2.dilate(edge, np.ones((2 * half + 1, 1), np.uint8))
    return np.where(crest, edge, np.float32(0))
