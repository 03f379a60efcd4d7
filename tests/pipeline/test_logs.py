import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import cli, events, logs
from pipeline.cli_shared import configure_logging
from pipeline.failures import NothingDone
from pipeline.progress import PageBar
from pipeline.state import Report
from pipeline.summary import Summary
from tests.pipeline.test_state import ROW


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """What standard error holds, as JSON; logging is afterwards as it was before."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)
    logs.LOG.setLevel(logging.NOTSET)


def test_a_line_tells_when_how_grave_and_what(lines: Any) -> None:
    configure_logging(verbose=False, as_json=True)
    logs.event("seen", "a page\nwas seen", logging.WARNING, page=3, source="é 漢")
    logging.getLogger("apache_beam").warning("not to be heard")
    logging.getLogger("other").info("neither")
    (line,) = lines()
    assert line.pop("time").endswith("+00:00")
    told = {"severity": "WARNING", "message": "a page\nwas seen", "logger": "inkbeam", "event": "seen"}
    assert line == told | {"page": 3, "source": "é 漢"}


def test_warnings_of_python_are_lines_too(lines: Any) -> None:
    logs.log_as_json()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    (line,) = lines()
    assert (line["severity"], line["logger"]) == ("WARNING", "py.warnings")
    assert "DeprecationWarning: old" in line["message"]


@pytest.mark.parametrize(
    ("error", "code", "severity", "message", "traced"),
    [
        (NothingDone("no input"), 4, "ERROR", "no input", False),
        (ZeroDivisionError("x"), 1, "ERROR", "a fault of ours", True),
        (KeyboardInterrupt(), 130, "ERROR", "interrupted", False),
    ],
)
def test_what_ends_a_command_is_one_line(
    error: BaseException,
    code: int,
    severity: str,
    message: str,
    traced: bool,
    lines: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.inkbeam, "main", fail)
    with pytest.raises(SystemExit) as exited:
        cli.main(["digitize", "--log-json"])
    assert exited.value.code == code
    (line,) = lines()
    assert (line["severity"], line["exit_code"], line["error"]) == (severity, code, type(error).__name__)
    assert message in line["message"]
    assert ("ZeroDivisionError" in line.get("stack_trace", "")) == traced


def test_a_wrong_option_is_a_line_too(lines: Any) -> None:
    with pytest.raises(SystemExit) as exited:
        cli.main(["digitize", "in", "--output", "out", "--log-json", "--untill", "06:00"])
    assert exited.value.code == 2
    (line,) = lines()
    assert (line["event"], line["error"], line["exit_code"]) == ("error", "NoSuchOption", 2)


def test_a_wave_tells_its_failures_deaths_and_speed(lines: Any) -> None:
    logs.log_as_json()
    figures = {"failures": [["empty", "/in/a.tif", 2, "the file has no bytes"], ["unwritable", "/in/a.tif", None, "x"]]}
    events.WaveLog(2, 8).done([Report(ROW, figures), Report(ROW, {})], deaths=1, left=4)
    begun, died, failed, unwritable, done = lines()
    assert (begun["event"], begun["documents"], begun["pages"]) == ("wave-begun", 2, 8)
    assert (died["event"], died["deaths"]) == ("worker-died", 1)
    assert failed["message"] == "/in/a.tif, page 2: empty: the file has no bytes"
    assert (failed["document"], failed["kind"], failed["page"]) == (ROW.id, "empty", 2)
    assert failed["advice"].startswith("The file has no bytes.")
    assert unwritable["page"] is None
    assert (done["event"], done["failed"], done["left"]) == ("wave-done", 2, 4)
    assert done["pages_per_second"] > 0


def test_a_run_tells_its_begin(lines: Any) -> None:
    logs.log_as_json()
    events.run_begun("/srv/out", "06:00", Summary({}, "bundle", "fp32", "out", (), 0, ()))
    (line,) = lines()
    assert line["message"] == "run begun on /srv/out: 0 documents to read"
    assert (line["until"], line["bundle"]) == ("06:00", "bundle")


def test_without_the_option_nothing_of_it_is_heard(lines: Any) -> None:
    logs.event("seen", "a page was seen")
    assert not logs.is_json()
    assert lines() == []


@pytest.mark.usefixtures("lines")
def test_the_bar_is_not_among_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with PageBar(3) as bar:
        assert not bar.bar.disable
    logs.log_as_json()
    with PageBar(3) as bar:
        assert bar.bar.disable


def test_no_bar_for_a_mail(lines: Any) -> None:
    with PageBar(3):
        pass
    assert lines() == []
