"""The benches of hands that a bundle never saw, on a few drawn lines."""

import argparse
import json
import lzma
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bench import hands, price_of_a_hand, unread_pages
from bench.hands import Study, hand, unknown_to
from recognizer.bundle import MODEL, Bundle, save, with_card
from tests.recognizer.drawn import ALPHABET, random_network, write_lines

ROW: dict[str, Any] = {
    **{"dataset": "mine", "order": "random", "lines": 25, "minutes": 10.0, "mixed": True, "first": "b1"},
    **{"before": 40.0, "after": 30.0, "val_before": 8.0, "val_after": 8.1, "cpu_minutes": 12.34, "verdict": "accepted"},
}


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    mine = [{"text": text, "dataset": "mine", "page": "p", "raw": text} for text in ["ab", "ba", "abba"] * 6]
    old = [{"text": "ab", "dataset": "old", "page": f"o{k}", "raw": "ab"} for k in range(6)]
    write_lines(tmp_path / "lines" / "train.parquet", [{**row, "split": "train"} for row in [*mine, *old]])
    write_lines(tmp_path / "lines" / "val.parquet", [{**row, "split": "val"} for row in old])
    write_lines(tmp_path / "lines" / "test.parquet", [{**row, "split": "test"} for row in mine[:3]])
    return tmp_path / "lines"


@pytest.fixture
def first(tmp_path: Path) -> Bundle:
    """A bundle that learned nothing of the hand, where the benches look for it."""
    made = save(tmp_path / "work" / "first", "small", ALPHABET, random_network().state_dict(), {})
    return with_card(made, {"train_lines": {"old": 6}})


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    study = Study(tmp_path / "studies" / "some.jsonl")
    assert study.rows() == []
    study.add(ROW | {"notes": ["a list"]})
    assert study.has({"dataset": "mine", "lines": 25})
    assert not study.has({"dataset": "mine", "lines": 50})
    assert study.rows() == [ROW | {"notes": ["a list"]}]


def test_a_hand_is_what_the_bundle_does_not_know(lines: Path, first: Bundle) -> None:
    assert unknown_to(first, lines) == {"mine"}
    assert len(hand(lines, "mine", "train")) == 18
    assert len(hand(lines, "mine", "test")) == 3


def test_a_first_bundle_that_is_there_is_taken(lines: Path, first: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "train", None)
    assert hands.first_bundle(first.folder, lines).id == first.id


def test_lines_come_at_random_or_the_worst_first(
    lines: Path, first: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = hand(lines, "mine", "train")
    drawn = price_of_a_hand.ordered(table, "random", first, tmp_path)
    assert drawn["id"].to_pylist() != table["id"].to_pylist()
    assert set(drawn["id"].to_pylist()) == set(table["id"].to_pylist())
    assert drawn.equals(price_of_a_hand.ordered(table, "random", first, tmp_path))
    monkeypatch.setattr(price_of_a_hand, "read_lines", lambda _, samples: range(len(samples)))
    monkeypatch.setattr(price_of_a_hand, "expected_errors", float)
    worst = price_of_a_hand.ordered(table, "worst", first, tmp_path)
    assert worst["id"].to_pylist() == table["id"].to_pylist()[::-1]


@pytest.mark.parametrize("bench", ["price_of_a_hand", "unread_pages"])
def test_a_rehearsal(
    bench: str,
    lines: Path,
    first: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(unread_pages, "label", lambda samples, _: _Labels({samples[0].id: "ab"}))
    monkeypatch.setattr("recognizer.train.unread.label", lambda samples, _: _Labels({s.id: "ab" for s in samples}))
    study = tmp_path / "study.jsonl"
    command = [bench, str(lines), str(first.folder.parent), "--hands", "mine", "--minutes", "0.002"]
    counts = ["--counts", "6", "12", "--orders", "random"] if bench == "price_of_a_hand" else []
    module = {"price_of_a_hand": price_of_a_hand, "unread_pages": unread_pages}[bench]
    monkeypatch.setattr(sys, "argv", [*command, *counts, "--study", str(study)])
    module.main()
    found = [json.loads(line) for line in study.read_text(encoding="utf-8").splitlines()]
    assert [row["dataset"] for row in found] == ["mine"] * (2 if counts else 1)
    assert {"before", "after", "cpu_minutes", "verdict"} <= found[0].keys()
    assert "| `mine` |" in capsys.readouterr().out
    monkeypatch.setattr(module, "measured", None)
    module.main()
    assert len(study.read_text(encoding="utf-8").splitlines()) == len(found)
    assert study.with_suffix(".png").exists() == bool(counts)


class _Labels:
    """Labels without a limit."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts, self.read, self.limit, self.wrong = texts, len(texts), 0.9, 0.01

    def told(self) -> str:
        return f"{self.read} lines kept"


def test_a_hand_of_which_nothing_is_read_surely_has_its_row(
    lines: Path, first: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recognizer.train.unread.label", lambda *_: _Labels({}))
    options = argparse.Namespace(lines=lines, work=tmp_path / "work", count=9, minutes=0.002)
    row = unread_pages.measured(options, first, "mine")
    assert row["before"] == row["after"]
    assert row["verdict"] == "refused (nothing is read surely)"


def test_the_table_has_a_row_a_measurement() -> None:
    rows = [ROW, ROW | {"order": "worst"}, ROW | {"mixed": False}]
    table = list(price_of_a_hand.markdown(rows))
    assert table[2] == "| `mine` | 25 | at random | mixed in | 40.0 % | 30.0 % | 8.0 % | 8.1 % | 12.3 |"
    assert len({line.count("|") for line in table}) == 1
    unread = {"dataset": "mine", "lines": 9, "kept": 0, "label_cer": None, "before": 1.0, "after": 1.0}
    table = list(unread_pages.markdown([unread | {"cpu_minutes": 1.0, "verdict": "accepted"}]))
    assert len({line.count("|") for line in table}) == 1


def test_lines_of_the_repository_have_what_the_benches_need() -> None:
    data = Path(__file__).parents[3] / "shared" / "data" / "lines" / "val.parquet"
    if data.exists():
        assert {"dataset", "split", "text", "raw", "id", "image"} <= set(pq.read_schema(data).names)


def test_a_first_bundle_is_whole_and_knows_nothing_of_the_hands(
    lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "LANGUAGES", ("eng",))
    monkeypatch.setattr(hands, "HANDS", ("mine",))
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "eng.train.txt.xz").write_bytes(lzma.compress(b"ab ba abba\n" * 300))
    made = hands.first_bundle(tmp_path / "made", lines, 0.002, 1)
    assert made.card["train_lines"] == {"old": 6}
    assert made.card[f"{MODEL}eng"]["lines of truth"] == 6
    assert {"lines", f"{MODEL}eng", "decoding"} < set(made.parts)
    assert made.part("lines") == Bundle.load("default").part("lines")
    assert not [path for path in made.folder.iterdir() if path.is_dir() or path.suffix == ".parquet"]
