"""Fonts of handwriting in a folder: TTF, OTF, WOFF and WOFF2, as Pillow draws them.

Pillow brings FreeType, which opens all four, and shapes with kerning and ligatures (by Raqm, where the system has the
library FriBiDi; else with the kerning that FreeType knows).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from recognizer.errors import RecognizerError
from recognizer.lines import Floats

SUFFIXES: Final = (".ttf", ".otf", ".woff", ".woff2")
TALL: Final = "dlhbgpqy"
# A code point that is no character: what a font draws for it, it draws for all that it lacks.
NO_CHARACTER: Final = "\uffff"
SIZE: Final = 100.0


class NoFonts(RecognizerError):
    """A folder has no font, or one that cannot be read; the message says which."""


@dataclass(frozen=True)
class Font:
    """A font file."""

    path: Path
    family: str

    @classmethod
    def load(cls, path: Path) -> "Font":
        """Raises NoFonts when the file is no font."""
        try:
            family, _ = _opened(path, SIZE).getname()
        except OSError as error:
            raise NoFonts(f"{path}: {error}; take it out of the folder, or copy it again") from error
        return cls(path, family or path.stem)

    def has(self, character: str) -> bool:
        """Whether the font has a character, and would not draw a box for it."""
        return character == " " or _has(self, character)

    def sized(self, band: float) -> "Face":
        """The font as large as its letters fill the band, in rows."""
        _, top, _, bottom = _probe(self).getbbox(TALL, anchor="ls")
        factor = band / (bottom - top)
        return Face(_opened(self.path, SIZE * factor), -top * factor, bottom * factor)


@dataclass(frozen=True)
class Face:
    """A font at one size: rows of its tall letters above the baseline, and of its long ones below it."""

    font: ImageFont.FreeTypeFont
    above: float
    below: float

    def length(self, text: str) -> float:
        """Columns that a text takes."""
        return float(self.font.getlength(text))

    def drawn(self, words: Mapping[tuple[float, float], str], shape: tuple[int, int]) -> Floats:
        """How much of each pixel words cover, float32 [height, width] in 0..1, by the column and row they begin at."""
        image = Image.new("L", shape[::-1], 0)
        draw = ImageDraw.Draw(image)
        for (column, row), word in words.items():
            draw.text((column, row), word, font=self.font, fill=255, anchor="ls")
        return np.asarray(image, np.float32) / np.float32(255)


@dataclass(frozen=True)
class Fonts:
    """The fonts of a folder, by family. Of a family, packages may have a file a weight or a range of characters."""

    families: Mapping[str, tuple[Font, ...]]

    @classmethod
    def find(cls, folder: Path) -> "Fonts":
        """All fonts with Latin letters in the folder and the folders in it, of equal names one. Raises NoFonts."""
        files = {path.stem: path for path in sorted(folder.rglob("*"), reverse=True) if path.suffix in SUFFIXES}
        families: dict[str, list[Font]] = defaultdict(list)
        for font in (Font.load(files[stem]) for stem in sorted(files)):
            if all(map(font.has, TALL)):
                families[font.family].append(font)
        if not families:
            wanted = ", ".join(f"*{suffix}" for suffix in SUFFIXES)
            raise NoFonts(f"{folder}: no font with Latin letters there; put files {wanted} into it")
        return cls(MappingProxyType({name: tuple(fonts) for name, fonts in sorted(families.items())}))

    def lacking(self, text: str) -> frozenset[str]:
        """Characters of a text that no font has."""
        every = [font for fonts in self.families.values() for font in fonts]
        return frozenset(character for character in text if not any(font.has(character) for font in every))

    def fitting(self, text: str, rng: np.random.Generator) -> Font | None:
        """One of the fonts that have all of a text, of any family as likely; None where there is none."""
        fitting = [[font for font in fonts if all(map(font.has, text))] for fonts in self.families.values()]
        some = [fonts for fonts in fitting if fonts]
        if not some:
            return None
        fonts = some[rng.integers(len(some))]
        return fonts[rng.integers(len(fonts))]


def _opened(path: Path, size: float) -> ImageFont.FreeTypeFont:
    """A font, from memory: of hundreds of fonts in use none keeps a file open."""
    return ImageFont.truetype(BytesIO(path.read_bytes()), size)


@cache
def _probe(font: Font) -> ImageFont.FreeTypeFont:
    return _opened(font.path, SIZE)


@cache
def _has(font: Font, character: str) -> bool:
    drawn, nothing = (_probe(font).getmask(each) for each in (character, NO_CHARACTER))
    return bool(drawn.getbbox()) and (drawn.size, bytes(drawn)) != (nothing.size, bytes(nothing))
