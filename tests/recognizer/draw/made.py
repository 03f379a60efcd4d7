"""Small things the tests of this room share: a hand made of capitals, fonts that a dependency brings."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np

from recognizer.draw.hands import Hand, Hands
from recognizer.draw.ink import density, ink_beside
from recognizer.draw.letters import END, START, CutLine
from recognizer.lines import Crop

ROOM = 20
CELL = 24
CORE = (30.0, 50.0)
SANS, SERIF, ROMAN = "DejaVuSans.ttf", "DejaVuSerif.ttf", "cmr10.ttf"
"""The last has no accents."""


def fonts(folder: Path, *names: str) -> Path:
    """A folder with fonts."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(Path(mpl.get_data_path()) / "fonts" / "ttf" / name, folder / name)
    return folder


def cells(text: str, paper: int = 220, ink: int = 30) -> Crop:
    """A line whose every character is as wide: ROOM, then CELL columns each, then ROOM."""
    image = np.full((80, 2 * ROOM + CELL * len(text)), paper, np.uint8)
    for k, character in enumerate(text):
        cv2.putText(image, character, (ROOM + CELL * k + 4, 50), cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 2)
    return image


def cut_line(
    text: str, dataset: str = "ours", page: str = "p1", core: tuple[float, float] = CORE, paper: int = 220
) -> CutLine:
    """A line cut exactly where its cells end."""
    image = cells(text, paper)
    inner = ROOM + CELL * np.arange(len(text) + 1)
    cuts = np.array([0, *inner, image.shape[1]], np.int64)
    sure = np.ones(len(text) + 2, bool)
    sides = ink_beside(density(image), cuts, core)
    return CutLine(image, 0.0, f"{START}{text}{END}", cuts, sure, core, sides, dataset, page)


def hand(texts: Sequence[str], dataset: str = "ours", page: str = "p1") -> Hand:
    return Hand(dataset, page, tuple(cut_line(text, dataset, page) for text in texts))


def one_hand(*texts: str) -> tuple[Hands, Hand]:
    only = hand(texts)
    return Hands((only,)), only
