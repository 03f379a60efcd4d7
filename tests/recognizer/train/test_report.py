from html.parser import HTMLParser
from pathlib import Path

import cv2
import pytest

from recognizer.train.history import Record
from recognizer.train.report import NAMED, PAGE, PICTURE, write_report
from recognizer.train.statistics import Statistics

VOID = {"meta", "img", "br", "link"}
HISTORY = [
    Record(100, 60.0, 1600, 2e-3, 2.5),
    Record(200, 120.0, 3200, 3e-3, 1.25, 0.5, 0.875),
    Record(300, 180.0, 4800, 2e-3, 0.75, 0.0725, 0.25),
    Record(400, 240.0, 6400, 1e-3, 0.5, 0.08, 0.3),
]
TRAIN = Statistics((3, 5), (30, 50), {"letters": 1234, "": 2}, {"hand": 1236}, {"eng": 1236}, {"a": 50, "<": 3}, {})
VAL = Statistics((4,), (40,), {"letters": 7, "cards": 1}, {"print": 8}, {"fra": 8}, {"a": 9, "ŵ": 4}, {"ŵ": 4})
NOTHING = Statistics((), (), {}, {}, {}, {}, {})
SKIPPED = {"empty text": ("e1",), "unreadable image": tuple(f"u{k}" for k in range(NAMED + 3))}


class Page(HTMLParser):
    """The rows of the tables, the pictures, whatever points out of the page; complains of tags that do not match."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.pictures: list[dict[str, str | None]] = []
        self.references: list[str] = []
        self.text = ""
        self.feed(content)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.references += [facts[name] or "" for name in ("src", "href", "srcset", "data") if name in facts]
        if tag == "img":
            self.pictures.append(facts)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, "Training of <small>", HISTORY, TRAIN, VAL, SKIPPED, {"command": "train a & b"})
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / PAGE).read_text(encoding="utf-8"))


def test_the_sheet_is_a_picture_of_its_size(folder: Path) -> None:
    sheet = cv2.imread(str(folder / PICTURE))
    assert sheet is not None
    assert sheet.shape == (1260, 1440, 3)
    assert {path.name for path in folder.iterdir()} == {PAGE, PICTURE}


def test_the_page_needs_nothing_beside_it(folder: Path, page: Page) -> None:
    assert page.references
    assert all(reference.startswith("data:image/png;base64,") for reference in page.references)
    content = (folder / PAGE).read_text(encoding="utf-8")
    assert "url(" not in content
    assert "@import" not in content


def test_every_plot_says_in_words_what_it_shows(page: Page) -> None:
    words = [picture["alt"] or "" for picture in page.pictures]
    assert len(words) == 3
    assert "from 50.00 % to 8.00 %" in words[0]
    assert "lengths" in words[1]
    assert words[2].endswith("a <")


def test_the_best_judging_comes_first_and_all_are_listed(page: Page) -> None:
    assert "7.25 %after 4,800 lines" in page.text
    assert "25.00 %of the same weights" in page.text
    assert ["200", "3,200", "2.0", "3.000", "1.250", "50.00 %", "87.50 %"] in page.rows
    assert not [row for row in page.rows if row[0] == "100"]


def test_lines_are_counted_by_what_they_are(page: Page) -> None:
    for row in (["letters", "1,234", "7"], ["not stated", "2", "0"], ["cards", "0", "1"], ["print", "0", "8"]):
        assert row in page.rows


def test_what_was_left_out_is_named_the_most_frequent_reason_first(page: Page) -> None:
    images = ["unreadable image", "u0, u1, u2, u3, u4, …", "8"]
    texts = ["empty text", "e1", "1"]
    assert page.rows.index(images) == page.rows.index(texts) - 1


def test_rare_and_unknown_characters_are_spelled_out(page: Page) -> None:
    assert ["<", "U+003C", "less-than sign", "3", "0"] in page.rows
    assert ["ŵ", "U+0175", "latin small letter w with circumflex", "0", "4"] in page.rows
    assert not [row for row in page.rows if row[:1] == ["a"]]


def test_text_from_outside_is_escaped(page: Page) -> None:
    assert "Training of <small>" in page.text
    assert ["command", "train a & b"] in page.rows


def test_a_training_without_anything_has_a_report_too(tmp_path: Path) -> None:
    write_report(tmp_path, "Nothing", [], NOTHING, NOTHING, {}, {})
    page = Page((tmp_path / PAGE).read_text(encoding="utf-8"))
    assert "No line was left out." in page.text
    assert "nothing recorded" in (page.pictures[0]["alt"] or "")


def test_the_same_training_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_report(tmp_path, "Training of <small>", HISTORY, TRAIN, VAL, SKIPPED, {"command": "train a & b"})
    for name in (PAGE, PICTURE):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
