"""Page images as PDF pages, by img2pdf: JPEG, PNG, JPEG 2000 and CCITT Group 4 as they are, all else without loss.

The picture is turned upright on the page by its matrix; its stream stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import img2pdf
import pikepdf
from pikepdf import Dictionary, Matrix
from PIL import Image
from PIL.ImageFile import ImageFile

from pipeline import images
from pipeline.document import Page
from pipeline.pdf_places import MIRROR, POINTS_PER_INCH, onto, turned

USUAL_DPI: Final = 300.0
LEAST_POINTS, MOST_POINTS = 3, 14_400  # sides of pages (ISO 32000-1, annex C)
# What is handed to img2pdf of pictures that have to be decoded: it makes Group 4 of two colours; PNG has no CMYK.
KEPT: Final[Mapping[str, str]] = {"1": "TIFF", "CMYK": "TIFF", **dict.fromkeys(("L", "LA", "RGB", "RGBA", "P"), "PNG")}
ANY_SIZE: Final = 1 << 31
ANY_PAGE: Final = (100, 100, 100, 100)  # the page of img2pdf is not used


@dataclass(frozen=True)
class _Picture:
    """A file for img2pdf, and the quarters clockwise that it lies from the page, after it was mirrored."""

    content: bytes
    mirrored: bool
    quarters: int


def add_image(pdf: Any, path: Path, place: int, page: Page) -> Any:
    """Add the image, page `place` (from 1) of the file, as the page was read; the PDF page.

    Of a page that failed nothing is decoded, since that may be what failed. Raises ValueError where it would have to
    be, and what Pillow and img2pdf raise of damaged files.
    """
    # How many pixels a page may have was settled when it was read.
    Image.MAX_IMAGE_PIXELS = None
    with path.open("rb") as file, Image.open(file, formats=[*images.DECODERS.values()]) as image:
        image.seek(place - 1)
        found = _picture(image, path, place, page)
    picture = _embedded(pdf, found.content)
    box = (0.0, 0.0, *_size(picture, found.quarters, page))
    matrix = (MIRROR if found.mirrored else Matrix()) @ turned(found.quarters) @ onto(box)
    added = pdf.add_blank_page(page_size=box[2:])
    added.Resources = Dictionary(XObject=Dictionary(Scan=picture))
    added.Contents = pdf.make_stream(b"q " + matrix.encode() + b" cm /Scan Do Q")
    return added


def _picture(image: ImageFile, path: Path, place: int, page: Page) -> _Picture:
    """The file itself where PDF has its way of storing pictures, otherwise the picture in such a file."""
    asked = images.orientation(image)
    beyond = 0 if page.status == "failed" else page.rotation - images.TURNED.get(asked, 0)
    if _passes(image, asked):
        content, left = path.read_bytes(), asked
    elif page.status == "failed":
        raise ValueError("it failed, and would have to be decoded")
    elif image.mode in KEPT:
        content, left = _saved(image, KEPT[image.mode]), images.orientation(image)
    else:
        filetype = next(name for name, decoder in images.DECODERS.items() if decoder == image.format)
        content, left = _saved(Image.fromarray(images.render(path, filetype, place, ANY_SIZE).gray), "PNG"), 1
    return _Picture(content, left in images.MIRRORED, (images.TURNED.get(left, 0) + beyond) // 90)


def _passes(image: ImageFile, orientation: int) -> bool:
    """Whether img2pdf takes over the compressed picture. Of JPEG 2000 PDF leaves it open how 16 bits are shown."""
    match image.format:
        case "JPEG" | "MPO":
            return True
        case "PNG":
            return not image.has_transparency_data
        case "JPEG2000":
            return image.mode in ("L", "RGB")
        case "TIFF":
            return image.info.get("compression") == "group4" and orientation == 1 and getattr(image, "n_frames", 1) == 1
    return False


def _saved(image: Image.Image, kind: str) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def _embedded(pdf: Any, content: bytes) -> Any:
    """The picture as an image of the PDF."""
    made = img2pdf.convert(content, rotation=img2pdf.Rotation.none, nodate=True, layout_fun=lambda *_: ANY_PAGE)
    with pikepdf.open(BytesIO(made)) as source:
        return pdf.copy_foreign(source.pages[0].Resources.XObject.Im0)


def _size(picture: Any, quarters: int, page: Page) -> tuple[float, float]:
    """Width and height of the page in points."""
    across, down = int(picture.Width), int(picture.Height)
    width, height = (down, across) if quarters % 2 else (across, down)
    highest, lowest = min(width, height) / LEAST_POINTS, max(width, height) / MOST_POINTS
    dpi = max(min(page.dpi or USUAL_DPI, highest * POINTS_PER_INCH), lowest * POINTS_PER_INCH)
    return width * POINTS_PER_INCH / dpi, height * POINTS_PER_INCH / dpi
