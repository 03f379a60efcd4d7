"""Page images in PDFs: compressed pictures byte by byte, all others without loss, upright as they were read."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from PIL import Image
from PIL.ExifTags import Base as Tag

from pipeline import images
from pipeline.document import Page
from pipeline.filetypes import FileType
from pipeline.formats import pdf
from tests.pipeline import pdfs
from tests.pipeline.pdfs import document, page_of

if shutil.which("pdftoppm") is None:
    pytest.skip("poppler-utils are not installed", allow_module_level=True)

COLOURS = np.random.default_rng(5).integers(0, 256, (90, 120, 3), np.uint8)
GRAY = COLOURS[:, :, 0].copy()
SMOOTH = Image.linear_gradient("L").resize((120, 90)).convert("RGB")


@dataclass(frozen=True)
class Embedded:
    """The image of the only page: as it is stored, and its filter and colour space by their first names."""

    stored: bytes
    filter: str
    space: str
    is_transparent: bool


def embedded(folder: Path, page: Page) -> Embedded:
    with pikepdf.open(made(folder, page)) as opened:
        image = opened.pages[0].Resources.XObject.Scan
        name, space = (
            str(each[0] if isinstance(each, pikepdf.Array) else each) for each in (image.Filter, image.ColorSpace)
        )
        return Embedded(image.read_raw_bytes(), name, space, "/SMask" in image)


def made(folder: Path, page: Page) -> Path:
    path = folder / "made.pdf"
    path.write_bytes(pdf.render(document(page)))
    return path


def save(image: Image.Image, path: Path) -> None:
    options: dict[str, Any] = {"lossless": True, "exact": True} if path.suffix == ".webp" else {}
    image.save(path, **options)


def as_read(path: Path, filetype: FileType, place: int = 1) -> npt.NDArray[np.uint8]:
    return images.render(path, filetype, place, 100).gray


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_is_taken_over_byte_by_byte(tmp_path: Path, mode: str) -> None:
    source = tmp_path / "a.jpg"
    SMOOTH.convert(mode).save(source, "JPEG", dpi=(300, 300))
    image = embedded(tmp_path, page_of(source))
    assert (image.stored, image.filter) == (source.read_bytes(), "/DCTDecode")
    drawn = pdfs.picture(tmp_path / "made.pdf")
    assert np.abs(drawn.astype(int) - as_read(source, "jpeg")).mean() < 6


def test_png_and_jpeg_2000_are_taken_over(tmp_path: Path) -> None:
    Image.fromarray(GRAY).save(tmp_path / "a.png")
    image = embedded(tmp_path, page_of(tmp_path / "a.png"))
    assert image.stored in (tmp_path / "a.png").read_bytes()
    Image.fromarray(COLOURS).save(tmp_path / "a.jp2")
    image = embedded(tmp_path, page_of(tmp_path / "a.jp2"))
    assert image.stored == (tmp_path / "a.jp2").read_bytes()


def test_group_4_is_taken_over_and_made(tmp_path: Path) -> None:
    bilevel = Image.fromarray(GRAY > 128)
    for name, compression in (("a.tif", "group4"), ("b.tif", None)):
        bilevel.save(tmp_path / name, compression=compression)
        assert embedded(tmp_path, page_of(tmp_path / name)).filter == "/CCITTFaxDecode"
        assert np.array_equal(pdfs.picture(tmp_path / "made.pdf"), (GRAY > 128) * np.uint8(255))
    assert embedded(tmp_path, page_of(tmp_path / "a.tif")).stored in (tmp_path / "a.tif").read_bytes()


KINDS: dict[str, tuple[Image.Image, str]] = {
    "rgb.tif": (Image.fromarray(COLOURS), "/DeviceRGB"),
    "gray.tif": (Image.fromarray(GRAY), "/DeviceGray"),
    "cmyk.tif": (Image.fromarray(COLOURS).convert("CMYK"), "/DeviceCMYK"),
    "palette.png": (Image.fromarray(COLOURS).quantize(16), "/Indexed"),
    "lossless.webp": (Image.fromarray(COLOURS), "/DeviceRGB"),
    "deep.png": (Image.fromarray(GRAY.astype(np.uint16) * 257), "/DeviceGray"),
    "deep.tif": (Image.fromarray(GRAY.astype(np.uint16) * 257), "/DeviceGray"),
    "deep.jp2": (Image.fromarray(GRAY.astype(np.uint16) * 257), "/DeviceGray"),
    "float.tif": (Image.fromarray(GRAY.astype(np.float32)), "/DeviceGray"),
}


@pytest.mark.parametrize("name", KINDS)
def test_pictures_of_all_kinds_look_as_they_were_read(tmp_path: Path, name: str) -> None:
    image, space = KINDS[name]
    source = tmp_path / name
    save(image, source)
    assert embedded(tmp_path, page_of(source)).space == space
    kind: Any = {"tif": "tiff"}.get(source.suffix[1:], source.suffix[1:])
    difference = np.abs(pdfs.picture(tmp_path / "made.pdf").astype(int) - as_read(source, kind))
    assert difference.max() <= (40 if "cmyk" in name else 2)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_what_is_transparent_shows_the_paper(tmp_path: Path, mode: str, name: str) -> None:
    image = Image.fromarray(COLOURS).convert(mode)
    image.putalpha(Image.linear_gradient("L").resize((120, 90)))
    save(image, tmp_path / name)
    kind: Any = {"tif": "tiff"}.get(name[2:], name[2:])
    assert embedded(tmp_path, page_of(tmp_path / name)).is_transparent
    difference = np.abs(pdfs.picture(tmp_path / "made.pdf").astype(int) - as_read(tmp_path / name, kind))
    assert difference.max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize("beyond", [0, 90])
def test_pictures_stand_as_they_were_read(tmp_path: Path, name: str, orientation: int, beyond: int) -> None:
    exif = Image.Exif()
    exif[Tag.Orientation] = orientation
    options: dict[str, Any] = {"tiffinfo": exif} if name == "a.tif" else {"exif": exif}
    SMOOTH.save(tmp_path / name, **options)
    kind: Any = {"a.jpg": "jpeg", "a.png": "png", "a.tif": "tiff"}[name]
    found = images.render(tmp_path / name, kind, 1, 100)
    expected = np.rot90(found.gray, -beyond // 90)
    height, width = expected.shape
    page = page_of(tmp_path / name, rotation=(found.rotation + beyond) % 360, width=width, height=height)
    drawn = pdfs.picture(made(tmp_path, page))
    assert drawn.shape == expected.shape
    assert np.abs(drawn.astype(int) - expected).max() <= 4


def test_pages_have_the_size_of_the_paper_within_what_pdf_allows(tmp_path: Path) -> None:
    Image.fromarray(GRAY).save(tmp_path / "a.png")
    page = page_of(tmp_path / "a.png", dpi=100.0)
    for dpi, width in ((100.0, 86.4), (0.0, 28.8), (1e6, 4.0)):
        with pikepdf.open(made(tmp_path, replace(page, dpi=dpi))) as opened:
            assert float(opened.pages[0].mediabox[2]) == pytest.approx(width)
    Image.new("1", (30_000, 1000)).save(tmp_path / "a.png")
    with pikepdf.open(made(tmp_path, page_of(tmp_path / "a.png", dpi=50.0))) as opened:
        assert float(opened.pages[0].mediabox[2]) == pytest.approx(14_400)


def test_of_pages_that_failed_nothing_is_decoded(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "a.tif")
    Image.fromarray(COLOURS).save(tmp_path / "a.jpg")
    failed = page_of(tmp_path / "a.tif", status="failed", number=2)
    path = tmp_path / "made.pdf"
    path.write_bytes(pdf.render(document(page_of(tmp_path / "a.jpg"), failed)))
    with pikepdf.open(path) as opened:
        assert "/XObject" not in opened.pages[1].resources
