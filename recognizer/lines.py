"""A line crop as the network wants it: one height, ink positive, whatever the exposure."""

import cv2
import numpy as np
import numpy.typing as npt

Crop = npt.NDArray[np.uint8]

NARROWEST = 16


def to_height(crop: Crop, height: int) -> Crop:
    """Crop uint8 [h, w] scaled to the height with its aspect ratio kept; at least 16 columns."""
    width = max(NARROWEST, round(crop.shape[1] * height / crop.shape[0]))
    if crop.shape == (height, width):
        return crop
    return np.asarray(cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def normalise(crop: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Ink about 1 and paper about 0 by the line's own 1st and 80th percentile, clipped to -0.2..1.2."""
    pixels = crop.astype(np.float32)
    ink, paper = np.percentile(pixels, (1, 80))
    return np.clip((np.float32(paper) - pixels) / np.float32(max(paper - ink, 24)), -0.2, 1.2).astype(np.float32)
