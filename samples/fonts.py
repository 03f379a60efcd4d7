"""The fonts of the samples: where they come from, their licences and the hashes of their files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

from PIL import ImageFont

VERSION: Final = "5.3.0"
EXACT_SIZE: Final = 1000


class FontError(Exception):
    """A font file is missing or is another one than the samples were made with."""


@dataclass(frozen=True)
class Font:
    """A font of npm's @fontsource packages, all of one version: its regular Latin face in WOFF."""

    package: str
    licence: str
    sha256: str

    @property
    def file(self) -> Path:
        """Path of the font below the folder that npm was told to install into."""
        return Path("node_modules/@fontsource") / self.package / "files" / f"{self.package}-latin-400-normal.woff"


FONTS: Mapping[str, Font] = MappingProxyType(
    {
        font.package: font
        for font in (
            Font("homemade-apple", "Apache-2.0", "998f34b48e0bcb8974dc6e8d94961a87689ca40e3258554d2f6fc3778b1968a3"),
            Font("la-belle-aurore", "OFL-1.1", "d5ec94f05c2cb9ab9dd5bba03faede9a6d767803e36b6b5df36f64ada8546ce0"),
            Font("marck-script", "OFL-1.1", "c26db9210c0b2823550e11baaeb2b6d234e5e5a14e8e6497029f29844859610d"),
            Font("caveat", "OFL-1.1", "38b98dbeb922a14a74dfb41f83fc24e0e645e2eed9ce72145fefbdae8828cbfb"),
            Font("cedarville-cursive", "OFL-1.1", "8d8360a98492b42d02c17e94c38bcd2a3cce6db6b9b430f3a110e71f81d7149c"),
            Font("special-elite", "Apache-2.0", "7df45f6160a8637988d6a8d436cce60d8a88c821a8a33b728c6f8eb468949cef"),
            Font("courier-prime", "OFL-1.1", "eef1a8c90dd3e7c8ebcc79b6404e8b45fa7760b211d1e41af545f4f4076560d2"),
            Font("old-standard-tt", "OFL-1.1", "c2e4acb213fdbd08576434d36c9bc94ff76dfe83284d89d93fac7b103694b770"),
            Font("im-fell-english", "OFL-1.1", "8541cb19ee7c253acc23d9c858ad5a41432a271ad9fae0a953bcc993190ab79c"),
            Font("eb-garamond", "OFL-1.1", "4667d9135a659b8fae5b5d74eac679150d12dd0e72196fc120f94c0d676568c5"),
        )
    }
)


def npm_command(folder: Path) -> str:
    """The command that installs all fonts below `folder`."""
    packages = " ".join(f"@fontsource/{font.package}@{VERSION}" for font in FONTS.values())
    return f"npm install --prefix {folder} {packages}"


@dataclass(frozen=True)
class Fonts:
    """Fonts read from a folder, each checked against its hash.

    With `exact` lengths are sums of unhinted advances without kerning, as a PDF viewer sets them; otherwise they are
    those of the shaped text as Pillow draws it.
    """

    folder: Path
    exact: bool = False

    def face(self, name: str, size: float) -> ImageFont.FreeTypeFont:
        """A font at `size` pixels an em. Raises FontError."""
        return _face(self.folder, name, size)

    def length(self, name: str, size: float, text: str) -> float:
        """Advance of the text in pixels. Raises FontError."""
        if not self.exact:
            return self.face(name, size).getlength(text)
        face = self.face(name, EXACT_SIZE)
        return sum(face.getlength(letter) for letter in text) * size / EXACT_SIZE


def read(folder: Path, name: str) -> bytes:
    """Content of a font file. Raises FontError when it is missing or its hash differs."""
    font = FONTS[name]
    path = folder / font.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FontError(f"{path}: {error.strerror}. Get the fonts: {npm_command(folder)}") from error
    if hashlib.sha256(content).hexdigest() != font.sha256:
        raise FontError(f"{path}: not the file of version {VERSION}. Get the fonts: {npm_command(folder)}")
    return content


@cache
def _face(folder: Path, name: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BytesIO(read(folder, name)), size, layout_engine=ImageFont.Layout.RAQM)
