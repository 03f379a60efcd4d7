"""Tesseract as it is installed and as it is not."""

from pathlib import Path

import numpy as np
import pytesseract
import pytest

from pipeline.failures import UsageError
from pipeline.formats.page import read as transcription
from pipeline.rendering import Renderer
from pipeline.settings import Render
from pipeline.tesseract import Tesseract
from recognizer.evaluation.texts import without_punctuation
from segmentation.layout import Gray

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def gray() -> Gray:
    with Renderer(Render()) as renderer:
        return renderer.render(str(SAMPLES / "print-english.tif"), 1).gray


def words(text: str) -> set[str]:
    return set(without_punctuation(text).casefold().split())


def test_a_printed_page_is_read_with_places_and_its_cost(gray: Gray) -> None:
    tesseract = Tesseract.found("eng")
    page = tesseract.page(gray)
    assert page is not None
    xml = transcription((SAMPLES / "truth" / "print-english-1.xml").read_bytes())
    truth = words(" ".join(line.text for line in xml.lines))
    found = words(" ".join(line.text for line in page))
    assert len(found & truth) > 0.8 * len(truth)
    assert all(0 <= line.confidence <= 1 and len(line.baseline) == 2 for line in page)
    assert tesseract.spent.cpu > 0.1
    assert tesseract.version.startswith("5.")
    assert len(tesseract.data["eng"]) == 16


def test_lines_are_read_alone(gray: Gray) -> None:
    tesseract = Tesseract.found("eng")
    page = tesseract.page(gray)
    assert page is not None
    line = max(page, key=lambda line: len(line.text))
    x, y = (np.array([point[axis] for point in line.polygon]).astype(int) for axis in (0, 1))
    crop = gray[y.min() - 4 : y.max() + 4, x.min() - 8 : x.max() + 8]
    blank = np.full((40, 200), 255, np.uint8)
    texts = tesseract.lines([blank, np.ascontiguousarray(crop), blank])
    assert len(texts) == 3
    assert len(words(texts[1]) & words(line.text)) >= len(words(line.text)) - 2
    assert len(texts[0]) < 3
    assert tesseract.lines([]) == []


def test_a_white_page_has_no_lines() -> None:
    page = Tesseract.found("eng").page(np.full((400, 300), 255, np.uint8))
    assert page == ()


def test_its_memory_is_its_own(gray: Gray) -> None:
    """Not that of the process which started it, and not none."""
    ballast = np.ones(300 << 20, np.uint8)
    assert 30 < Tesseract.found("eng").peak_megabytes(gray) < 300
    assert ballast.size


def test_a_crash_is_nothing(gray: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise pytesseract.TesseractError(-11, "killed")

    monkeypatch.setattr("pytesseract.image_to_pdf_or_hocr", crash)
    assert Tesseract.found("eng").page(gray) is None


def test_a_full_disk_is_nothing(gray: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytesseract.image_to_pdf_or_hocr", full)
    assert Tesseract.found("eng").page(gray) is None


def test_what_takes_too_long_is_nothing(gray: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.tesseract.SECONDS", 0.01)
    tesseract = Tesseract.found("eng")
    assert tesseract.page(gray) is None
    assert tesseract.lines([gray, gray]) == ["", ""]


def test_languages_that_are_not_installed_are_named() -> None:
    with pytest.raises(UsageError, match=r"no language 'xyz', only .*install tesseract-ocr-xyz"):
        Tesseract.found("eng+xyz")


def test_without_tesseract_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytesseract.pytesseract.tesseract_cmd", "/nowhere/tesseract")
    with pytest.raises(UsageError, match="install the package tesseract-ocr"):
        Tesseract.found()
