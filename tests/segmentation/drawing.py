"""Pages drawn for tests, with the baselines of what was drawn."""

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Gray = npt.NDArray[np.uint8]

TEXTS = (
    "the quick brown fox jumps over",
    "a lazy dog and back again by",
    "many letters of every height",
    "hands pitch ink fly",
)


def draw_page(
    width: int = 1200,
    height: int = 1600,
    columns: tuple[int, ...] = (120,),
    lines: int = 14,
    pitch: int = 80,
    font_scale: float = 1.2,
    top: int = 200,
) -> tuple[Gray, list[Floats]]:
    """A white page with lines of drawn text in columns beginning at these x; baselines column by column."""
    page = np.full((height, width), 235, np.uint8)
    baselines = []
    for left in columns:
        for index in range(lines):
            y = top + index * pitch
            text = TEXTS[index % len(TEXTS)]
            cv2.putText(page, text, (left, y), cv2.FONT_HERSHEY_COMPLEX, font_scale, 30, 2, cv2.LINE_AA)
            (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_COMPLEX, font_scale, 2)
            baselines.append(np.array([[left, y], [left + wide, y]], np.float64))
    return page, baselines


def turn(page: Gray, baselines: list[Floats], degrees: float) -> tuple[Gray, list[Floats]]:
    """The page turned clockwise about its centre on a canvas that holds it all, and its baselines with it."""
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, high = round(height * sin + width * cos), round(height * cos + width * sin)
    matrix[:, 2] += [(wide - width) / 2, (high - height) / 2]
    turned = cv2.warpAffine(page, matrix, (wide, high), flags=cv2.INTER_LINEAR, borderValue=(235.0,))
    return np.asarray(turned, np.uint8), [line @ matrix[:, :2].T + matrix[:, 2] for line in baselines]


def distance(found: npt.NDArray[np.floating], truth: Floats) -> float:
    """Largest distance in pixels from points of a found baseline to the line through the true one."""
    along = (truth[-1] - truth[0]) / np.hypot(*(truth[-1] - truth[0]))
    apart = np.asarray(found, np.float64) - truth[0]
    return float(np.abs(apart[:, 0] * along[1] - apart[:, 1] * along[0]).max())
