import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from pipeline.cli import inkbeam
from pipeline.failures import UsageError
from pipeline.overlay import LONG_SIDE, overlay
from pipeline.pairing import Tally
from pipeline.rendered import Rendered
from pipeline.truth import ASPECTS, Facts, TruePage, true_pages
from segmentation import Layout
from tests.pipeline import exports
from tests.pipeline.test_evaluate import SCAN, line


def run(*arguments: object) -> Result:
    return CliRunner().invoke(inkbeam, ["evaluate-pages", *map(str, arguments)], catch_exceptions=False)


def facts_of(folder: Path, **facts: object) -> None:
    (folder / "pages.json").write_text(json.dumps([facts]), encoding="utf-8")


def test_drawn_pages_are_judged_from_end_to_end(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 2)
    done = run(folder, "--json", tmp_path / "out" / "figures.json", "--html", tmp_path / "report.html")
    found = json.loads((tmp_path / "out" / "figures.json").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    assert found["all"]["pages"] == 2
    assert found["all"]["f1"] > 0.7  # the drawn words do not fill the true lines
    assert found["all"]["cer_free"] > 0.5  # the drawn words are not those of the truth
    assert found["dataset"].keys() == {"letters"}
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert report.count("<figure>") == 2
    assert "letters/001 · letters · unknown · unknown" in report
    assert "letters" in done.output


def test_lines_only_reads_nothing(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 1)
    done = run(folder, "--lines-only", "--json", tmp_path / "f.json", "--html", tmp_path / "r.html")
    found = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    assert found["all"]["cer_free"] is None
    assert "CER of pages" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 2)
    (folder / "001.png").write_bytes((folder / "000.png").read_bytes()[:300])
    assert "left out: 1 x unreadable image" in run(folder, "--lines-only").output


def test_a_folder_without_truth_says_what_is_missing(tmp_path: Path) -> None:
    exports.save_scan(tmp_path / "scans" / "a.png", 1)
    with pytest.raises(UsageError, match="scans: no page with PAGE XML or ALTO"):
        run(tmp_path / "scans", "--lines-only")


def test_an_unknown_bundle_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        run(exports.escriptorium(tmp_path / "letters", 1), "--bundle", tmp_path / "nowhere")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 1)
    with pytest.raises(UsageError, match="name another file"):
        run(folder, "--lines-only", "--json", folder / "000.png" / "f.json")


def test_facts_of_pages_come_from_the_list_beside_them(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 2)
    facts_of(folder, page="001", dataset="wills", script="hand", split="val", judge=["text"])
    first, second = (page.facts for page in true_pages([folder], Tally()))
    assert first == Facts("letters/000", "letters", "unknown", "unknown", ASPECTS)
    assert second == Facts("letters/001", "wills", "hand", "val", frozenset({"text"}))


@pytest.mark.parametrize("content", ["{", '{"page": "001"}', '[{"name": "001"}]', "[1]"])
def test_a_broken_list_of_facts_is_named(tmp_path: Path, content: str) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 1)
    (folder / "pages.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"pages\.json: not a list of facts"):
        list(true_pages([folder], Tally()))


def test_pages_without_texts_are_true_pages_too(tmp_path: Path) -> None:
    exports.save_scan(tmp_path / "a.png", 1)
    exports.write(tmp_path / "a.xml", exports.page("a.png", ("", "")))
    (page,) = true_pages([tmp_path], Tally())
    assert page.texts == ("", "")
    assert page.gray.shape == (400, 640)


def test_the_overlay_shows_true_missed_found_and_false_lines() -> None:
    true = TruePage(Facts("p", "d", "hand", "val", ASPECTS), SCAN, (line(100), line(300)), ("a", "b"), Path("p.png"))
    picture = overlay(true, Layout(0.0, (), (line(104), line(500))))
    assert picture.shape == (600, 1000, 3)
    reddish, orange = ((picture == colour).all(2) for colour in ((60, 0, 220), (0, 150, 255)))
    assert reddish[495:505].any()
    assert not reddish[:400].any()
    assert orange[295:305].any()
    assert not orange[:250].any()


def test_the_overlay_of_a_large_page_is_reduced() -> None:
    wide = Rendered(np.zeros((100, 5000), np.uint8), 0.0, 0)
    page = TruePage(Facts("p", "d", "hand", "val", ASPECTS), wide, (), (), Path("p.png"))
    assert overlay(page, Layout(0.0, (), ())).shape == (24, LONG_SIDE, 3)
