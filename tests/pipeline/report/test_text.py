"""The report that a mail carries."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import inkbeam
from pipeline.failures import Failure
from pipeline.outcome import Outcome
from pipeline.plan import Decision
from pipeline.report.text import WIDTH, _duration, _fitting
from pipeline.storage import LocalStorage
from pipeline.store import failures_parquet, file_name
from pipeline.summary import Summary
from tests.pipeline.report.made import dataset, page, write_run
from tests.pipeline.test_summary import ORIGIN


@pytest.fixture
def output(tmp_path: Path) -> str:
    return dataset(tmp_path)


def text(output: str) -> str:
    done = CliRunner().invoke(inkbeam, ["report", output, "--text"], catch_exceptions=False)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= WIDTH
    assert not Path(output, "report.html").exists()
    return done.output


def test_the_last_night_at_a_glance(output: str) -> None:
    told = text(output)
    assert told.startswith("Inkbeam: ")
    assert "run        7, begun 20" in told
    assert "ended      some pages failed, now or before (exit code 3)" in told
    assert "pages      2: 1 read, 0 doubtful, 0 blank, 1 failed" in told
    assert "errors     6.2 % of characters expected, confidence 93.8 %" in told
    assert "GB free of" in told


def test_alarms_failures_and_pages_to_look_at(output: str) -> None:
    alarms, failed, look = text(output).rstrip().split("\n\n")[2:]
    assert alarms.startswith("OFF THE USUAL\n  Pages a second: 0.0")
    assert "usual is 0." in alarms
    assert failed.startswith("FAILED, all runs together: 1\n  1 empty: The file has no bytes.")
    assert failed.endswith("broken.png")
    assert look.startswith("LOOK AT FIRST")
    assert look.endswith("deed.png, page 1")


def test_many_failures_stay_few_lines(output: str) -> None:
    kinds = ["empty"] * 9 + ["truncated"] * 8 + ["crashed"] * 7 + ["timeout"] * 6 + ["internal"] * 5 + ["changed"] * 4
    failures = [Failure(f"/in/{'deep/' * 30}{n}.pdf", n, "render", kind, "x") for n, kind in enumerate(kinds)]
    storage = LocalStorage(output)
    storage.write(file_name("failures", "default", "many-00000000"), failures_parquet("many-00000000", failures))
    told = text(output)
    assert "  10 empty: " in told
    assert "    and 8 more" in told
    assert "  and 6 timeout, 5 internal, 4 changed" in told
    assert "…" in told


def test_a_night_with_nothing_to_do_says_so(output: str) -> None:
    write_run(LocalStorage(output), Outcome((), (), {}))
    told = text(output)
    assert "pages      none: nothing was due" in told
    assert "OFF THE USUAL" not in told
    assert "LOOK AT FIRST" not in told
    assert "FAILED" in told


def test_what_is_left_and_how_it_ended(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path / "out"))
    due = [Decision(ORIGIN, "new", True, None)] * 1500
    for code, ended in ((143, "terminated (exit code 143)"), (1, "by an error; its log says which (exit code 1)")):
        summary = Summary({}, "b1", "fp32", storage.root, due, 0, ())
        summary.take([], deaths=1)
        summary.write(storage, code)
        assert f"ended      {ended}" in text(storage.root)
    assert "documents  0 done, 1,500 left for the next run\npages      none\n" in text(storage.root)


def test_names_do_no_harm_in_a_mail_or_terminal(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path / "out"))
    bad = replace(page("/in/\x1b[31mred\n.png", 1, 0.5, "text"), agreement=None)
    write_run(storage, Outcome((bad,), (), {}))
    assert "50% /in/\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}.png, page 1" in text(storage.root)


@pytest.mark.parametrize(
    ("seconds", "said"), [(7.4, "7 s"), (59.9, "1 min 0 s"), (82, "1 min 22 s"), (28740, "7 h 59 min")]
)
def test_durations_as_people_say_them(seconds: float, said: str) -> None:
    assert _duration(seconds) == said


def test_the_end_of_a_long_path_is_kept() -> None:
    fitting = _fitting(f"  /{'archive/' * 20}letter.pdf, page 3")
    assert len(fitting) == WIDTH
    assert fitting.startswith("  /archive/")
    assert fitting.endswith("/letter.pdf, page 3")
