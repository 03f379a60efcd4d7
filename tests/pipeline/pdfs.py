"""PDFs as poppler sees them: their words with boxes, their pictures; and documents for the format to make PDFs of."""

import hashlib
import html
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline import poppler
from pipeline.document import Document, Line, Page, Word, polyline
from pipeline.reading import failed_page

Box = tuple[float, float, float, float]
NUMBERS = r'xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)"'


def words(path: Path, page: int = 1, dpi: float = 300.0) -> list[tuple[str, Box]]:
    """The words that pdftotext finds, with their boxes in pixels."""
    found = _pdftotext(path, page, "-bbox", "-cropbox")
    return [
        (html.unescape(match[5]), tuple(float(match[n]) * dpi / 72 for n in range(1, 5)))  # type: ignore[misc]
        for match in re.finditer(rf"<word {NUMBERS}>(.*?)</word>", found, re.DOTALL)
    ]


def text(path: Path, page: int = 1) -> list[str]:
    """The words of a page in the order of its content, without the marks of direction that poppler puts in."""
    return re.sub("[\u202a-\u202e]", "", _pdftotext(path, page, "-raw")).split()


def picture(path: Path, page: int = 1, dpi: int = 100) -> npt.NDArray[np.uint8]:
    """The page as poppler draws it, uint8 [height, width]."""
    return poppler.render(path, page, dpi, 300).gray


def _pdftotext(path: Path, page: int, *options: str) -> str:
    command = ["pdftotext", *options, "-f", str(page), "-l", str(page), str(path), "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def word(text: str, left: float, foot: float, width: float, slope: float = 0.0, height: float = 60.0) -> Word:
    """A word of this width and height, whose foot begins there and sinks by so much a pixel."""
    along = np.array([1.0, slope]) / np.hypot(1, slope)
    up = height * np.array([along[1], -along[0]])
    start = np.array([left, foot])
    end = start + width * along
    return Word(text, 0.9, polyline([start + up, end + up, end, start]))


def line(texts: list[str], left: float, foot: float, slope: float = 0.0) -> Line:
    """Words of 40 pixels a letter, 30 apart, whose baseline is 15 above their feet."""
    made, x = [], left
    for each in texts:
        made.append(word(each, x, foot + slope * (x - left), 40.0 * len(each), slope))
        x += 40 * len(each) + 30
    baseline = polyline([(left, foot - 15), (x, foot - 15 + slope * (x - left))])
    outline = polyline([(left, foot - 60), (x, foot - 60), (x, foot), (left, foot)])
    return Line(" ".join(texts), 0.9, baseline, outline, tuple(made), 0, 0)


def page_of(path: Path, *lines: Line, number: int = 1, **facts: Any) -> Page:
    """A page that was read from a source, 300 dpi; its size is that of the image unless it is given."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "0" * 64
    made = replace(failed_page(number, str(path), sha256, "b", "r"), status="read", lines=lines, dpi=300.0)
    if "width" not in facts:
        with Image.open(path) as image:
            made = replace(made, width=image.width, height=image.height)
    return replace(made, **facts)


def document(*pages: Page) -> Document:
    """A document of these pages."""
    return Document("a-00000000", "default", pages)
