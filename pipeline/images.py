"""Page images from TIFF, JPEG, PNG, JPEG 2000 and WebP, by Pillow. Runs in the guard process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base as Tag

from pipeline.filetypes import FileType
from pipeline.rendered import Rendered, Unrenderable, expect_allowed, sane_dpi

DECODERS: Final[Mapping[FileType, str]] = {
    "tiff": "TIFF",
    "jpeg": "JPEG",
    "png": "PNG",
    "jp2": "JPEG2000",
    "webp": "WEBP",
}
# EXIF orientation -> mirrored left to right, then turned clockwise by so many degrees (Exif 2.32, tag 0x0112).
MIRRORED: Final = frozenset((2, 4, 5, 7))
TURNED: Final[Mapping[int, int]] = {3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}

WHITE_IS_ZERO: Final = 0  # TIFF 6.0, PhotometricInterpretation
STRIP_ROWS: Final = 512


def count_pages(path: Path, filetype: FileType) -> int:
    """Frames of a TIFF; 1 for every other type, also when it is animated. Raises OSError and Unrenderable."""
    with _opened(path, filetype) as image, _damage_told():
        return int(getattr(image, "n_frames", 1)) if filetype == "tiff" else 1


def render(path: Path, filetype: FileType, page: int, max_megapixels: int) -> Rendered:
    """The page, from 1, on white paper and upright. Raises OSError, MemoryError and Unrenderable."""
    with _opened(path, filetype) as image:
        _turn_to(image, page)
        expect_allowed(*image.size, max_megapixels)
        with _damage_told():
            asked = orientation(image)
            # A JPEG's luminance is stored as such: its decoder gives it at a quarter of the memory. Others ignore this.
            image.draft("L", image.size)
            image.load()
        # Some decoders of Pillow turn the page themselves and then drop the tag: what is left is still to be done.
        gray = _upright(_gray(image), orientation(image))
        return Rendered(gray, _dpi(image), TURNED.get(asked, 0))


@contextmanager
def _opened(path: Path, filetype: FileType) -> Iterator[Image.Image]:
    # By its name, Pillow 12.3 would map an uncompressed TIFF into memory, and mix up its sides if it is to be turned.
    with path.open("rb") as file:
        with _damage_told():
            image = Image.open(file, formats=[DECODERS[filetype]])
        with image:
            yield image


@contextmanager
def _damage_told() -> Iterator[None]:
    """Pillow raises whatever its parsers stumble over in a damaged file: struct.error, SyntaxError, KeyError, ..."""
    try:
        yield
    except (Unrenderable, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = "its header is damaged" if isinstance(error, UnidentifiedImageError) else error
        raise Unrenderable("truncated", f"cannot be decoded: {reason}") from error


def _turn_to(image: Image.Image, page: int) -> None:
    with _damage_told():
        try:
            image.seek(page - 1)
        except EOFError as error:
            raise Unrenderable("changed", f"the file has no page {page} any more") from error


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) to 8; a page whose EXIF data are damaged counts as upright."""
    try:
        return int(image.getexif().get(Tag.Orientation, 1))
    except (MemoryError, OSError):
        raise
    except Exception:
        return 1


def _upright(gray: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    mirrored = gray[:, ::-1] if orientation in MIRRORED else gray
    return np.ascontiguousarray(np.rot90(mirrored, -TURNED.get(orientation, 0) // 90))


def _dpi(image: Image.Image) -> float:
    stated = image.info.get("dpi", (0.0, 0.0))
    return sane_dpi(float(stated[0]))


def _gray(image: Image.Image) -> npt.NDArray[np.uint8]:
    """The picture as uint8 [height, width], strip by strip, so that no second copy in colour is held."""
    shades = np.empty((image.height, image.width), np.uint8)
    to_shades = _wide_samples(image) if image.mode[0] in "IF" else _common_samples
    for top in range(0, image.height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, image.height)
        shades[top:bottom] = to_shades(image.crop((0, top, image.width, bottom)))
    return shades


def _wide_samples(image: Image.Image) -> Callable[[Image.Image], npt.NDArray[np.uint8]]:
    """Scales strips of 16 bits a sample by their type's range, of 32 bits by the range that the page uses."""
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16"):
        black, white = 0.0, 2.0 ** tags.get(Tag.BitsPerSample, (16,))[0] - 1
    else:
        black, white = (float(value) for value in np.ravel(image.getextrema()))
    if tags.get(Tag.PhotometricInterpretation) == WHITE_IS_ZERO:
        black, white = white, black
    scale = 255 / ((white - black) or 1)
    return lambda strip: np.rint((np.asarray(strip, np.float32) - black) * scale).astype(np.uint8)


def _common_samples(strip: Image.Image) -> npt.NDArray[np.uint8]:
    """Luma (ITU-R BT.601) of a strip of any mode with at most 8 bits a sample, transparency laid on white."""
    if strip.has_transparency_data:
        colours = strip.convert("RGBA")
        strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), colours)
    if strip.mode == "LAB":
        return np.asarray(strip.getchannel("L"))
    return np.asarray(strip.convert("L"))
