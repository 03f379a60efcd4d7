"""The text of PDF pages that are no scans, by pdfium, which knows the ink of each letter. Runs in the guard process."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from ctypes import c_double
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any, Final, Literal

import pypdfium2
import pypdfium2.raw as pdfium
from pikepdf import Matrix

from pipeline import poppler
from pipeline.document import Point
from pipeline.pdf_places import to_points
from pipeline.rendered import Box, DigitalLine, DigitalText, DigitalWord, expect_allowed, sane_dpi

UNSEEN: Final = (3, 7)  # text rendering modes without ink: none at all, and a clip alone (ISO 32000-1, table 106)
HYPHEN: Final = "\x02"  # pdfium's sign of a hyphen at the end of a line
LEAST_LETTERS: Final = 3
# Share of letters without a meaning above which the encoding must be broken.
BROKEN: Final = 0.2
# A gap of so many heights of a letter parts columns, or cells of a table.
WIDE_GAP: Final = 1.5
MEANINGLESS: Final = ("Cc", "Co", "Cn")
UNKNOWN: Final = "\ufffd"
LEAST_LENGTH: Final = 1.0

Parted = Literal["", " ", "\n"]


@dataclass(frozen=True)
class _Letter:
    """A visible letter, '' where its font does not say which, and what parts it from the one before.

    The box of its ink (left, top, right, bottom), its place on the baseline, and its font's height are in pixels.
    """

    text: str
    parted: Parted
    ink: Box
    base: tuple[float, float]
    height: float


def read(path: Path, page: int, dpi: int, max_megapixels: int) -> DigitalText | None:
    """The visible text of a page, from 1, where it is when the page is drawn at `dpi`; lines in the order of the file.

    None where the page is to be read from its image: it is a scan, has hardly a letter or is written in an unknown
    encoding, or pdfium does not open it. Raises OSError and Unrenderable.
    """
    try:
        with path.open("rb") as file, pypdfium2.PdfDocument(file) as pdf:
            return _read(path, pdf, page, dpi, max_megapixels)
    except pypdfium2.PdfiumError:
        return None  # poppler, which draws it, mends more, and says what is wrong


def _read(path: Path, pdf: Any, page: int, dpi: int, max_megapixels: int) -> DigitalText | None:
    text = _text(pdf, page)
    sheet = poppler.drawn_sheet(path, page) if text else None
    if sheet is None:
        return None
    width, height = sheet.at(dpi)
    expect_allowed(width, height, max_megapixels)
    place = to_points(width, height, sheet.rotation // 90, pdf[page - 1].get_bbox()).inverse()
    lines = tuple(line for letters in _lines(_letters(text, place)) if (line := _line(letters)).words)
    return DigitalText(width, height, sane_dpi(width / sheet.width), sheet.rotation, lines)


def _text(pdf: Any, page: int) -> Any:
    """The text of a page, None where it has not enough of it that means something."""
    if page > len(pdf):
        return None
    text = pdf[page - 1].get_textpage()
    found = [_meaning(text, index) for index in range(text.count_chars()) if _is_seen(text, index)]
    letters = sum(map(str.isalnum, found))
    return text if letters >= LEAST_LETTERS and found.count("") <= BROKEN * len(found) else None


def _is_seen(text: Any, index: int) -> bool:
    shown = pdfium.FPDFText_GetTextObject(text, index)
    return bool(shown) and pdfium.FPDFTextObj_GetTextRenderMode(shown) not in UNSEEN


def _meaning(text: Any, index: int) -> str:
    """A character, '' where the font does not say which."""
    character = chr(pdfium.FPDFText_GetUnicode(text, index))
    if character == HYPHEN:
        return "-"
    unknown = pdfium.FPDFText_HasUnicodeMapError(text, index) or character == UNKNOWN
    return "" if unknown or unicodedata.category(character) in MEANINGLESS else character


def _letters(text: Any, to_pixels: Matrix) -> Iterator[_Letter]:
    """The visible letters of a page in the order of the file."""
    parted: Parted = "\n"
    for index in range(text.count_chars()):
        character = chr(pdfium.FPDFText_GetUnicode(text, index))
        if character.isspace():
            parted = "\n" if character in "\r\n" else parted or " "
        elif _is_seen(text, index):
            yield _letter(text, index, parted, to_pixels)
            parted = "\n" if character == HYPHEN else ""


def _letter(text: Any, index: int, parted: Parted, to_pixels: Matrix) -> _Letter:
    left, right, bottom, top, x, y = (c_double() for _ in range(6))
    pdfium.FPDFText_GetCharBox(text, index, left, right, bottom, top)
    pdfium.FPDFText_GetCharOrigin(text, index, x, y)
    loose = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text, index, loose)
    ink = _box(to_pixels, left.value, bottom.value, right.value, top.value)
    whole = _box(to_pixels, loose.left, loose.bottom, loose.right, loose.top)
    base = to_pixels.transform((x.value, y.value))
    return _Letter(_meaning(text, index), parted, ink, base, max(whole[2] - whole[0], whole[3] - whole[1]))


def _box(to_pixels: Matrix, left: float, bottom: float, right: float, top: float) -> Box:
    (x0, y0), (x1, y1) = to_pixels.transform((left, bottom)), to_pixels.transform((right, top))
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _lines(letters: Iterable[_Letter]) -> Iterator[list[_Letter]]:
    """The letters line by line."""
    line: list[_Letter] = []
    for letter in letters:
        if line and (letter.parted == "\n" or _gap(line[-1], letter) > WIDE_GAP * letter.height):
            yield line
            line = []
        line.append(letter)
    if line:
        yield line


def _gap(one: _Letter, other: _Letter) -> float:
    """How far the ink of two letters lies apart, in pixels, across or down."""
    (left, top, right, bottom), (x0, y0, x1, y1) = one.ink, other.ink
    return max(x0 - right, left - x1, y0 - bottom, top - y1)


def _line(letters: Sequence[_Letter]) -> DigitalLine:
    starts = [index for index, letter in enumerate(letters) if index == 0 or letter.parted]
    spans = [letters[start:end] for start, end in zip(starts, [*starts[1:], len(letters)], strict=True)]
    words = tuple(DigitalWord(_spelled(word), _around(word)) for word in spans if _spelled(word))
    return DigitalLine(_baseline(letters), words)


def _spelled(letters: Iterable[_Letter]) -> str:
    """Their text; pdfium has two halves of a character beyond the basic plane, as UTF-16 has."""
    halves = "".join(letter.text for letter in letters).encode("utf-16-le", "surrogatepass")
    return unicodedata.normalize("NFC", halves.decode("utf-16-le", "ignore"))


def _around(letters: Iterable[_Letter]) -> Box:
    """The box of all their ink."""
    lefts, tops, rights, bottoms = zip(*(letter.ink for letter in letters), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _baseline(letters: Sequence[_Letter]) -> tuple[Point, Point]:
    """From the first letter to where the ink of the last ends, also of lines that climb or stand upright."""
    (x0, y0), (x1, y1) = letters[0].base, letters[-1].base
    length = hypot(x1 - x0, y1 - y0)
    if not length:
        return (x0, y0), (max(letters[0].ink[2], x0 + LEAST_LENGTH), y0)
    across, down = (x1 - x0) / length, (y1 - y0) / length
    left, top, right, bottom = letters[-1].ink
    end = max((x - x0) * across + (y - y0) * down for x in (left, right) for y in (top, bottom))
    return (x0, y0), (x0 + end * across, y0 + end * down)
