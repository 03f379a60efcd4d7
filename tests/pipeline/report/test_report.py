"""The report as a file: what it holds, what is chosen, and what is said where something is missing."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipeline.cli import inkbeam
from pipeline.commit import write_parquet
from pipeline.document import Document, Page
from pipeline.failures import NothingDone
from pipeline.outcome import Outcome
from pipeline.report import chosen, overview
from pipeline.report.chosen import DIFFERING, WORST, choose
from pipeline.report.overview import PageRow
from pipeline.storage import LocalStorage
from tests.pipeline.report.made import add_truth, dataset, write_run

ROW = PageRow("default", "a-1", "/in/a.pdf", 1, "read", "eng", 10, 0.9, 0.1, None, 1, 1)


@pytest.fixture
def output(tmp_path: Path) -> str:
    return dataset(tmp_path)


def report(output: str) -> str:
    done = CliRunner().invoke(inkbeam, ["report", output], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.output.strip() == f"{output}/report.html"
    return Path(output, "report.html").read_text(encoding="utf-8")


def blank(number: int, source: str) -> Page:
    return Page(number, source, "0" * 64, 640, 400, 150.0, 0, 0.0, "blank", (), (), "bundle", "r" * 16)


def data(html: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html)
    assert found
    return json.loads(found[1])


def test_the_last_run_is_told_at_a_glance(output: str) -> None:
    html = report(output)
    assert "run 7 of" in html
    assert "0 read, 0 doubtful" not in html
    assert re.search(r"Failed</dt><dd class=\"figure\">1</dd>", html)
    assert "Tesseract agrees on" in html
    assert "recognise 1.50 s" in html  # of two pages
    assert html.count("http") == html.count("http://www.w3.org/2000/svg")


def test_a_night_with_nothing_to_do_leaves_the_last_figures(output: str) -> None:
    for _ in range(2):
        write_run(LocalStorage(output), Outcome((), (), {}))
    html = report(output)
    assert "run 7 of" in html
    assert "2 runs since then found nothing to do" in html
    assert "recognise 1.50 s" in html


def test_failures_come_with_advice(output: str) -> None:
    html = report(output)
    assert "Failed: 1 × empty" in html
    assert "Copy it again from where it came from." in html
    assert "broken.png: the file has no bytes" in html


def test_a_slow_night_raises_an_alarm(output: str) -> None:
    html = report(output)
    assert 'role="alert"' in html
    assert re.search(r"Pages a second: 0\.0\d</strong>, usual is 0\.\d\d to 0\.\d\d", html)


def test_the_worst_page_comes_first_with_its_words(output: str) -> None:
    html = report(output)
    assert html.index("<b>letter.png</b>") < html.index("<b>deed.png</b>")
    first = data(html, "page-0")
    (text, confidence, outline, others) = first["lines"][0]["words"][0]
    assert (text, confidence, others) == ("the", 0.5, [["THE", 0.125]])
    assert outline == [60, 76, 120, 76, 120, 106, 60, 106]
    assert first["columns"] == ["Inkbeam", "Tesseract"]
    assert first["rows"][0] == [
        [[False, "the letter"], [True, "is"], [False, "read"]],
        [[False, "the letter"], [True, "was"], [False, "read"]],
    ]
    assert first["lines"][1]["words"][1][0] == "</script>"


def test_the_truth_stands_beside_both(output: str) -> None:
    add_truth(output)
    first = data(report(output), "page-0")
    assert first["columns"] == ["Truth", "Inkbeam", "Tesseract"]
    assert [runs[0][1] for runs in first["rows"][0]] == ["the letter was read", "the letter", "the letter was read"]


def test_all_pages_are_in_the_table(output: str) -> None:
    table = data(report(output), "all-pages")
    assert len(table["rows"]) == 3
    named = {Path(table["sources"][row[0]]).name: row[1:] for row in table["rows"]}
    assert named["letter.png"] == [1, "doubtful", "eng", 2, 0.75, 0.5, 0.5, 0]
    assert named["broken.png"] == [1, "failed", None, 0, None, None, None, None]


def test_scans_that_are_gone_are_named(output: str, tmp_path: Path) -> None:
    (tmp_path / "letter.png").unlink()
    shutil.copy(tmp_path / "deed.png", tmp_path / "kept.png")
    html = report(output)
    assert data(html, "page-0")["missing"].startswith(f"No picture: {tmp_path / 'letter.png'}")
    assert 'id="scan-0"' not in html
    assert 'id="scan-1"' in html


def test_a_scan_of_another_size_is_not_shown(output: str, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("L", (100, 50)).save(tmp_path / "letter.png")
    assert "has another size" in data(report(output), "page-0")["missing"]


def test_pictures_have_a_limit(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "MOST_BYTES", 10_000)
    html = report(output)
    assert html.count('class="thumbnail"') == 1
    assert len(data(html, "all-pages")["rows"]) == 3


def test_the_same_dataset_gives_the_same_bytes(output: str) -> None:
    assert report(output) == report(output)


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match="holds no run"):
        CliRunner().invoke(inkbeam, ["report", str(tmp_path)], catch_exceptions=False)


def test_a_damaged_table_is_named(output: str) -> None:
    LocalStorage(output).write("lines/collection=default/deed-00000000.parquet", b"PAR1")
    with pytest.raises(NothingDone, match=r"deed-00000000\.parquet is not a whole Parquet file"):
        CliRunner().invoke(inkbeam, ["report", output], catch_exceptions=False)


def test_a_damaged_comparison_is_named(output: str) -> None:
    LocalStorage(output).write("comparison.json", b"{")
    with pytest.raises(NothingDone, match="run `inkbeam compare` again"):
        CliRunner().invoke(inkbeam, ["report", output], catch_exceptions=False)


def test_known_errors_count_more_than_expected_ones() -> None:
    pages = [replace(ROW, page=number, expected_cer=number / 100) for number in range(1, 60)]
    assert [page.page for page in choose(pages, {})[:2]] == [59, 58]
    assert choose(pages, {("a-1", 3): 0.9})[0].page == 3
    assert len(choose(pages, {})) == WORST


def test_pages_on_which_tesseract_differs_follow() -> None:
    pages = [replace(ROW, page=number, expected_cer=0.0, agreement=number / 100) for number in range(1, 60)]
    chosen_pages = choose(pages, {})
    assert len(chosen_pages) == WORST + DIFFERING
    assert chosen_pages[WORST].page == WORST + 1


def test_pages_without_text_are_not_chosen() -> None:
    assert choose([replace(ROW, lines=0, status="failed")], {}) == []


def test_words_and_pages_are_counted_by_how_sure_they_are(output: str) -> None:
    words = overview.confidences(LocalStorage(output))
    assert (words.sum(), words[10], words[18]) == (14, 7, 7)  # at 0.5 and at 0.9375
    rates = [page.expected_cer for page in overview.overview(output).rows]
    assert overview.wrong_pages([None, 3.0])[-1] == 1
    assert dict(zip(overview.wrong_labels(), overview.wrong_pages(rates), strict=True))["5–10"] == 1
    assert overview.wrong_labels()[-1] == "over 30"
    assert overview.confidence_labels()[-1] == "100"


def test_of_many_pages_those_are_listed_that_need_a_look(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = overview.overview(output)
    assert (whole.total, len(whole.rows)) == (3, 3)
    assert "Of 3 pages" not in report(output)
    monkeypatch.setattr(overview, "LISTED", 2)
    known = overview.overview(output)
    worst = max(row.expected_cer or 0 for row in whole.rows)
    assert [row.title for row in known.rows if row.status == "failed"] == ["broken.png"]
    assert [row.expected_cer for row in known.rows if row.status != "failed"] == [worst]
    assert known.total == 3
    assert list(known.expected) == list(whole.expected)
    assert "Of 3 pages these 2: the failed" in report(output)


def test_of_many_files_a_sample_is_counted(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = overview.confidences(LocalStorage(output)).sum()
    monkeypatch.setattr(overview, "SAMPLED", 2)
    assert 0 < overview.confidences(LocalStorage(output)).sum() < whole


def test_pages_have_a_place_in_their_source(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    sources = ["/b.tif", "/b.tif", "/c.tif"]
    pages = tuple(blank(number, source) for number, source in enumerate(sources, 1))
    for name in ("d-00000001", "d-00000002"):
        write_parquet(storage, Document(name, "default", pages), (), {})
    rows = overview.overview(str(tmp_path)).rows
    assert [(row.document_id[-1], row.page, row.place, row.of) for row in rows] == [
        *(("1", 1, 1, 2), ("1", 2, 2, 2), ("1", 3, 1, 1)),
        *(("2", 1, 1, 2), ("2", 2, 2, 2), ("2", 3, 1, 1)),
    ]


def test_pages_of_a_source_are_numbered(output: str) -> None:
    assert {row.title for row in overview.overview(output).rows} == {"letter.png", "deed.png", "broken.png"}
    assert replace(ROW, place=3, of=9).title == "a.pdf, page 3"
