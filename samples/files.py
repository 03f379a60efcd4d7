"""Pictures to files. No dates, no random ids: the same picture gives the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import floor
from typing import Any, Final

import numpy as np
import pikepdf
from PIL import Image, ImageSequence

from samples.drawing import Mask, Scan, gray, rgb

POINTS_PER_INCH: Final = 72
ORIENTATION: Final = 0x0112
STRIP_OFFSETS: Final = 273
STRIP_LENGTHS: Final = 279
# EXIF orientation or PDF rotation in degrees -> how the stored picture is turned against what a person sees.
STORED_TURN: Final = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270, 90: Image.Transpose.ROTATE_90}
# A scanner of 12 bits fills the upper ones of 16; the samples keep 10 of them, for smaller files.
STEPS_16_BIT: Final = 1024


@dataclass(frozen=True)
class PdfPage:
    """A scanned page of a PDF, stored turned so that `rotate` (0 or 90) puts it upright."""

    scan: Scan
    rotate: int = 0


def jpeg(scan: Scan, orientation: int = 1, quality: int = 60) -> bytes:
    """A colour JPEG whose EXIF orientation (1, 6 or 8) puts it upright."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return _saved(_stored(rgb(scan), orientation), "JPEG", quality=quality, exif=exif, dpi=(scan.dpi, scan.dpi))


def webp(scan: Scan) -> bytes:
    """A lossy colour WebP."""
    return _saved(rgb(scan), "WEBP", quality=55, method=6)


def jpeg2000(scan: Scan) -> bytes:
    """A lossy colour JPEG 2000 of about a sixteenth of the picture's size."""
    return _saved(rgb(scan), "JPEG2000", quality_mode="rates", quality_layers=[16], irreversible=True)


def png_16(scan: Scan) -> bytes:
    """A gray PNG of 16 bits."""
    step = 65536 // STEPS_16_BIT
    bright = scan.picture.mean(axis=2) / 256 * STEPS_16_BIT
    deep = np.clip(np.round(bright), 0, STEPS_16_BIT - 1).astype(np.uint16) * np.uint16(step)
    return _png(Image.fromarray(deep), scan)


def png_palette(scan: Scan, colours: int) -> bytes:
    """A PNG with a palette."""
    few = rgb(scan).quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return _png(few, scan)


def png_alpha(scan: Scan, opaque: Mask) -> bytes:
    """A gray PNG with an alpha channel, `opaque` float32 [h, w] in 0..1; the picture is kept in 32 steps."""
    layers = [Image.fromarray(layer.astype(np.uint8)) for layer in (gray(scan, 32), np.round(opaque * 255))]
    return _png(Image.merge("LA", layers), scan)


def _png(image: Image.Image, scan: Scan) -> bytes:
    return _saved(image, "PNG", dpi=(scan.dpi, scan.dpi), compress_level=9)


def tiff_gray(scans: Sequence[Scan]) -> bytes:
    """A multi-page gray TIFF, deflated, in 32 steps of gray."""
    images = [Image.fromarray(gray(scan, 32).astype(np.uint8)) for scan in scans]
    return _tiff(images, scans[0].dpi, "tiff_adobe_deflate")


def tiff_bilevel(scans: Sequence[Scan], threshold: int = 178) -> bytes:
    """A multi-page bilevel TIFF with Group 4 compression."""
    return _tiff([Image.fromarray(gray(scan) > threshold) for scan in scans], scans[0].dpi, "group4")


def _tiff(images: Sequence[Image.Image], dpi: int, compression: str) -> bytes:
    rest = list(images[1:])
    content = _saved(images[0], "TIFF", compression=compression, dpi=(dpi, dpi), save_all=True, append_images=rest)
    return _without_chance(content)


def _without_chance(content: bytes) -> bytes:
    """The TIFF with zeros where libtiff leaves a byte of chance: between strips that end odd and the even directory."""
    cleaned = bytearray(content)
    with Image.open(BytesIO(content)) as tiff:
        for page in ImageSequence.Iterator(tiff):
            tags = page.tag_v2  # type: ignore[attr-defined]
            end = tags[STRIP_OFFSETS][-1] + tags[STRIP_LENGTHS][-1]
            if end % 2:
                cleaned[end] = 0
    return bytes(cleaned)


def pdf(pages: Sequence[PdfPage]) -> bytes:
    """A PDF of scanned pages, one JPEG a page that fills it."""
    document = pikepdf.new()
    for page in pages:
        _add_scan(document, page)
    return saved_pdf(document)


def _add_scan(document: Any, page: PdfPage) -> None:
    scan = page.scan
    image = _stored(rgb(scan), page.rotate)
    # Rounded down: PDF readers round up to whole pixels, and a page must not become one pixel larger than its scan.
    width, height = (floor(side * POINTS_PER_INCH / scan.dpi * 1000) / 1000 for side in image.size)
    added = document.add_blank_page(page_size=(width, height))
    added.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=_jpeg_stream(document, image)))
    added.obj.Contents = document.make_stream(f"{width} 0 0 {height} 0 0 cm /Scan Do".encode())
    if page.rotate:
        added.obj.Rotate = page.rotate


def _jpeg_stream(document: Any, image: Image.Image) -> Any:
    stream = document.make_stream(_saved(image, "JPEG", quality=60))
    stream.Type, stream.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    stream.Width, stream.Height = image.size
    stream.ColorSpace, stream.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
    stream.Filter = pikepdf.Name.DCTDecode
    return stream


def saved_pdf(document: Any) -> bytes:
    """The bytes of a pikepdf document, its id made from its content."""
    buffer = BytesIO()
    document.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _stored(image: Image.Image, turn: int) -> Image.Image:
    return image.transpose(STORED_TURN[turn]) if turn in STORED_TURN else image


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
