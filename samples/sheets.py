"""What all recipes of documents share: sheets, texts, and pages of truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from samples.drawing import Scan
from samples.fonts import Fonts
from samples.layout import Box, Colour, Sheet, Style, break_lines, place
from samples.truth import TruePage

A5: Final = (148.0, 210.0)
A4_ACROSS: Final = (297.0, 210.0)

IRON_GALL: Final[Colour] = (62, 44, 34)
BLUE_BLACK: Final[Colour] = (40, 46, 78)
CARBON: Final[Colour] = (70, 66, 96)
CREAM: Final[Colour] = (236, 226, 204)
IVORY: Final[Colour] = (242, 237, 224)
GREY: Final[Colour] = (214, 210, 202)

TEXTS: Final = Path(__file__).parent / "texts"


@dataclass(frozen=True)
class Sample:
    """A finished document: its file's name and content, and the truth of its pages."""

    file: str
    content: bytes
    pages: tuple[TruePage, ...]


def text(name: str) -> list[str]:
    """Paragraphs of a passage in `texts`."""
    return (TEXTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def sheet(fonts: Fonts, size: tuple[float, float], dpi: int, seed: int) -> Sheet:
    """An empty sheet of so many millimetres; all its chance comes from the seed."""
    width, height = (round(side * dpi / 25.4) for side in size)
    return Sheet(width, height, dpi, fonts, np.random.default_rng(seed))


def fill(
    pages: Sequence[Sheet], paragraphs: Sequence[str], boxes: Sequence[Sequence[Box]], style: Style, cut: bool = False
) -> None:
    """Let a text run through the boxes of each page, all of one width.

    With `cut` what finds no room is left out, as where a page was taken from a book; otherwise it raises ValueError.
    """
    rest = break_lines(pages[0], paragraphs, boxes[0][0].width, style)
    for page, places in zip(pages, boxes, strict=True):
        for box in places:
            rest = place(page, "paragraph", rest, box, style)
    if rest and not cut:
        raise ValueError(f"no room for {len(rest)} lines from {' '.join(rest[0].words)!r}")


def columns(page: Sheet, left: float, top: float, width: float, height: float, gap: float = 6) -> list[Box]:
    """Two columns side by side, in millimetres."""
    each = (width - gap) / 2
    return [page.box(left + i * (each + gap), top, each, height) for i in range(2)]


def truths(language: str, pages: Sequence[Scan | Sheet]) -> tuple[TruePage, ...]:
    """The truth of finished pages."""
    return tuple(TruePage(page.width, page.height, language, tuple(page.regions)) for page in pages)
