import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.failures import NothingDone
from pipeline.report.charts import histogram, percent, said, shares, trend
from pipeline.report.runs import FIGURES, Run, Trend, all_runs, trends
from pipeline.storage import LocalStorage


def record(read: int = 90, failed: int = 0, seconds: float = 100.0, **others: Any) -> dict[str, Any]:
    return {
        "started": "2026-11-22T03:35:58+00:00",
        "seconds": seconds,
        "seconds_by_stage": {"segment": 10.0, "recognise": 30.0},
        "pages": {"read": read, "doubtful": 5, "blank": 5, "failed": failed, "standing": 0},
        "lines": 1000,
        "confidence": 0.9,
        "expected_cer": 0.05,
        "worst_pages": [],
        "settings": {},
        "bundle": "b1",
        "arithmetic": "fp32",
        **others,
    }


def speed(runs: list[dict[str, Any]]) -> Trend:
    return trends([Run(each) for each in runs])[0]


def test_a_run_tells_its_figures() -> None:
    run = Run(record(failed=100))
    assert (run.pages, run.started) == (200, "2026-11-22 03:35")
    assert (run.speed, run.failed, run.confidence, run.expected_cer) == (2.0, 0.5, 0.9, 0.05)


def test_runs_that_did_nothing_are_no_trend() -> None:
    idle = record(read=0) | {"pages": {"read": 0, "doubtful": 0, "blank": 0, "failed": 0}}
    assert speed([record(), idle, record(seconds=50)]).values == (1.0, 2.0)
    assert trends([Run(idle)]) == []


def test_few_runs_are_no_measure() -> None:
    assert not speed([record(), record(), record(), record(), record(seconds=1000)]).alarm


@pytest.mark.parametrize(
    ("seconds", "alarm"), [(100, False), (104, False), (112, True), (300, True), (60, True), (95, False)]
)
def test_a_run_off_the_usual_raises_an_alarm(seconds: float, alarm: bool) -> None:
    usual = [record(seconds=value) for value in (98, 100, 102, 99, 101, 100)]
    assert speed([*usual, record(seconds=seconds)]).alarm is alarm


def test_noisy_figures_alarm_later() -> None:
    noisy = [record(seconds=value) for value in (60, 140, 90, 110, 75, 125)]
    assert not speed([*noisy, record(seconds=150)]).alarm


def test_a_single_failed_page_among_many_is_no_alarm() -> None:
    failed = trends([Run(record(failed=number)) for number in (0, 0, 0, 0, 0, 0, 0, 1)])[1]
    assert failed.figure.name == "Pages that failed"
    assert not failed.alarm
    assert trends([Run(record(failed=number)) for number in (0, 0, 0, 0, 0, 0, 0, 5)])[1].alarm


def test_what_is_usual_of_a_share_stays_one() -> None:
    sure = trends([Run(record(confidence=0.995)) for _ in range(7)])[2]
    assert sure.usual is not None
    assert sure.usual == pytest.approx((0.975, 1.0))
    assert trends([*[Run(record(confidence=0.95)) for _ in range(7)], Run(record(confidence=0.9))])[2].alarm


def test_older_records_lack_what_newer_tell() -> None:
    old = {name: value for name, value in record().items() if name != "expected_cer"}
    assert trends([Run(old), Run(record())])[3].values == (None, 0.05)


def test_runs_come_in_their_order(tmp_path: Path) -> None:
    for number, seconds in ((2, 50.0), (1, 100.0)):
        (tmp_path / "runs").mkdir(exist_ok=True)
        (tmp_path / "runs" / f"{number:06}.json").write_text(json.dumps(record(seconds=seconds)))
    assert [run.speed for run in all_runs(LocalStorage(str(tmp_path)))] == [1.0, 2.0]


def test_what_is_no_dataset_says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match="holds no run; name an OUT"):
        all_runs(LocalStorage(str(tmp_path)))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"pages": 3}'])
def test_a_damaged_record_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "000001.json").write_bytes(content)
    with pytest.raises(NothingDone, match=r"000001\.json is no record of a run .*; move it away"):
        all_runs(LocalStorage(str(tmp_path)))


def test_figures_are_said_in_their_units() -> None:
    speed, _, confidence, _ = FIGURES
    assert (said(speed, 1.234), said(confidence, 0.987)) == ("1.23", "98.7 %")
    assert (said(speed, None), said(confidence, None), percent(0.0)) == ("–", "–", "0.0 %")


def test_a_histogram_says_its_figures() -> None:
    drawn = histogram("Words", ["50", "100"], [1, 3], "words")
    assert 'aria-label="Words: 50: 1, 100: 3"' in drawn
    assert "Words (4 words)" in drawn
    assert drawn.count('class="bin"') == 2
    assert "NaN" not in histogram("None", ["a"], [0], "words")


def test_shares_are_of_the_whole() -> None:
    drawn = shares({"render": 1.0, "recognise": 3.0}, "s")
    assert 'width="85.0"' in drawn
    assert 'recognise 3.00 s <span class="faint">75%</span>' in drawn
    assert "0%" in shares({"render": 0.0}, "s")


def test_a_trend_marks_what_is_off() -> None:
    quiet = trend(Trend(FIGURES[0], (1.0, None, 2.0), None))
    assert "off the usual" not in quiet
    assert quiet.count("<circle") == 2
    off = trend(Trend(FIGURES[0], (1.0, 1.0, 0.2), (0.9, 1.1)))
    assert "off the usual" in off
    assert 'class="alarm" cx' in off
    assert "usual 0.90 to 1.10" in off
