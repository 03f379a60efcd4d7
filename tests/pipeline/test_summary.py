import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.accounts import pages_a_second
from pipeline.digitize import Options
from pipeline.failures import ExitCode
from pipeline.plan import Decision
from pipeline.sources import Origin, SourceFile
from pipeline.state import DocumentState
from pipeline.storage import LocalStorage
from pipeline.summary import Summary, settings_record

ORIGIN = Origin("a-1", "/in/a.pdf", (SourceFile("/in/a.pdf", 1, 2),))


def report(
    read: int = 0, blank: int = 0, failures: int = 0, doubtful: int = 0, expected: Sequence[float] = ()
) -> dict[str, Any]:
    return {
        "read": read,
        "doubtful": doubtful,
        "blank": blank,
        "lines": 10 * read,
        "letters": 100 * read,
        "confident_letters": 80.0 * read,
        "estimated_letters": 100 * read,
        "wrong_letters": 5.0 * read,
        "baseline": {"pages": read, "failed": 0, "letters": 100 * read, "agreeing_letters": 90.0 * read},
        "failures": [["truncated", "/in/a.pdf", k + 1, "cut"] for k in range(failures)],
        "worst": [[cer, "/in/a.pdf", page] for page, cer in enumerate(expected, 1)],
        "seconds": {"render": 0.5},
    }


def summary(*decisions: Decision) -> Summary:
    return Summary({}, "bundle", "fp32", "out", decisions, 2, ())


def before(pages: int, failures: int, outdated: bool = False) -> Decision:
    state = DocumentState("a-1", "default", "/in/a.pdf", 1, 2, "st", "sha", "rev", (), pages, failures, 0, 1)
    return Decision(ORIGIN, "failed before" if failures else "done", False, state, outdated)


def test_figures_of_waves_add_up() -> None:
    account = summary(Decision(ORIGIN, "new", True, None))
    account.take([report(read=2, blank=1, doubtful=1)], 0)
    account.take([report(read=1, failures=1), {}], 1)
    assert (account.documents, account.tried, account.failed, account.deaths) == (2, 6, 1, 1)
    assert account.seconds["render"] == 1.0
    table = account.table()
    assert "6 tried: 3 read, 1 doubtful, 1 blank, 1 failed" in table
    assert "0.800" in table
    assert "/in/a.pdf, page 1: cut" in table
    assert "2 files, neither PDF" in table


@pytest.mark.parametrize(
    ("reports", "decisions", "code"),
    [
        ([], [], ExitCode.DONE),
        ([report(read=1)], [], ExitCode.DONE),
        ([report(read=1, failures=1)], [], ExitCode.SOME_FAILED),
        ([report(failures=1)], [], ExitCode.NOTHING_DONE),
        ([report(failures=1)], [before(3, 0)], ExitCode.SOME_FAILED),
        ([], [before(3, 1)], ExitCode.SOME_FAILED),
        ([], [before(1, 1)], ExitCode.NOTHING_DONE),
    ],
)
def test_exit_codes(reports: list[dict[str, Any]], decisions: list[Decision], code: ExitCode) -> None:
    account = summary(*decisions)
    account.take(reports, 0)
    assert account.exit_code() == code


def test_the_pages_to_look_at_first_are_those_with_most_errors_to_expect(tmp_path: Path) -> None:
    account = summary()
    account.take([report(read=3, expected=(0.1, 0.5, 0.02)), report(read=2, expected=(0.2, 0.3))], 0)
    account.take([report(read=1, expected=(0.04,))], 0)
    lines = account.table().splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("look at first"))
    assert lines[first].endswith("/in/a.pdf, page 2: 50% of its characters expected to be wrong")
    assert [line.split(": ")[1][:3] for line in lines[first : first + 4]] == ["50%", "30%", "20%", "10%"]
    assert "4%" not in account.table()
    account.write(LocalStorage(str(tmp_path)))
    record = json.loads((tmp_path / "runs/000001.json").read_text(encoding="utf-8"))
    assert record["worst_pages"][0] == {"expected_cer": 0.5, "source": "/in/a.pdf", "page": 2}
    assert len(record["worst_pages"]) == 5


def test_outdated_documents_are_counted_and_named() -> None:
    table = summary(before(3, 0, outdated=True)).table()
    assert "1 document: /in/a.pdf (a-1)" in table
    assert "--redo outdated" in table


def test_records_are_numbered_and_tell_the_speed(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    assert pages_a_second(storage) is None
    summary().write(storage)
    assert pages_a_second(storage) is None
    account = summary()
    account.began -= 2
    account.take([report(read=4)], 0)
    account.write(storage)
    names = [entry.name for entry in storage.list("runs/")]
    assert names == ["runs/000001.json", "runs/000002.json"]
    record = json.loads(storage.read(names[1]))
    assert record["pages"] == {"read": 4, "doubtful": 0, "blank": 0, "failed": 0, "standing": 0}
    assert record["confidence"] == pytest.approx(0.8)
    assert pages_a_second(storage) == pytest.approx(4 / record["seconds"])
    assert (record["exit_code"], record["due"]) == (0, {"all": 0, "done": 1, "left": 0})
    assert record["started"] <= record["ended"]


def test_what_is_left_for_later_is_told_and_fails_as_before() -> None:
    retried = Decision(ORIGIN, "retried", True, before(3, 1).state)
    account = summary(Decision(ORIGIN, "new", True, None), retried, Decision(ORIGIN, "new", True, None))
    account.take([report(read=1)])
    account.begun = 1
    assert account.left == account.due[1:]
    assert "1 done now (1 new), 0 done before" in account.table()
    assert "left for later   2 documents: the next run goes on there" in account.table()
    assert account.standing == 1
    assert account.exit_code() == ExitCode.SOME_FAILED
    account.begun = 3
    assert "left for later" not in account.table()
    assert account.exit_code() == ExitCode.DONE


def test_secrets_of_the_command_line_are_not_recorded() -> None:
    beam = ("--s3_endpoint_url=http://x", "--s3_secret_access_key=hush", "--s3_session_token", "hush\nhush", "--x")
    recorded = settings_record(Options((), "out", beam=beam), {})["command"]["beam"]
    assert recorded == ["--s3_endpoint_url=http://x", "--s3_secret_access_key=...", "--s3_session_token", "...", "--x"]
    assert settings_record(Options((), "out"), {})["command"]["beam"] == []
