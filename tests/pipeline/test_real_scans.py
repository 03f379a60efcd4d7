"""Real scans from file to text: cuttings that lie here, and whole pages where the shared data is."""

import json
from pathlib import Path

import pytest
from jiwer import cer

from tests.pipeline.conftest import Digitize, rows

CASES = Path(__file__).parents[1] / "cases"
PAGES = Path(__file__).parents[3] / "shared" / "data" / "pages"


@pytest.mark.parametrize(("name", "highest_cer"), [("print-1880", 0.04), ("hand-2024", 0.4)])
def test_a_cutting_is_read_line_by_line(name: str, highest_cer: float, tmp_path: Path, digitize: Digitize) -> None:
    digitize(CASES / f"{name}.jpg", "--output", tmp_path / "out")
    truth = (CASES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    found = sorted(rows(tmp_path / "out", "lines"), key=lambda row: int(str(row["line"])))
    assert len(found) == len(truth)
    assert cer("\n".join(truth), "\n".join(str(row["text"]) for row in found)) < highest_cer


@pytest.mark.skipif(not PAGES.is_dir(), reason="the shared pages are not beside the project")
def test_every_shared_page_of_three_kinds_is_accounted_for(tmp_path: Path, digitize: Digitize) -> None:
    names = ["hooker-04", "frprint20-02", "tapus-03"]
    facts = {fact["page"]: fact for fact in json.loads((PAGES / "pages.json").read_text())}
    digitize(*(PAGES / f"{name}.jpg" for name in names), "--output", tmp_path / "out")
    pages = rows(tmp_path / "out", "pages")
    assert sorted(Path(str(page["source"])).stem for page in pages) == sorted(names)
    for page in pages:
        fact = facts[Path(str(page["source"])).stem]
        assert (page["status"], page["width"], page["height"]) == ("read", fact["width"], fact["height"])
        assert 0.6 * fact["lines"] < int(str(page["lines"])) < 1.5 * fact["lines"]
