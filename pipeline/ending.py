"""How a command ends: what SIGTERM does, the exit code of an error, and what is said of it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from pipeline.failures import ExitCode, InkbeamError

INTERRUPTED: Final = 128 + signal.SIGINT
TERMINATED: Final = 128 + signal.SIGTERM
KEPT: Final = "what was done is kept, and a rerun goes on from there"


class Terminated(BaseException):
    """SIGTERM came: from `systemctl stop`, from `kill`, or because the machine goes down."""


@contextmanager
def terminable() -> Iterator[None]:
    """While the block runs, SIGTERM raises Terminated, so that workers end and the lock goes as with Ctrl-C."""

    def terminate(*_: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def is_expected(error: BaseException) -> bool:
    """Whether this is no fault of ours."""
    return isinstance(
        error, InkbeamError | OSError | click.ClickException | click.Abort | KeyboardInterrupt | Terminated
    )


def exit_code(error: BaseException) -> int:
    """What the command returns."""
    match error:
        case InkbeamError():
            return error.exit_code
        case click.ClickException():
            return ExitCode.USAGE
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case Terminated():
            return TERMINATED
        case OSError():
            return ExitCode.NOTHING_DONE
    return ExitCode.BUG


def told(error: BaseException) -> str:
    """What happened and how to get out."""
    match error:
        case InkbeamError():
            return str(error)
        case click.ClickException():
            return error.format_message()
        case KeyboardInterrupt() | click.Abort():
            return f"interrupted; {KEPT}"
        case Terminated():
            return f"terminated; {KEPT}"
        case OSError():
            return f"{error}; what was done is kept. Mend that and run again"
    return "this is a fault of ours; please report it with the lines above. What was done is kept"
