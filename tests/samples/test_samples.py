"""The committed samples agree with their truth, and are made again byte for byte where the fonts are at hand."""

import hashlib
import os
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from lxml import etree
from PIL import Image, ImageOps

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
NAMESPACES = {"p": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"}
IMAGES = {".jpg", ".jp2", ".png", ".tif", ".webp"}
FILES = sorted(path for path in SAMPLES.iterdir() if path.suffix in IMAGES | {".pdf"})
TRUTHS = sorted((SAMPLES / "truth").glob("*.xml"))
FONTS = Path(os.environ.get("INKBEAM_SAMPLE_FONTS", ROOT / "build" / "fonts"))
MADE_WITH = {"pillow": "12.3.0", "opencv-python-headless": "5.0.0.93", "numpy": "2.4.6", "pikepdf": "10.17.0"}
VECTOR_DPI = 300


def sizes(path: Path) -> list[tuple[int, int]]:
    """Width and height in pixels of every page as a person sees it."""
    return _pdf_sizes(path) if path.suffix == ".pdf" else [image.size for image in pages(path)]


def pages(path: Path) -> list[Image.Image]:
    with Image.open(path) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(ImageOps.exif_transpose(image))
        return frames


def _pdf_sizes(path: Path) -> list[tuple[int, int]]:
    with pikepdf.open(path) as document:
        return [_pdf_size(page) for page in document.pages]


def _pdf_size(page: pikepdf.Page) -> tuple[int, int]:
    scans = list(page.obj.Resources.get("/XObject", {}).values())
    width, height = (float(side) * VECTOR_DPI / 72 for side in page.mediabox[2:])
    if scans:
        width, height = int(scans[0].Width), int(scans[0].Height)
    turned = int(page.obj.get("/Rotate", 0)) % 180
    return (round(height), round(width)) if turned else (round(width), round(height))


@cache
def truth(path: Path) -> etree._Element:
    return etree.parse(path).getroot()


def find(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall(path, NAMESPACES)


def size(path: Path) -> tuple[int, int]:
    (page,) = find(truth(path), "p:Page")
    return int(page.attrib["imageWidth"]), int(page.attrib["imageHeight"])


def points(line: etree._Element, name: str) -> npt.NDArray[np.float64]:
    (element,) = find(line, f"p:{name}")
    return np.array([pair.split(",") for pair in element.attrib["points"].split()], float)


def texts(path: Path) -> list[str]:
    return [element.text or "" for element in find(truth(path), ".//p:TextLine/p:TextEquiv/p:Unicode")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_page_has_truth_of_its_size(path: Path) -> None:
    expected = {f"{path.stem}-{number}.xml": pixels for number, pixels in enumerate(sizes(path), 1)}
    assert {truth.name: size(truth) for truth in SAMPLES.glob(f"truth/{path.stem}-*.xml")} == expected


def test_every_truth_belongs_to_a_sample() -> None:
    assert {path.stem.rpartition("-")[0] for path in TRUTHS} == {path.stem for path in FILES}
    names = {find(truth(path), "p:Page")[0].attrib["imageFilename"] for path in TRUTHS}
    assert names == {path.name for path in FILES}


@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.stem)
def test_lines_lie_inside_the_page(path: Path) -> None:
    for line in find(truth(path), ".//p:TextLine"):
        for name in ("Baseline", "Coords"):
            placed = points(line, name)
            assert (placed >= 0).all(), line.attrib["id"]
            assert (placed < size(path)).all(), line.attrib["id"]
        assert (np.diff(points(line, "Baseline")[:, 0]) > 0).all(), "a baseline runs from left to right"


@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.stem)
def test_baselines_run_inside_their_polygons(path: Path) -> None:
    for line in find(truth(path), ".//p:TextLine"):
        baseline, polygon = points(line, "Baseline"), points(line, "Coords")
        upper, lower = polygon[: len(baseline)], polygon[len(baseline) :][::-1]
        assert (upper[:, 1] < baseline[:, 1]).all()
        assert (baseline[:, 1] <= lower[:, 1]).all()


@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.stem)
def test_reading_order_names_every_region_once(path: Path) -> None:
    regions = [region.attrib["id"] for region in find(truth(path), "p:Page/p:TextRegion")]
    assert [ref.attrib["regionRef"] for ref in find(truth(path), ".//p:RegionRefIndexed")] == regions


@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.stem)
def test_texts_are_clean(path: Path) -> None:
    for text in texts(path):
        assert text == " ".join(text.split())
        assert "\u00ad" not in text
        assert text


