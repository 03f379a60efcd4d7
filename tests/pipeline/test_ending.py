import signal

import click
import pytest

from pipeline.ending import Terminated, exit_code, is_expected, terminable, told
from pipeline.failures import NothingDone, StoreLost, TooManyFailures, UsageError

ERRORS = [
    (UsageError("no such bundle"), 2, "no such bundle"),
    (NothingDone("no input"), 4, "no input"),
    (TooManyFailures("stopped"), 5, "stopped"),
    (StoreLost("gone"), 5, "gone"),
    (click.NoSuchOption("--x"), 2, "--x"),
    (KeyboardInterrupt(), 130, "interrupted; what was done is kept"),
    (click.Abort(), 130, "interrupted; what was done is kept"),
    (Terminated(), 143, "terminated; what was done is kept"),
    (OSError(5, "Input/output error"), 4, "Input/output error; what was done is kept"),
]


@pytest.mark.parametrize(("error", "code", "message"), ERRORS)
def test_what_is_expected_has_a_code_and_a_way_out(error: BaseException, code: int, message: str) -> None:
    assert exit_code(error) == code
    assert message in told(error)
    assert is_expected(error)


def test_all_else_is_a_fault_of_ours() -> None:
    assert exit_code(ValueError("x")) == 1
    assert "please report it" in told(ValueError("x"))
    assert not is_expected(ValueError("x"))


def test_sigterm_is_raised_where_the_work_is_and_then_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
