"""Tesseract beside us in a run: its lines in `baseline`, the agreement in `pages`, its seconds in the run's record."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import worker
from pipeline.commit import Committer
from pipeline.failures import NothingDone
from pipeline.outcome import Outcome
from pipeline.storage import LocalStorage
from pipeline.store import read_lines
from pipeline.tesseract import Tesseract
from tests.pipeline.conftest import Digitize, rows
from tests.pipeline.drawn import save_png
from tests.pipeline.test_agreement import lines
from tests.pipeline.test_commit import page, task
from tests.pipeline.test_tasks import ref

SPENT = {"tesseract": 1.5}


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    save_png(tmp_path / "in" / "a.png")
    save_png(tmp_path / "in" / "white.png", lines=0)
    return tmp_path / "in"


def record(output: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((output / "runs" / "000001.json").read_text(encoding="utf-8"))
    return found


def test_tesseract_reads_the_same_pages(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    ran = digitize(scans, "--output", tmp_path / "out", "--baseline", "tesseract", "--tesseract-languages", "eng")
    assert ran.code == 0
    assert "agrees on" in ran.out
    assert "of the characters of 2 pages" in ran.out
    kept = record(tmp_path / "out")
    baseline, stages = kept["baseline"], kept["seconds_by_stage"]
    assert isinstance(baseline, dict)
    assert isinstance(stages, dict)
    assert (baseline["engine"], baseline["languages"], baseline["pages"], baseline["failed"]) == (
        *("tesseract", "eng"),
        *(2, 0),
    )
    assert stages["tesseract"] > 0.1
    agreements = [row["agreement"] for row in rows(tmp_path / "out", "pages")]
    assert all(isinstance(share, float) and 0 <= share <= 1 for share in agreements)
    assert 1.0 in agreements  # the white page
    assert len(list((tmp_path / "out" / "baseline" / "collection=default").iterdir())) == 2


def test_without_it_nothing_speaks_of_it(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    ran = digitize(scans, "--output", tmp_path / "out")
    assert "tesseract" not in ran.out
    assert record(tmp_path / "out")["baseline"] is None
    assert [row["agreement"] for row in rows(tmp_path / "out", "pages")] == [None, None]
    assert not (tmp_path / "out" / "baseline").exists()


def test_a_page_that_tesseract_does_not_manage_is_read_all_the_same(
    scans: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.tesseract.SECONDS", 0.01)
    ran = digitize(scans, "--output", tmp_path / "out", "--baseline", "tesseract")
    assert ran.code == 0
    assert "2 tried" in ran.out
    assert "read no page" in ran.out
    assert {row["status"] for row in rows(tmp_path / "out", "pages")} == {"read", "blank"}


def test_a_language_that_it_lacks_ends_the_run_at_once(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    ran = digitize(scans, "--output", tmp_path / "out", "--baseline", "tesseract", "--tesseract-languages", "xyz")
    assert ran.code == 2
    assert "install tesseract-ocr-xyz" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_worker_with_another_tesseract_refuses() -> None:
    mine = Tesseract.found("eng")
    assert worker.tesseract(mine) == mine
    with pytest.raises(NothingDone, match=r"Tesseract 5\S+ \(eng\) is on this worker and Tesseract 4\.1 \(eng\)"):
        worker.tesseract(replace(mine, version="4.1"))
    with pytest.raises(NothingDone, match=r"cannot run the baseline: .*no language 'xyz'"):
        worker.tesseract(replace(mine, languages="xyz"))


def test_pages_that_are_kept_keep_what_tesseract_read(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path / "out"))
    committer = Committer(storage.root, (), "bundle")
    first, second = lines("one"), lines("two", "three")
    seen = [replace(page(number), agreement=0.5) for number in (1, 2)]
    committer.commit(task(2), Outcome(tuple(seen), (), SPENT, {1: first, 2: second}))
    again = replace(task(1, stored=True, partial=True), pages=(ref(2),))
    committer.commit(again, Outcome((replace(page(2), agreement=0.25),), (), SPENT, {2: first}))
    assert read_lines(storage, "baseline", "default", "a-00000000") == {1: first, 2: first}


def test_a_document_read_again_without_it_loses_what_it_read(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path / "out"))
    committer = Committer(storage.root, (), "bundle")
    committer.commit(task(1), Outcome((replace(page(1), agreement=0.5),), (), SPENT, {1: lines("one")}))
    committer.commit(task(1, stored=True), Outcome((page(1),), (), {}))
    assert list(storage.list("baseline/")) == []


def test_agreement_is_weighed_by_characters() -> None:
    long, short = replace(page(1), agreement=0.5, lines=lines("12345678")), replace(page(2), agreement=1.0)
    figures = Outcome((long, short, page(3)), (), SPENT, {1: lines("1"), 2: lines("12")}).figures()
    assert figures["baseline"] == {"pages": 2, "failed": 1, "letters": 10, "agreeing_letters": 6.0}
    assert Outcome((page(1),), (), {}).figures()["baseline"] == {}
