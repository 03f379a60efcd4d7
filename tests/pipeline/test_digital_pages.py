"""Runs over PDFs with text: letters are kept, layers under scans are not; every word is in the new PDF once."""

import shutil
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from rapidfuzz.distance import Levenshtein

from pipeline.digital_page import digital_page
from pipeline.document import bounding_box
from pipeline.rendered import DigitalLine, DigitalText, DigitalWord
from pipeline.storage import LocalStorage
from pipeline.store import read_document
from pipeline.tasks import PageRef
from tests.pipeline import drawn, pdfs
from tests.pipeline.conftest import Digitize, rows
from tests.pipeline.test_poppler import add_page, image
from tests.pipeline.test_tasks import ref

if shutil.which("pdftotext") is None:
    pytest.skip("poppler-utils are not installed", allow_module_level=True)

SAMPLE = Path(__file__).parents[2] / "samples" / "vector-english.pdf"
HIDDEN = "BT /F 9 Tf 3 Tr 10 10 Td (words of others) Tj ET"


def mixed(path: Path) -> Path:
    """A page in letters, and a scan with a text that somebody else has read."""
    with pikepdf.open(SAMPLE) as pdf:
        del pdf.pages[1:]
        pixels = np.asarray(drawn.page(3))
        add_page(pdf, (307.2, 192), f"q 307.2 0 0 192 0 0 cm /I Do Q {HIDDEN}", {"/I": image(pdf, pixels)})
        pdf.save(path)
    return path


def words_of(output: Path, page: int) -> list[str]:
    (name,) = (output / "pages").rglob("*.parquet")
    document = read_document(LocalStorage(str(output)), "default", name.stem)
    return [word.text for line in document.pages[page - 1].lines for word in line.words]


def test_letters_are_kept_unless_they_are_to_be_read_again(tmp_path: Path, digitize: Digitize) -> None:
    source = mixed(tmp_path / "a.pdf")
    run = (source, "--output", tmp_path / "out", "--formats", "pdf", "--workers", 1)
    assert digitize(*run).code == 0
    output = tmp_path / "out"
    first, second = rows(output, "pages")
    assert [first[key] for key in ("origin", "status", "width", "height", "dpi")] == ["pdf", "read", 1750, 2475, 300.0]
    assert (first["confidence"], first["expected_cer"], first["language"]) == (1.0, None, None)
    assert second["origin"] == "read"
    kept, scanned = words_of(output, 1), words_of(output, 2)
    assert kept == pdfs.text(source, 1)
    (made,) = (output / "pdf").glob("*.pdf")
    assert pdfs.text(made, 1) == kept
    assert pdfs.text(made, 2) == scanned
    assert "others" not in scanned

    assert "1 document" in digitize(*run, "--reread").out.split("outdated")[1]
    assert digitize(*run, "--reread", "--redo", "outdated").code == 0
    assert [row["origin"] for row in rows(output, "pages")] == ["read", "read"]
    read = words_of(output, 1)
    assert read != kept
    assert Levenshtein.normalized_distance(" ".join(read), " ".join(kept)) < 0.05
    assert pdfs.text(made, 1) == read


def test_images_are_as_they_would_be_read_again(tmp_path: Path, digitize: Digitize) -> None:
    run = (drawn.save_png(tmp_path / "a.png"), "--output", tmp_path / "out", "--workers", 1)
    assert digitize(*run).code == 0
    assert "outdated" not in digitize(*run, "--reread").out


def found(*lines: tuple[float, float, str]) -> DigitalText:
    """Lines of one word each, at x and y, 200 x 20 pixels."""
    made = (
        DigitalLine(((x, y), (x + 200, y)), (DigitalWord(text, (x, y - 18, x + 200.06, y + 2)),))
        for x, y, text in lines
    )
    return DigitalText(1000, 800, 300.0, 90, tuple(made))


def test_a_digital_page_has_regions_and_paragraphs_in_the_order_of_the_file() -> None:
    column = [(100.0, 100.0 + 30 * k, f"left{k}") for k in range(4)]
    other = [(500.0, 100.0 + 30 * k, f"right{k}") for k in range(4)]
    made = digital_page(ref(3), found(*column, *other), "bundle")
    assert [line.text for line in made.lines] == [text for *_, text in [*column, *other]]
    assert [line.region for line in made.lines] == [0] * 4 + [1] * 4
    assert [bounding_box(region.polygon)[0] for region in made.regions] == [100, 500]
    assert (made.number, made.rotation, made.origin, made.bundle) == (3, 90, "pdf", "bundle")
    (word,) = made.lines[0].words
    assert (word.confidence, word.alternatives, bounding_box(word.polygon)) == (1.0, None, (100, 82, 300, 102))


def test_a_digital_page_may_have_one_line() -> None:
    reference: PageRef = ref(1)
    assert [line.text for line in digital_page(reference, found((10.0, 50.0, "alone")), "b").lines] == ["alone"]
