"""The round of teaching, on an archive of drawn pages."""

import argparse
from pathlib import Path

import cv2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.chromium import CHROMIUM
from bench.round import Hand, Read, Truth, correct, judged, mixed, write_pages
from pipeline.corrections.matching import Shape
from pipeline.storage import LocalStorage
from pipeline.store import read_document
from recognizer.bundle import Bundle, save, with_card
from tests.pipeline.corrections.served import archive, said
from tests.pipeline.drawn import png_bytes
from tests.recognizer.drawn import ALPHABET, random_network, write_lines


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    """Two pages of two lines; the truth of the last line is not known."""
    storage, truths = archive(tmp_path), {}
    for name in "ab":
        (page,) = read_document(storage, "default", f"{name}-00000000").pages
        known = page.lines[: 2 if name == "a" else 1]
        shapes = [Shape(line.baseline, line.polygon) for line in known]
        truths[f"{name}.png"] = Truth(shapes, [f"truth {name} {place}" for place in range(len(known))])
    return Hand(truths, tmp_path / "out")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    made = save(tmp_path / "bundle", "small", ALPHABET, random_network().state_dict(), {})
    return with_card(made, {"train_lines": {"old": 6}})


def test_lines_are_found_by_geometry(hand: Hand) -> None:
    assert {name: read.line for name, read in hand.lines().items()} == {
        ("a.png", 0): 1,
        ("a.png", 1): 2,
        ("b.png", 0): 1,
    }


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium; install the package of that name")
def test_truths_are_typed_in_a_browser_and_lines_without_are_skipped(hand: Hand, tmp_path: Path) -> None:
    correct(hand, hand.lines(), 3, tmp_path / "seen")
    storage = LocalStorage(str(hand.out))
    found = {name: sorted(each.text for each in said(storage, name)) for name in "ab"}
    assert found == {"a": ["truth a 0", "truth a 1"], "b": ["truth b 0"]}
    assert hand.corrected == set(hand.lines())
    picture = cv2.imread(str(tmp_path / "seen" / "01.png"))
    assert picture is not None
    assert picture.shape == (1000, 1440, 3)


def test_corrected_lines_and_those_that_only_one_reading_has_are_not_judged(hand: Hand, bundle: Bundle) -> None:
    hand.corrected.add(("a.png", 0))
    before = {("a.png", 0): Read(1, "?"), ("a.png", 1): Read(2, "truth a 9"), ("b.png", 0): Read(1, "?")}
    after = {("a.png", 0): Read(1, "?"), ("a.png", 1): Read(1, "truth a 1")}
    assert judged(hand, before, after, bundle) == "\n1 other lines: CER 11.1% before, 0.0% after"


def test_pages_are_written_with_their_truth(tmp_path: Path) -> None:
    line = {"baseline": [1.0, 9.0, 30.0, 9.5], "polygon": [1.0, 1.0, 30.0, 1.0, 30.0, 12.0], "text": "mine"}
    rows = [
        {"page": f"x/{number}", "dataset": name, "image": png_bytes(number), "lines": [line]}
        for number, name in enumerate(["mine", "other", "mine", "mine"])
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pages.parquet")
    truths = write_pages(tmp_path / "pages.parquet", "mine", 2, tmp_path / "scans")
    assert list(truths) == ["x-0.png", "x-2.png"]
    assert truths["x-0.png"].texts == ["mine"]
    assert truths["x-0.png"].shapes[0].baseline == ((1.0, 9.0), (30.0, 9.5))
    assert sorted(path.name for path in (tmp_path / "scans").iterdir()) == list(truths)


def test_nothing_is_learned_that_the_bundle_did_not_know(bundle: Bundle, tmp_path: Path) -> None:
    write_lines(tmp_path / "train.parquet", [{"text": "ab", "dataset": name} for name in ("old", "new", "more")])
    options = argparse.Namespace(data=tmp_path, minutes=2.0)
    assert list(mixed(options, bundle)) == [tmp_path, "--minutes", 2.0, "--without", "more", "--without", "new"]
