"""Corrected lines as lines to train on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline import cut_pages as cutting_pages
from pipeline.commit import write_parquet
from pipeline.corrections.correction import Correction, Verdict
from pipeline.corrections.lines import corrected_pages, find_corrected
from pipeline.corrections.table import save
from pipeline.cut_pages import GONE, PageToCut, cut_pages
from pipeline.document import Document, Page
from pipeline.failures import NothingDone
from pipeline.files import hash_file
from pipeline.pairing import Tally
from pipeline.storage import LocalStorage
from recognizer.bundle import Bundle
from recognizer.bundle import save as save_bundle
from recognizer.samples import load_lines
from segmentation import CropGeometry, Line, crop
from tests.pipeline.drawn import page as drawn_page
from tests.pipeline.drawn import save_png
from tests.pipeline.report.made import page as made_page
from tests.recognizer.drawn import ALPHABET, random_network

TEXTS = ("one two", "three four", "five six")


def scanned(path: Path, seed: int) -> Page:
    """A page of three lines, read from a drawn scan."""
    source = str(save_png(path, seed))
    return replace(made_page(source, 1, 0.25, *TEXTS), source_sha256=hash_file(source))


@pytest.fixture
def letter(tmp_path: Path) -> Document:
    made = Document("letter-00000000", "default", (scanned(tmp_path / "letter.png", 1),))
    write_parquet(LocalStorage(str(tmp_path / "out")), made, (), {})
    return made


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path / "out"))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return save_bundle(tmp_path / "bundle", "small", ALPHABET, random_network().state_dict(), {})


def say(
    storage: LocalStorage, made: Document, place: int, text: str = "", verdict: Verdict = "corrected", at: float = 1.0
) -> None:
    save(storage, Correction.of(made, made.pages[0], place, verdict, text, time=at))


def rows(path: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(path).to_pylist())


def pages(storage: LocalStorage, left_out: Tally | None = None) -> list[PageToCut]:
    return corrected_pages(storage, left_out or Tally())


def test_what_is_known_of_lines_becomes_truth(
    storage: LocalStorage, letter: Document, bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say(storage, letter, 0, "one too")
    say(storage, letter, 1, verdict="right")
    say(storage, letter, 2, verdict="unreadable")
    (file,) = find_corrected(storage.root, bundle, tmp_path / "cache")
    found = rows(file)
    assert [(row["text"], row["raw"], row["line"]) for row in found] == [
        ("one too", "one too", 1),
        ("three four", "three four", 2),
    ]
    assert {(row["dataset"], row["language"], row["split"]) for row in found} == {
        ("collection=default", "eng", "train")
    }
    assert {row["page"] for row in found} == {f"{letter.pages[0].source_sha256[:16]}.1"}
    assert len({row["id"] for row in found}) == 2
    assert found[0]["id"].startswith("letter-00000000/0001#")
    assert ": 2 lines" in capsys.readouterr().err
    assert [sample.text for sample in load_lines([file], 56).samples] == ["one too", "three four"]


def test_lines_are_cut_as_recognition_cuts_them(storage: LocalStorage, letter: Document, tmp_path: Path) -> None:
    say(storage, letter, 0, "one too")
    geometry = CropGeometry(height=64)
    (row,) = rows(cut_pages(pages(storage), geometry, tmp_path / "lines.parquet", Tally()).path)
    line = letter.pages[0].lines[0]
    shape = Line(np.array(line.baseline, np.float32), np.array(line.polygon, np.float32))
    expected = crop(np.asarray(drawn_page(1)), shape, geometry).image
    image = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    np.testing.assert_array_equal(image, expected)


def test_the_last_word_counts_and_what_is_withdrawn_does_not(storage: LocalStorage, letter: Document) -> None:
    say(storage, letter, 0, "first", at=1)
    say(storage, letter, 0, "second", at=2)
    say(storage, letter, 1, "gone", at=3)
    say(storage, letter, 1, verdict="withdrawn", at=4)
    (page,) = pages(storage)
    assert [line.text for line in page.lines] == ["second"]


def test_pages_stand_in_the_order_in_which_people_came_to_them(
    storage: LocalStorage, letter: Document, tmp_path: Path
) -> None:
    deed = Document("deed-00000000", "default", (scanned(tmp_path / "deed.png", 2),))
    write_parquet(storage, deed, (), {})
    say(storage, letter, 0, "early", at=1)
    say(storage, deed, 0, "late", at=2)
    say(storage, letter, 0, "latest", at=3)
    assert [page.document for page in pages(storage)] == [letter.id, deed.id]
    assert [page.lines[0].text for page in pages(storage)] == ["latest", "late"]


def test_a_line_keeps_its_name_when_others_come(storage: LocalStorage, letter: Document, tmp_path: Path) -> None:
    say(storage, letter, 1, "second")
    before = rows(cut_pages(pages(storage), CropGeometry(), tmp_path / "a.parquet", Tally()).path)
    say(storage, letter, 0, "first", at=2)
    after = rows(cut_pages(pages(storage), CropGeometry(), tmp_path / "b.parquet", Tally()).path)
    assert before[0]["id"] in {row["id"] for row in after}


@pytest.mark.parametrize("what", ["gone", "changed"])
def test_scans_that_are_gone_or_others_are_named_and_counted(
    storage: LocalStorage, letter: Document, bundle: Bundle, tmp_path: Path, what: str
) -> None:
    other = Document("deed-00000000", "default", (scanned(tmp_path / "deed.png", 2),))
    write_parquet(storage, other, (), {})
    say(storage, letter, 0, "one too")
    say(storage, other, 0, "one too")
    (tmp_path / "letter.png").unlink()
    if what == "changed":
        save_png(tmp_path / "letter.png", 3)
    left_out = Tally()
    made = cut_pages(pages(storage), CropGeometry(), tmp_path / "lines.parquet", left_out)
    assert made.lines == 1
    (name,) = made.left_out[GONE]
    assert name.startswith("letter-00000000, page 1: ")
    assert "letter.png" in name
    (tmp_path / "deed.png").unlink()
    with pytest.raises(NothingDone, match="no corrected line that can be used"):
        find_corrected(storage.root, bundle, tmp_path / "cache")


def test_documents_and_pages_that_are_gone_are_named(storage: LocalStorage, letter: Document) -> None:
    say(storage, letter, 0, "one too")
    write_parquet(storage, Document(letter.id, "default", (replace(letter.pages[0], number=2),)), (), {})
    left_out = Tally()
    assert pages(storage, left_out) == []
    assert list(left_out.table().values()) == [("letter-00000000, page 1, line 1",)]
    storage.delete(f"pages/collection=default/{letter.id}.parquet")
    left_out = Tally()
    assert pages(storage, left_out) == []
    assert "letter-00000000: " in left_out.table()["document that cannot be read"][0]


def test_a_page_that_is_turned_now_is_left_out(storage: LocalStorage, letter: Document) -> None:
    say(storage, letter, 0, "one too")
    turned = replace(letter.pages[0], width=400, height=640)
    write_parquet(storage, Document(letter.id, "default", (turned,)), (), {})
    left_out = Tally()
    assert pages(storage, left_out) == []
    assert "has another form" in next(iter(left_out.table()))


def test_what_was_cut_is_kept_until_scans_or_texts_change(
    storage: LocalStorage, letter: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(storage, letter, 0, "one too")
    target = tmp_path / "lines.parquet"

    def cut_now(geometry: CropGeometry | None = None) -> int:
        return cut_pages(pages(storage), geometry or CropGeometry(), target, Tally()).lines

    assert cut_now() == 1
    with monkeypatch.context() as patched:
        patched.setattr(cutting_pages, "open_scan", None)
        assert cut_now() == 1
    say(storage, letter, 0, "one to", at=2)
    cut_now()
    assert rows(target)[0]["text"] == "one to"
    cut_now(CropGeometry(height=64))
    assert rows(target)[0]["height"] == 64
    (tmp_path / "letter.png").unlink()
    assert cut_now() == 0


def test_line_parquet_is_taken_as_it_is(tmp_path: Path, bundle: Bundle) -> None:
    folder = tmp_path / "lines"
    folder.mkdir()
    pq.write_table(pq.read_table(save_lines(folder)), folder / "more.parquet")
    assert find_corrected(str(folder / "some.parquet"), bundle, tmp_path / "cache") == [folder / "some.parquet"]
    assert len(find_corrected(str(folder), bundle, tmp_path / "cache")) == 2
    assert not (tmp_path / "cache").exists()


def save_lines(folder: Path) -> Path:
    from tests.recognizer.drawn import write_lines

    return write_lines(folder / "some.parquet", [{"text": "ab"}])


def test_an_output_without_corrections_is_told(storage: LocalStorage, bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match="no corrected line that can be used; name an OUT that has, or line Parquet"):
        find_corrected(storage.root, bundle, tmp_path / "cache")
