from pathlib import Path

import pytest

from pipeline import cli
from pipeline.settings import example


def ran(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = 0
    try:
        cli.main(arguments)
    except SystemExit as exited:
        code = int(exited.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_settings_prints_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(["settings"], capsys) == (0, example(), "")


def test_unknown_commands_and_options_are_usage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert ran(["digitise"], capsys)[0] == 2
    code, _, err = ran(["digitize", str(tmp_path), "--output", str(tmp_path / "o"), "--retries", "3"], capsys)
    assert code == 2
    assert "--retries" in err


def test_what_follows_two_dashes_goes_to_beam(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[str, ...]] = []

    def look(arguments: list[str], prog_name: str, obj: tuple[str, ...], standalone_mode: bool) -> None:  # noqa: ARG001
        seen.append((*arguments, "|", *obj))

    monkeypatch.setattr(cli.inkbeam, "main", look)
    assert ran(["digitize", "in", "--", "--runner=X", "--", "y"], capsys)[0] == 0
    assert seen == [("digitize", "in", "|", "--runner=X", "--", "y")]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [(ZeroDivisionError("x"), 1, "a fault of ours"), (OSError(5, "Input/output error"), 4, "Input/output error")],
)
def test_what_nobody_expected_has_a_message_too(
    error: Exception, code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.inkbeam, "main", fail)
    found, _, err = ran(["digitize"], capsys)
    assert found == code
    assert message in err


def test_ctrl_c_says_that_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.inkbeam, "main", interrupt)
    code, _, err = ran(["digitize"], capsys)
    assert code == 130
    assert "what was done is kept" in err
