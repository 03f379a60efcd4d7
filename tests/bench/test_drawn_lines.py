import json
from pathlib import Path

import numpy as np
import pytest

from bench.drawn_lines import JUDGED, VARIANTS, Study, done, table
from recognizer.samples import Sample, load_lines
from tests.recognizer.draw.made import SANS, fonts


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "eng.txt").write_text("It was a bright cold day in April, and the clocks struck.\n", encoding="utf-8")
    return Study((), fonts(tmp_path / "fonts", SANS), tmp_path / "eng.txt", 2.0, 3, tmp_path / "work")


def sample(split: str, dataset: str, language: str, script: str = "hand") -> Sample:
    return Sample("x", np.zeros((80, 80), np.uint8), "a", "a", dataset, script, language, "p", split)


@pytest.mark.parametrize(
    ("line", "judged"),
    [
        (sample("test", "hooker", "eng"), ["hooker test"]),
        (sample("test", "poilus", "fra"), ["French hands test"]),
        (sample("test", "art", "fra", "print"), []),
        (sample("val", "art", "fra", "print"), ["val"]),
        (sample("val", "hooker", "eng"), []),
    ],
)
def test_lines_are_judged_where_they_belong(line: Sample, judged: list[str]) -> None:
    assert [name for name, wanted in JUDGED.items() if wanted(line)] == judged


def test_lines_are_drawn_once(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    file = study.drawn("fonts")
    assert {(each.dataset, each.language) for each in load_lines([file], 80).samples} == {("drawn-fonts", "eng")}
    assert "3 lines; fonts: 1" in capsys.readouterr().out
    assert study.drawn("fonts") == file
    assert capsys.readouterr().out == ""


def test_rows_of_other_settings_are_not_done(study: Study, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    assert done(study, file) == []
    rows = [{"variant": name, "minutes": minutes, "drawn": 3} for name in VARIANTS for minutes in (2.0, 60.0)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert [row["variant"] for row in done(study, file)] == list(VARIANTS)


def test_a_table_has_a_line_a_variant() -> None:
    rows = [{"variant": "real lines", "train_lines": 9, "lines_seen": 90, "hooker test": 40.5, "val": 12.25}]
    assert table(rows).splitlines()[2] == "| real lines | 9 | 90 | 40.5 |  | 12.25 |"
