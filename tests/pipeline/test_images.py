"""Each picture is 40 wide and 30 high, white with a black quarter at the top left, so that every turn can be told."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.filetypes import sniff
from pipeline.images import count_pages, render
from pipeline.rendered import Rendered, Unrenderable

CORNER = np.full((30, 40), 255, np.uint8)
CORNER[:15, :20] = 0
PICTURE = Image.fromarray(CORNER)
NOISE = np.random.default_rng(5).integers(0, 256, (60, 80), np.uint8)
# EXIF orientation -> how a person sees a picture that is stored so (Exif 2.32, tag 0x0112), and the turn to report.
SEEN: dict[int, tuple[Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]], int]] = {
    1: (lambda stored: stored, 0),
    2: (np.fliplr, 0),
    3: (lambda stored: np.rot90(stored, 2), 180),
    4: (np.flipud, 180),
    5: (np.transpose, 270),
    6: (lambda stored: np.rot90(stored, -1), 90),
    7: (lambda stored: np.rot90(np.transpose(stored), 2), 90),
    8: (lambda stored: np.rot90(stored, 1), 270),
}


def rendered(path: Path, page: int = 1, max_megapixels: int = 300) -> Rendered:
    filetype = sniff(path.read_bytes()[:1024])
    assert filetype is not None
    return render(path, filetype, page, max_megapixels)


def saved(folder: Path, image: Image.Image, name: str, **options: Any) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


def assert_close(gray: npt.NDArray[np.uint8], expected: npt.NDArray[np.uint8], tolerance: int = 0) -> None:
    assert gray.dtype == np.uint8
    assert gray.shape == expected.shape
    assert np.abs(gray.astype(int) - expected).max() <= tolerance


def palette_with_holes() -> Image.Image:
    """Index 0 black, 1 white, 2 black but transparent."""
    image = Image.fromarray(np.where(CORNER == 0, 0, 2).astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 255, 255, 0, 0, 0])
    return image


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("a.tif", "1", {"compression": "group4"}),
        ("a.tif", "1", {"compression": "group4", "tiffinfo": {262: 0}}),
        ("a.tif", "L", {"tiffinfo": {262: 0}}),
        ("a.tif", "P", {"compression": "tiff_lzw"}),
        ("a.tif", "CMYK", {}),
        ("a.tif", "RGB", {"compression": "tiff_deflate"}),
        ("a.tif", "RGB", {"big_tiff": True}),
        ("a.png", "1", {}),
        ("a.png", "P", {}),
        ("a.png", "RGB", {}),
        ("a.jp2", "RGB", {}),
        ("a.j2k", "L", {}),
        ("a.webp", "RGB", {"lossless": True}),
    ],
)
def test_lossless_pictures_come_out_unchanged(tmp_path: Path, name: str, mode: str, options: dict[str, Any]) -> None:
    path = saved(tmp_path, PICTURE.convert(mode), name, **options)
    assert_close(rendered(path).gray, CORNER)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(tmp_path: Path, mode: str) -> None:
    path = saved(tmp_path, PICTURE.convert(mode), "a.jpg", quality=100)
    assert_close(rendered(path).gray, CORNER, tolerance=3)


def test_colours_become_luma(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("RGB", (2, 2), (200, 100, 50)), "a.png")
    assert_close(rendered(path).gray, np.full((2, 2), round(0.299 * 200 + 0.587 * 100 + 0.114 * 50), np.uint8), 1)


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jp2"])
def test_16_bits_are_scaled_by_the_range_of_their_type(tmp_path: Path, name: str) -> None:
    samples = np.linspace(0, 65535, 50).astype(np.uint16)[None].repeat(4, 0)
    path = saved(tmp_path, Image.fromarray(samples), name)
    assert_close(rendered(path).gray, np.rint(samples / 257).astype(np.uint8))


def test_16_bits_with_white_as_zero(tmp_path: Path) -> None:
    samples = np.linspace(0, 65535, 50).astype(np.uint16)[None].repeat(4, 0)
    path = saved(tmp_path, Image.fromarray(samples), "a.tif", tiffinfo={262: 0})
    assert_close(rendered(path).gray, np.rint((65535 - samples) / 257).astype(np.uint8))


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_wider_samples_are_scaled_by_the_range_they_use(tmp_path: Path, dtype: type) -> None:
    path = saved(tmp_path, Image.fromarray(CORNER.astype(dtype) * 3 - 100), "a.tif")
    assert_close(rendered(path).gray, CORNER)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, PICTURE.size, 0)
    image.paste(Image.new(mode, (20, 15), "black"), (0, 0))
    assert_close(rendered(saved(tmp_path, image, "a.png")).gray, CORNER)


def test_a_palette_with_a_transparent_colour_is_laid_on_white(tmp_path: Path) -> None:
    path = saved(tmp_path, palette_with_holes(), "a.png", transparency=2)
    assert_close(rendered(path).gray, CORNER)


@pytest.mark.parametrize("name", ["a.tif", "a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_done_once_and_reported(tmp_path: Path, name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = rendered(saved(tmp_path, PICTURE, name, exif=exif, quality=100))
    see, turn = SEEN[orientation]
    assert page.rotation == turn
    assert_close(page.gray, see(CORNER), tolerance=8)


@pytest.mark.filterwarnings("ignore:.*EXIF")  # the guard process drops what Pillow warns of
@given(st.binary(max_size=60))
@settings(max_examples=30, deadline=None)
def test_damaged_exif_data_do_not_cost_the_page(tmp_path_factory: pytest.TempPathFactory, exif: bytes) -> None:
    path = saved(tmp_path_factory.mktemp("exif"), PICTURE, "a.jpg", exif=b"Exif\0\0MM\0*" + exif)
    assert rendered(path).gray.size == CORNER.size


@pytest.mark.parametrize("name", ["a.tif", "a.jpg", "a.png"])
@pytest.mark.parametrize(("stated", "dpi"), [(300, 300.0), (96, 96.0), (1, 0.0), (5000, 0.0)])
def test_resolution_when_it_is_sane(tmp_path: Path, name: str, stated: int, dpi: float) -> None:
    assert rendered(saved(tmp_path, PICTURE, name, dpi=(stated, stated))).dpi == dpi


def test_no_resolution_is_zero(tmp_path: Path) -> None:
    assert rendered(saved(tmp_path, PICTURE, "a.png")).dpi == 0.0


def test_pages_of_a_tiff_have_their_own_size_mode_and_orientation(tmp_path: Path) -> None:
    first, second, third = PICTURE.convert("1"), Image.new("RGB", (7, 9), "white"), PICTURE.copy()
    exif = Image.Exif()
    exif[0x0112] = 6
    third.encoderinfo = {"exif": exif}
    path = saved(tmp_path, first, "a.tif", save_all=True, append_images=[second, third])
    assert count_pages(path, "tiff") == 3
    pages = [rendered(path, page) for page in (1, 2, 3)]
    assert [page.gray.shape for page in pages] == [(30, 40), (9, 7), (40, 30)]
    assert [page.rotation for page in pages] == [0, 0, 90]
    assert_close(pages[2].gray, np.rot90(CORNER, -1))


def test_a_page_that_is_not_there_has_changed(tmp_path: Path) -> None:
    for name in ("a.tif", "a.png"):
        with pytest.raises(Unrenderable) as error:
            rendered(saved(tmp_path, PICTURE, name), 2)
        assert error.value.kind == "changed"


@pytest.mark.parametrize(("name", "kind"), [("a.png", "png"), ("a.webp", "webp"), ("a.jpg", "jpeg")])
def test_only_the_first_frame_of_an_animation_counts(tmp_path: Path, name: str, kind: Any) -> None:
    format = "MPO" if kind == "jpeg" else None
    path = saved(tmp_path, PICTURE, name, format=format, save_all=True, append_images=[Image.new("L", (40, 30))])
    assert count_pages(path, kind) == 1
    assert rendered(path).gray[-1, -1] > 250


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as the guard process does
    path = saved(tmp_path, PICTURE, "a.png")
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 20_000, 16_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    with pytest.raises(Unrenderable, match="20000 x 16000 pixels, 320 megapixels; allowed are 300") as error:
        rendered(path)
    assert error.value.kind == "too-large"


@pytest.mark.parametrize("name", ["a.tif", "a.jpg", "a.png", "a.jp2", "a.j2k", "a.webp"])
def test_too_many_pixels(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unrenderable) as error:
        rendered(saved(tmp_path, Image.new("L", (1100, 1000)), name), max_megapixels=1)
    assert error.value.kind == "too-large"


@pytest.mark.parametrize("name", ["a.tif", "a.jpg", "a.png", "a.jp2", "a.j2k", "a.webp"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_truncated(tmp_path: Path, name: str, share: float) -> None:
    path = saved(tmp_path, Image.fromarray(NOISE), name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(Unrenderable) as error:
        rendered(path)
    assert error.value.kind == "truncated"


def test_a_tiff_whose_last_pages_are_cut_off_is_truncated(tmp_path: Path) -> None:
    image = Image.fromarray(NOISE)
    path = saved(tmp_path, image, "a.tif", save_all=True, append_images=[image, image])
    path.write_bytes(path.read_bytes()[:-6000])
    assert rendered(path, 1).gray.shape == NOISE.shape
    with pytest.raises(Unrenderable) as error:
        count_pages(path, "tiff")
    assert error.value.kind == "truncated"


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        render(tmp_path / "none.png", "png", 1, 300)
