import json
import sys
from pathlib import Path

import numpy as np
import pytest

from bench import drawn_lines
from bench.drawn_lines import JUDGED, VARIANTS, Teaching, markdown
from recognizer.bundle import save, with_card
from recognizer.samples import Sample, load_lines
from tests.recognizer.draw.made import SANS, fonts
from tests.recognizer.drawn import ALPHABET, random_network, write_lines


@pytest.fixture
def teaching(tmp_path: Path) -> Teaching:
    (tmp_path / "eng.txt").write_text("It was a bright cold day in April, and the clocks struck.\n", encoding="utf-8")
    return Teaching((), fonts(tmp_path / "fonts", SANS), tmp_path / "eng.txt", 2.0, 3, tmp_path / "work")


def sample(split: str, dataset: str, language: str, script: str = "hand") -> Sample:
    return Sample("x", np.zeros((80, 80), np.uint8), "a", "a", dataset, script, language, "p", split)


@pytest.mark.parametrize(
    ("line", "judged"),
    [
        (sample("test", "hooker", "eng"), ["hooker test"]),
        (sample("test", "timeus", "fra"), ["French hands test"]),
        (sample("test", "poilus", "fra"), []),
        (sample("test", "art", "fra", "print"), []),
        (sample("val", "art", "fra", "print"), ["val"]),
        (sample("val", "hooker", "eng"), []),
    ],
)
def test_lines_are_judged_where_they_belong(line: Sample, judged: list[str]) -> None:
    assert [name for name, wanted in JUDGED.items() if wanted(line)] == judged


def test_lines_are_drawn_once(teaching: Teaching, capsys: pytest.CaptureFixture[str]) -> None:
    file = teaching.drawn("fonts")
    assert {(each.dataset, each.language) for each in load_lines([file], 80).samples} == {("drawn-fonts", "eng")}
    assert "3 lines; fonts: 1" in capsys.readouterr().out
    assert teaching.drawn("fonts") == file
    assert capsys.readouterr().out == ""


def test_a_rehearsal(
    teaching: Teaching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [{"text": text, "dataset": "old", "script": "hand", "language": "fra", "raw": text} for text in ("ab", "a")]
    for split in ("train", "val", "test"):
        write_lines(tmp_path / "lines" / f"{split}.parquet", [{**row, "split": split} for row in lines])
    first = save(tmp_path / "work" / "first", "small", ALPHABET, random_network().state_dict(), {})
    with_card(first, {"train_lines": {"old": 2}, "lines_seen": 9})
    monkeypatch.setattr(drawn_lines, "VARIANTS", {name: VARIANTS[name] for name in ("before", "and fonts")})
    study = tmp_path / "study.jsonl"
    command = ["drawn_lines", tmp_path / "lines", tmp_path / "work", "--fonts", teaching.fonts, "--minutes", 0.002]
    command += ["--count", 3, "--text", teaching.text, "--study", study]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    drawn_lines.main()
    before, after = map(json.loads, study.read_text(encoding="utf-8").splitlines())
    assert (before["variant"], before["train_lines"], before["lines_seen"]) == ("before", 2, 9)
    assert (after["variant"], after["train_lines"]) == ("and fonts", 5)
    assert {"French hands test", "val"} < after.keys()
    assert "| and fonts | 5 |" in capsys.readouterr().out
    monkeypatch.setattr(Teaching, "taught", None)
    drawn_lines.main()
    assert len(study.read_text(encoding="utf-8").splitlines()) == 2


def test_a_table_has_a_line_a_variant() -> None:
    rows = [{"variant": "real lines", "train_lines": 9, "lines_seen": 90, "hooker test": 40.5, "val": 12.25}]
    assert list(markdown(rows))[2] == "| real lines | 9 | 90 | 40.5 |  | 12.25 |"