@pytest.mark.parametrize("name", ["letter-english-3", "print-english-2"])
def test_blank_pages_have_no_lines(name: str) -> None:
    assert texts(SAMPLES / "truth" / f"{name}.xml") == []


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix in IMAGES], ids=lambda path: path.name)
def test_there_is_more_ink_above_a_baseline_than_below(path: Path) -> None:
    """Letters stand on the baselines, on pages set askew and turned by EXIF too."""
    for number, image in enumerate(pages(path), 1):
        dark = 255.0 - _gray(image)
        for line in find(truth(SAMPLES / "truth" / f"{path.stem}-{number}.xml"), ".//p:TextLine"):
            baseline = points(line, "Baseline")
            reach = max(3, round(np.ptp(points(line, "Coords")[[0, -1], 1]) / 5))
            assert _ink(dark, baseline, -reach) > _ink(dark, baseline, reach), (number, line.attrib["id"])


def _gray(image: Image.Image) -> npt.NDArray[np.float64]:
    """Brightness 0..255; sixteen bits are scaled, what is transparent is white."""
    if image.mode.startswith("I;16"):
        return np.asarray(image, float) / 257
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("L"), float)


def _ink(dark: npt.NDArray[np.float64], baseline: npt.NDArray[np.float64], reach: int) -> float:
    """Mean darkness of a strip from just beside the baseline to `reach` pixels below it (above where negative)."""
    xs = np.arange(baseline[0, 0], baseline[-1, 0]).astype(int)
    ys = np.round(np.interp(xs, baseline[:, 0], baseline[:, 1])).astype(int)
    step = int(np.sign(reach))
    rows = ys[None, :] + np.arange(step, reach + step, step)[:, None]
    return float(dark[np.clip(rows, 0, len(dark) - 1), xs[None, :]].mean())


def test_the_kinds_of_files_are_what_the_readme_says() -> None:
    with Image.open(SAMPLES / "letter-french.jpg") as french, Image.open(SAMPLES / "typescript-french.jpg") as typed:
        assert (french.getexif()[0x0112], typed.getexif()[0x0112]) == (6, 8)
    with (
        Image.open(SAMPLES / "print-english.tif") as bilevel,
        Image.open(SAMPLES / "typescript-english.tif") as deflated,
    ):
        assert (bilevel.mode, bilevel.info["compression"]) == ("1", "group4")
        assert (deflated.mode, deflated.info["compression"]) == ("L", "tiff_adobe_deflate")
    modes = {}
    for name in ("letter-german.png", "leaf-german.png", "print-german.png"):
        with Image.open(SAMPLES / name) as image:
            modes[name] = image.mode
    assert modes == {"letter-german.png": "I;16", "leaf-german.png": "LA", "print-german.png": "P"}
    with pikepdf.open(SAMPLES / "letter-english.pdf") as letter:
        assert [int(page.obj.get("/Rotate", 0)) for page in letter.pages] == [0, 90, 0]


def test_all_samples_take_at_most_six_megabytes() -> None:
    kept = [path for path in SAMPLES.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in kept) <= 6_000_000


def test_readme_lists_every_sample() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in FILES if f"`{path.name}`" not in readme] == []


def make(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "samples.make", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_missing_fonts_are_explained(tmp_path: Path) -> None:
    made = make("--fonts", tmp_path, "--output", tmp_path / "out", "leaf-german.png")
    assert made.returncode == 1
    assert f"npm install --prefix {tmp_path}" in made.stderr
    assert "Traceback" not in made.stderr


def test_another_font_is_refused(tmp_path: Path) -> None:
    font = tmp_path / "node_modules/@fontsource/old-standard-tt/files/old-standard-tt-latin-400-normal.woff"
    font.parent.mkdir(parents=True)
    font.write_bytes(b"another font")
    made = make("--fonts", tmp_path, "--output", tmp_path / "out", "leaf-german.png")
    assert made.returncode == 1
    assert "not the file of version" in made.stderr


@pytest.mark.parametrize("name", ["vector-english.pdf", "letter-german.png", "typescript-english.tif"])
def test_samples_are_made_again_byte_for_byte(name: str, tmp_path: Path) -> None:
    if not (FONTS / "node_modules").is_dir():
        pytest.skip(f"no fonts in {FONTS}; samples/README.md says how to get them")
    others = {package: found for package in MADE_WITH if (found := version(package)) != MADE_WITH[package]}
    if others:
        pytest.skip(f"the samples were made with other versions than {others}")
    made = make("--fonts", FONTS, "--output", tmp_path, name)
    assert made.returncode == 0, made.stderr
    for path in [tmp_path / name, *(tmp_path / "truth").iterdir()]:
        assert _sha256(path) == _sha256(SAMPLES / path.relative_to(tmp_path)), path.name


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
