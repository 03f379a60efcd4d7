"""Tesseract as it is installed and as it is not, and the command that compares with it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pipeline.cli import inkbeam
from pipeline.failures import UsageError
from pipeline.formats.page import read as transcription
from pipeline.rendering import Renderer
from pipeline.settings import Render
from pipeline.tesseract import Tesseract
from recognizer.evaluation.texts import without_punctuation
from segmentation.layout import Gray
from tests.pipeline import exports

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
    found = words(" ".join(line.text for line in page.lines))
    assert len(found & truth) > 0.8 * len(truth)
    assert all(0 <= line.confidence <= 1 and len(line.baseline) == 2 for line in page.lines)
    assert tesseract.spent.cpu > 0.1
    assert tesseract.version.startswith("5.")
    assert len(tesseract.data["eng"]) == 16


def test_lines_are_read_alone(gray: Gray) -> None:
    tesseract = Tesseract.found("eng")
    page = tesseract.page(gray)
    assert page is not None
    line = max(page.lines, key=lambda line: len(line.text))
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
    assert page is not None
    assert not "".join(line.text for line in page.lines).strip()


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


def run(*arguments: object) -> Result:
    return CliRunner().invoke(inkbeam, ["compare", *map(str, arguments)], catch_exceptions=False)


def test_pages_with_truth_are_compared_from_end_to_end(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 2)
    done = run(folder, "--output", tmp_path / "out", "--json", tmp_path / "f.json", "--tesseract-languages", "eng")
    found = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    for name in ("inkbeam", "tesseract"):
        assert {"cer", "wer", "word_recall", "cpu_seconds"} <= found["all"][name].keys()
        assert found["all"][name]["cpu_seconds"] > 0
    assert len(found["all"]["difference"]) == 3
    assert found["dataset"].keys() == {"letters"}
    assert found["tesseract"]["languages"] == "eng"
    assert json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8")) == found
    texts = pq.ParquetFile(tmp_path / "out" / "texts.parquet").read().to_pylist()
    assert [row["name"] for row in texts] == ["letters/000", "letters/001"]
    assert "Tesseract" in done.output.splitlines()[0]


def test_lines_with_truth_are_compared_too(tmp_path: Path) -> None:
    from pipeline.ground_truth import cut
    from segmentation import CropGeometry

    made = cut([exports.escriptorium(tmp_path / "letters", 1)], CropGeometry(), tmp_path / "lines" / "cut.parquet")
    done = run(made.path, "--output", tmp_path / "out", "--tesseract-languages", "eng")
    assert done.exit_code == 0
    assert json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))["all"]["pages"] == 1


def test_scans_without_truth_tell_how_far_both_agree(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    Image.fromarray(np.full((400, 300), 255, np.uint8)).save(tmp_path / "scans" / "white.png")
    shutil.copy(SAMPLES / "print-german.png", tmp_path / "scans")
    done = run(tmp_path / "scans", "--output", tmp_path / "out")
    found = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    assert found["pages"] == 2
    assert 0.8 < found["agreement"] < 1
    (worst, best) = found["page"]
    assert "print-german" in worst
    assert found["page"][best] == 1.0
    assert found["inkbeam"]["cpu_seconds"] > 0
    assert "no truth" in done.output
    assert pq.ParquetFile(tmp_path / "out" / "texts.parquet").metadata.num_rows == 2


def test_scans_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.png").write_bytes((SAMPLES / "print-german.png").read_bytes()[:200])
    with pytest.raises(UsageError, match=r"(?s)scans: no page that can be read.*a\.png"):
        run(tmp_path / "scans", "--output", tmp_path / "out")
