"""Nights: runs that end at a time of day, or are told to end, and go on in the next; what they leave behind."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline import digitize as run
from pipeline.failures import ExitCode, StoreLost
from pipeline.until import Until
from tests.pipeline.clusters import QUICK
from tests.pipeline.conftest import Digitize, command, contents, environment
from tests.pipeline.drawn import save_png

pytestmark = pytest.mark.long


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Three documents of a page."""
    for name in "abc":
        save_png(tmp_path / "scans" / f"{name}.png", ord(name))
    return tmp_path / "scans"


@pytest.fixture
def singly(tmp_path: Path) -> Path:
    """Settings with waves of one page."""
    config = tmp_path / "singly.toml"
    config.write_text("[run]\nwave_pages = 1\nkeep_runs = 2\n")
    return config


def account(out: Path, number: int) -> dict[str, object]:
    found: dict[str, object] = json.loads((out / "runs" / f"{number:06}.json").read_text(encoding="utf-8"))
    return found


def metric(out: Path, name: str) -> float:
    families = text_string_to_metric_families((out / "metrics.prom").read_text(encoding="utf-8"))
    (family,) = (family for family in families if family.name == name)
    return float(family.samples[0].value)


def night_of(documents: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the moment come when so many documents were begun."""
    answers: Iterator[float] = iter([60.0] * documents)
    monkeypatch.setattr(Until, "left", property(lambda _: next(answers, -1.0)))


def test_a_night_ends_in_time_and_the_next_goes_on_there(
    scans: Path, singly: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    night_of(1, monkeypatch)
    first = digitize(scans, *QUICK, "--output", out, "--config", singly, "--until", "06:00")
    assert first.code == ExitCode.DONE, first.err
    assert "1 done now (1 new), 0 done before" in first.out
    assert "left for later   2 documents: the next run goes on there" in first.out
    assert account(out, 1)["due"] == {"all": 3, "done": 1, "left": 2}
    assert metric(out, "inkbeam_documents_left") == 2
    night_of(3, monkeypatch)
    second = digitize(scans, *QUICK, "--output", out, "--config", singly, "--until", "06:00")
    assert "2 done now (2 new), 1 done before" in second.out
    assert "left for later" not in second.out
    assert metric(out, "inkbeam_documents_left") == 0
    digitize(scans, *QUICK, "--output", tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


def test_a_moment_in_the_midst_of_a_wave_lets_what_is_prepared_be_read(
    scans: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    night_of(2, monkeypatch)
    assert "2 done now" in digitize(scans, *QUICK, "--output", tmp_path / "out", "--until", "06:00").out


def test_a_plan_tells_what_fits(
    scans: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Until, "left", 1.0)
    planned = digitize(scans, *QUICK, "--output", tmp_path / "out", "--until", "06:00", "--plan").out
    assert planned.endswith("at a usual speed; until 06:00 about 1 page of them\n")
    monkeypatch.setattr(Until, "left", 3600.0)
    assert digitize(scans, *QUICK, "--output", tmp_path / "out", "--until", "06:00", "--plan").out.endswith(
        "usual speed\n"
    )


def test_a_wrong_time_is_refused_before_anything(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    refused = digitize(scans, *QUICK, "--output", tmp_path / "out", "--until", "25:00")
    assert refused.code == ExitCode.USAGE
    assert "give a time of day" in refused.err
    assert not (tmp_path / "out").exists()


def test_accounts_are_pruned_and_numbered_on(scans: Path, singly: Path, tmp_path: Path, digitize: Digitize) -> None:
    for _ in range(4):
        assert digitize(scans / "a.png", *QUICK, "--output", tmp_path / "out", "--config", singly).code == ExitCode.DONE
    assert [path.name for path in sorted((tmp_path / "out" / "runs").iterdir())] == ["000003.json", "000004.json"]


def test_a_run_that_is_stopped_leaves_its_account_and_metrics(
    scans: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> None:
        raise StoreLost("the disk is gone")

    out = tmp_path / "out"
    monkeypatch.setattr(run, "_do_waves", lose)
    stopped = digitize(scans, *QUICK, "--output", out)
    assert (stopped.code, stopped.err) == (ExitCode.STOPPED, "inkbeam: the disk is gone\n")
    assert account(out, 1)["exit_code"] == ExitCode.STOPPED
    assert (metric(out, "inkbeam_run_exit_code"), metric(out, "inkbeam_documents_left")) == (5, 3)


def test_an_account_that_cannot_be_kept_hides_no_error(
    scans: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> None:
        (tmp_path / "out" / "runs").write_bytes(b"in the way")
        raise StoreLost("the disk is gone")

    monkeypatch.setattr(run, "_do_waves", lose)
    assert digitize(scans, *QUICK, "--output", tmp_path / "out").err == "inkbeam: the disk is gone\n"


def test_sigterm_ends_a_run_cleanly_and_the_next_completes_it(
    scans: Path, singly: Path, tmp_path: Path, digitize: Digitize
) -> None:
    out = tmp_path / "out"
    arguments = [scans, *QUICK, "--output", out, "--config", singly, "--log-json", "--workers", "1"]
    process = subprocess.Popen(
        command(arguments),
        env=environment({"TMPDIR": str(tmp_path)}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list(out.glob("state/rows-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    lines = [json.loads(line) for line in err.splitlines()]
    events = [line["event"] for line in lines]
    assert (events[0], events[1], events[-2:]) == ("run-begun", "wave-begun", ["run-ended", "error"])
    assert lines[-1]["message"].startswith("terminated; what was done is kept")
    assert account(out, 1)["exit_code"] == process.returncode
    assert not list(tmp_path.glob("inkbeam-*"))
    assert digitize(scans, *QUICK, "--output", out, "--config", singly).code == ExitCode.DONE
    digitize(scans, *QUICK, "--output", tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")
