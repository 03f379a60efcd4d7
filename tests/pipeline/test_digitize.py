"""Whole runs in this process: what is read, left, tried again, and written."""

import json
import os
from pathlib import Path

import pytest

from pipeline.failures import ExitCode
from pipeline.index.reader import Index
from pipeline.index.tokens import tokens
from pipeline.storage import LocalStorage
from recognizer.bundle import Bundle
from tests.pipeline.conftest import Digitize, contents, rows
from tests.pipeline.drawn import save_pdf, save_png


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder with an image, a PDF of two pages, a blank page and what is neither."""
    folder = tmp_path / "scans"
    save_png(folder / "one.png", 1)
    save_pdf(folder / "deep" / "two pages.pdf", range(2))
    save_png(folder / "blank.png", lines=0)
    (folder / "notes.xml").write_text("<notes/>")
    return folder


def test_a_folder_becomes_parquet_and_hocr_and_a_rerun_does_nothing(
    scans: Path, tmp_path: Path, digitize: Digitize
) -> None:
    out = tmp_path / "out"
    ran = digitize(scans, "--output", out)
    assert ran.code == ExitCode.DONE, ran.err
    assert "3 new" in ran.out
    assert "3 read, 0 doubtful, 1 blank, 0 failed" in ran.out
    assert "1 file, neither PDF" in ran.out
    pages = rows(out, "pages")
    assert sorted(str(page["status"]) for page in pages) == ["blank", "read", "read", "read"]
    lines = rows(out, "lines")
    assert {line["source"] for line in lines} == {str(scans / "one.png"), str(scans / "deep" / "two pages.pdf")}
    assert all(line["text"] and line["words"] for line in lines)
    assert len(list((out / "hocr").rglob("*.hocr"))) == 4
    before = contents(out)
    again = digitize(scans, "--output", out)
    assert again.code == ExitCode.DONE
    assert "nothing was due" in again.out
    assert "3 done before" in again.out
    assert contents(out) == before


def test_a_run_keeps_the_word_index_in_line(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    out = tmp_path / "out"
    assert "2 documents indexed, " in digitize(scans / "one.png", scans / "blank.png", "--output", out).out
    with Index.open(LocalStorage(str(out)), print) as index:
        (first, *_) = tokens(str(rows(out, "lines")[0]["text"]))
        assert index.of([first])["page"].to_pylist() == [1]
    assert "0 documents indexed" in digitize(scans / "one.png", "--output", out).out
    lines = next((out / "lines").rglob("blank-*.parquet"))
    lines.write_bytes(b"PAR1")
    broken = digitize(scans, "--output", out)
    assert broken.code == ExitCode.SOME_FAILED
    assert "not indexed      lines/collection=default/blank-" in broken.out
    assert "1 document indexed" in broken.out


def test_word_boxes_lie_on_the_ink(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    digitize(scans / "one.png", "--output", tmp_path / "out")
    for line in rows(tmp_path / "out", "lines"):
        words = line["words"]
        assert isinstance(words, list)
        left = [min(point["x"] for point in word["polygon"]) for word in words]
        right = [max(point["x"] for point in word["polygon"]) for word in words]
        assert left == sorted(left)
        assert 20 < left[0] < 60
        assert 300 < right[-1] < 640
        assert all(a <= b + 8 for a, b in zip(right, left[1:], strict=False))


def test_only_what_is_new_or_changed_is_read(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    out = tmp_path / "out"
    digitize(scans, "--output", out)
    save_png(scans / "added.png", 5)
    save_png(scans / "one.png", 6)
    os.utime(scans / "blank.png", ns=(1, 1))
    planned = digitize(scans, "--output", out, "--plan")
    assert "1 document, new: 1 page to read" in planned.out
    assert "1 document, changed: 1 page to read" in planned.out
    assert "2 documents, done: skipped" in planned.out
    ran = digitize(scans, "--output", out)
    assert "1 new" in ran.out
    assert "1 changed" in ran.out
    assert "nothing was due" in digitize(scans, "--output", out).out


def test_a_plan_writes_nothing(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    ran = digitize(scans, "--output", tmp_path / "out", "--plan")
    assert ran.code == ExitCode.DONE
    assert "3 documents, new: 4 pages to read" in ran.out
    assert not (tmp_path / "out").exists()


def test_another_setting_outdates_and_redo_rereads(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    out, config = tmp_path / "out", tmp_path / "inkbeam.toml"
    digitize(scans, "--output", out)
    config.write_text("[render]\ndpi = 200\n")
    left = digitize(scans, "--output", out, "--config", config)
    assert "3 documents:" in left.out
    assert "--redo outdated" in left.out
    redone = digitize(scans, "--output", out, "--config", config, "--redo", "outdated")
    assert "3 outdated" in redone.out
    assert "outdated  " not in digitize(scans, "--output", out, "--config", config).out


def test_redo_of_one_document_gives_the_same_bytes(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    out = tmp_path / "out"
    digitize(scans, "--output", out)
    before = contents(out)
    name = next((out / "pages").rglob("one-*.parquet")).stem
    ran = digitize(scans, "--output", out, "--redo", name)
    assert "1 redone" in ran.out
    assert contents(out) == before


@pytest.mark.parametrize(("chunk", "wave"), [(1, 1), (3, 2), (8, 256)])
def test_same_bytes_for_any_chunk_and_wave(
    scans: Path, tmp_path: Path, digitize: Digitize, chunk: int, wave: int
) -> None:
    config = tmp_path / "inkbeam.toml"
    config.write_text(f"[run]\nchunk_pages = {chunk}\nwave_pages = {wave}\n")
    digitize(scans, "--output", tmp_path / "plain")
    digitize(scans, "--output", tmp_path / "cut", "--config", config)
    assert contents(tmp_path / "cut") == contents(tmp_path / "plain")


def test_a_shorter_document_leaves_no_pages_behind(tmp_path: Path, digitize: Digitize) -> None:
    source, out = tmp_path / "a.pdf", tmp_path / "out"
    save_pdf(source, range(3))
    digitize(source, "--output", out)
    save_pdf(source, range(1))
    digitize(source, "--output", out)
    assert len(list((out / "hocr").rglob("*.hocr"))) == 1
    assert len(rows(out, "pages")) == 1


def test_images_of_a_folder_are_one_document_in_natural_order(tmp_path: Path, digitize: Digitize) -> None:
    book, out = tmp_path / "book", tmp_path / "out"
    for name in ("10.png", "2.png", "1.png"):
        save_png(book / name, int(name[:-4]))
    assert digitize(book, "--output", out, "--document", "folder").code == ExitCode.DONE
    pages = rows(out, "pages")
    assert [Path(str(page["source"])).name for page in pages] == ["1.png", "2.png", "10.png"]
    assert len({page["document_id"] for page in pages}) == 1
    save_png(book / "11.png", 11)
    ran = digitize(book, "--output", out, "--document", "folder")
    assert "1 changed" in ran.out
    assert len(rows(out, "pages")) == 4


def test_sources_with_odd_names(tmp_path: Path, digitize: Digitize) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    drawn = save_png(folder / "a b\n[1] é 漢.png", 1).read_bytes()
    Path(os.fsdecode(os.fsencode(str(folder)) + b"/bad\xff%.png")).write_bytes(drawn)
    assert digitize(folder, "--output", out).code == ExitCode.DONE
    assert {str(row["source"]).rpartition("/")[2] for row in rows(out, "pages")} == {"a b\n[1] é 漢.png", "bad%FF%.png"}


def test_the_run_is_recorded(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    digitize(scans, "--output", tmp_path / "out")
    digitize(scans, "--output", tmp_path / "out")
    first, second = (json.loads((tmp_path / "out" / "runs" / f"00000{n}.json").read_text()) for n in (1, 2))
    assert first["pages"] == {"read": 3, "doubtful": 0, "blank": 1, "failed": 0, "standing": 0}
    assert set(first["seconds_by_stage"]) == {"render", "segment", "crop", "recognise"}
    assert first["arithmetic"] == Bundle.load("default").arithmetic()
    assert (first["documents"], first["due"]) == ({"new": 3}, {"all": 3, "done": 3, "left": 0})
    assert (second["documents"], second["due"]["done"]) == ({"done": 3}, 0)


def test_an_arithmetic_that_is_asked_for_is_used_and_recorded(
    scans: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert digitize(scans / "one.png", "--output", out, "--arithmetic", "fp32").code == ExitCode.DONE
    assert json.loads((out / "runs" / "000001.json").read_text())["arithmetic"] == "fp32"
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    ran = digitize(scans, "--output", out, "--arithmetic", "gpu")
    assert ran.code == ExitCode.NOTHING_DONE
    assert "another --arithmetic" in ran.err


def test_collections_are_partitions(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    digitize(scans / "one.png", "--output", tmp_path / "out", "--collection", "letters")
    assert list((tmp_path / "out" / "pages").iterdir()) == [tmp_path / "out" / "pages" / "collection=letters"]


def test_formats_none_writes_parquet_alone(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    digitize(scans / "one.png", "--output", tmp_path / "out", "--formats", "none")
    assert not (tmp_path / "out" / "hocr").exists()
    assert rows(tmp_path / "out", "lines")
