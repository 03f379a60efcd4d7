"""Lines by a small network: from a page to maps of its baselines, their ends and the bodies of its lines.

The network is an ONNX file that cv2.dnn runs (segmentation.train makes it). Its maps are turned into baselines by the
same code that follows smeared rows.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.layout import Gray

LONG_SIDE: Final = 1024
MULTIPLE: Final = 32
MAPS: Final = ("baseline", "ends", "body")

Map = npt.NDArray[np.float32]


def normalise(gray: Gray) -> Map:
    """Ink about 1 and paper about 0, float32 [h, w] in -0.3..1.3, by the grays in the middle of the page.

    A black scan border would pass for ink otherwise.
    """
    high, wide = gray.shape
    middle = gray[high // 10 : high - high // 10 : 3, wide // 10 : wide - wide // 10 : 3]
    ink, paper = np.percentile(middle, (1, 75)) if middle.size else (0.0, 255.0)
    shares = (paper - np.arange(256)) / max(paper - ink, 25.0)
    return np.asarray(cv2.LUT(gray, np.clip(shares, -0.3, 1.3).astype(np.float32)), np.float32)


@dataclass(frozen=True)
class Maps:
    """What the network says of a page, each float32 [h, w] in 0..1, at half the size that it sees.

    `ink` is the page's, and `factor` the size of a map's pixel in pixels of the page.
    """

    baseline: Map
    ends: Map
    body: Map
    ink: Map
    factor: float
