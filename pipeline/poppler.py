"""Pages of PDFs, by the programs of poppler. Runs in the guard process."""

import math
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pdf2image import pdfinfo_from_path
from pdf2image.exceptions import PDFInfoNotInstalledError, PDFPageCountError

from pipeline.rendered import Rendered, Unrenderable, expect_allowed, sane_dpi

POINTS_PER_INCH: Final = 72
# The share of a page that one image must cover for the page to be a scan.
COVERED: Final = 0.9
# pdfimages rounds resolutions to whole dots per inch: 0.7 % at 72.
ROUNDING: Final = 0.015
# Readers look for a PDF's end mark in its last 1024 bytes (PDF Reference 1.7, appendix H, note 18).
END_BYTES: Final = 1024
PADDING_BYTES: Final = 65536
# Poppler draws an image that ends just on a pixel's edge one pixel larger, and thereby blurs it.
INWARDS: Final = 0.01


@dataclass(frozen=True)
class Sheet:
    """A page's visible part as a person sees it, in inches, after the clockwise quarter turn `rotation` in degrees."""

    width: float
    height: float
    rotation: int

    def at(self, dpi: float) -> tuple[int, int]:
        """Width and height in pixels."""
        return max(1, round(self.width * dpi)), max(1, round(self.height * dpi))


@dataclass(frozen=True)
class Layer:
    """An image or mask on a page: its size in pixels, and how many lie on an inch of the page as a person sees it.

    Of one that lies on its side, `x_ppi` is its width over the width of its place, as pdfimages has it.
    """

    width: int
    height: int
    x_ppi: float
    y_ppi: float
    is_mask: bool

    def covers(self, sheet: Sheet) -> bool:
        """Whether so much of the page is this image that the page must be a scan."""
        area = self.width / self.x_ppi * self.height / self.y_ppi
        return area >= COVERED * sheet.width * sheet.height


def count_pages(path: Path) -> int:
    """Pages of a PDF. Raises OSError and Unrenderable."""
    return int(_facts(path)["Pages"])


def render(path: Path, page: int, dpi: int, max_megapixels: int) -> Rendered:
    """The page, from 1: a scan at its own resolution, any other page at `dpi`. Raises OSError and Unrenderable."""
    sheet = _sheet(path, page)
    scans = _scans(path, page, sheet)
    if all(layer.is_mask for layer in scans):
        width, height = sheet.at(dpi)
    else:
        # Scans that are compressed in layers keep the ink in a mask that is finer than the paper's picture.
        width, height = _size_of_scan(sheet, max(scans, key=lambda layer: layer.width * layer.height))
    expect_allowed(width, height, max_megapixels)
    return Rendered(_draw(path, page, sheet, width, height), sane_dpi(width / sheet.width), sheet.rotation)


def drawn_sheet(path: Path, page: int) -> Sheet | None:
    """The sheet of a page, from 1, that is no scan. Raises OSError and Unrenderable."""
    sheet = _sheet(path, page)
    return None if _scans(path, page, sheet) else sheet


def _facts(path: Path, page: int | None = None) -> dict[str, Any]:
    """What pdfinfo says, with the size and rotation of one page."""
    _expect_end_mark(path)
    try:
        facts: dict[str, Any] = pdfinfo_from_path(path, first_page=page, last_page=page)
    except PDFInfoNotInstalledError as error:
        raise Unrenderable("unreadable", "pdfinfo cannot be run; install poppler-utils") from error
    except PDFPageCountError as error:
        raise _explained(str(error)) from error
    if not facts["Pages"]:
        raise Unrenderable("truncated", "the PDF has no pages")
    return facts


def _expect_end_mark(path: Path) -> None:
    """Poppler mends a PDF that was cut off and says nothing of the pages that are lost."""
    with path.open("rb") as file:
        file.seek(-min(PADDING_BYTES, file.seek(0, os.SEEK_END)), os.SEEK_END)
        end = file.read().rstrip(b"\0\r\n\t ")
    if b"%%EOF" not in end[-END_BYTES:]:
        raise Unrenderable("truncated", "the PDF has no end mark (%%EOF)")


def _explained(complaint: str) -> Unrenderable:
    lower = complaint.lower()
    last = complaint.strip().splitlines()[-1:] or ["no reason given"]
    if "password" in lower or "encrypt" in lower:
        return Unrenderable("encrypted", "the PDF can only be opened with a password")
    if "page range" in lower:
        return Unrenderable("changed", "the PDF does not have this page any more")
    if "memory" in lower or "bad_alloc" in lower:
        return Unrenderable("out-of-memory", f"poppler: {last[0]}")
    return Unrenderable("truncated", f"poppler: {last[0]}")


