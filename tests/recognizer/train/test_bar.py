from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recognizer.train import history
from recognizer.train.bar import Bar
from recognizer.train.history import Record
from recognizer.train.recipe import Progress, Recipe


def trainer(step: int) -> Any:
    return SimpleNamespace(recipe=Recipe(steps=100), progress=Progress(step=step, lines=1000, seconds=10))


def test_records_are_kept_and_judgings_told_where_there_is_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    going = trainer(50)
    records = [Record(50, 20, 2000, 1e-3, 0.5, 0.1, 0.2), Record(60, 30, 3000, 1e-3, 0.4)]
    with Bar(going, tmp_path) as bar:
        for record in records:
            bar.follow(record)
    assert history.read(tmp_path) == records
    assert capsys.readouterr().err == " 50% 0 min: loss 0.500, val CER 10.00%, 100 lines/s\n"


def test_on_a_terminal_a_bar_shows_the_last_judging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    going = trainer(0)
    with Bar(going, tmp_path) as bar:
        bar.follow(Record(1, 20, 2000, 1e-3, 0.5, 0.1, 0.2))
        going.progress.step = 25
        bar.follow(Record(25, 30, 3000, 1e-3, 0.4))
        assert bar.tqdm.n == 250
        assert bar.tqdm.postfix == "loss 0.400, val CER 10.00%, 100 lines/s"