def _sheet(path: Path, page: int) -> Sheet:
    facts = _facts(path, page)
    of_page = {key.split()[-1]: value for key, value in facts.items() if re.fullmatch(r"Page +\d+ \w+", key)}
    width, height = (float(points) / POINTS_PER_INCH for points in re.findall(r"[\d.e+]+", of_page["size"])[:2])
    if not width * height > 0:
        raise Unrenderable("truncated", f"the page has no area: {of_page['size']}")
    rotation = int(of_page["rot"]) % 360
    return Sheet(height, width, rotation) if rotation % 180 else Sheet(width, height, rotation)


def _scans(path: Path, page: int, sheet: Sheet) -> list[Layer]:
    return [layer for layer in _layers(path, page) if layer.covers(sheet)]


def _layers(path: Path, page: int) -> list[Layer]:
    """The images on a page; of a page that pdfimages cannot take apart, none."""
    listed = _run(["pdfimages", "-list", "-f", str(page), "-l", str(page)], path).stdout.decode("ascii", "replace")
    rows = [line.split() for line in listed.splitlines()[2:]]
    layers = [
        Layer(int(row[3]), int(row[4]), float(row[-4]), float(row[-3]), row[2] in ("mask", "smask")) for row in rows
    ]
    return [layer for layer in layers if layer.x_ppi > 0 and layer.y_ppi > 0]


def _size_of_scan(sheet: Sheet, scan: Layer) -> tuple[int, int]:
    """Page size in pixels at which the scan's pixels are the page's: exactly its own size when it fills the page."""
    x_ppi, y_ppi = scan.x_ppi, scan.y_ppi
    # The same for an image that lies on its side, whose width is divided by the height of its place.
    on_side = scan.height**2 * x_ppi / (scan.width**2 * y_ppi)
    is_square = any(abs(ratio - 1) < 2 * ROUNDING for ratio in (x_ppi / y_ppi, on_side))
    size = sheet.at(math.sqrt(x_ppi * y_ppi) if is_square else max(x_ppi, y_ppi))
    for own in ((scan.width, scan.height), (scan.height, scan.width)):
        if all(abs(there / here - 1) < ROUNDING for there, here in zip(own, size, strict=True)):
            return own
    return size


def _draw(path: Path, page: int, sheet: Sheet, width: int, height: int) -> npt.NDArray[np.uint8]:
    """The page by pdftoppm, which lets the resolution be given so exactly that a scan's pixels come out unchanged.

    pdf2image can only pass on whole numbers, and hides why a page did not come out.
    """
    x_dpi, y_dpi = (width - INWARDS) / sheet.width, (height - INWARDS) / sheet.height
    if sheet.rotation % 180:
        x_dpi = y_dpi = min(x_dpi, y_dpi)  # pdftoppm 22.12 mixes up the two axes of a page on its side
    scale = ["-rx", repr(x_dpi), "-ry", repr(y_dpi)]
    done = _run(["pdftoppm", "-gray", "-cropbox", "-f", str(page), "-l", str(page), *scale], path)
    complaint = done.stderr.decode("utf-8", "replace")
    if done.returncode < 0 and "bad_alloc" not in complaint:
        raise Unrenderable("crashed", f"pdftoppm was ended by signal {-done.returncode}")
    # Without memory for the page, pdftoppm gives one of a single pixel and reports success.
    if not done.stdout or "Out of memory" in complaint:
        raise _explained(complaint)
    return _parse(done.stdout)


def _run(command: Sequence[str], path: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        # An absolute path does not begin with a hyphen.
        return subprocess.run([*command, path.absolute()], stdin=subprocess.DEVNULL, capture_output=True)
    except FileNotFoundError as error:
        raise Unrenderable("unreadable", f"{command[0]} cannot be run; install poppler-utils") from error


def _parse(pgm: bytes) -> npt.NDArray[np.uint8]:
    """The pixels of a binary PGM as pdftoppm writes it, uint8 [height, width]."""
    header = re.match(rb"P5\n(\d+) (\d+)\n255\n", pgm)
    if header is None or len(pgm) != header.end() + int(header[1]) * int(header[2]):
        raise Unrenderable("truncated", "pdftoppm stopped in the middle of the page")
    return np.frombuffer(pgm, np.uint8, offset=header.end()).reshape(int(header[2]), int(header[1]))
