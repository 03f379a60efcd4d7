"""`python -m recognizer train|evaluate|lm|draw-lines`: the recogniser's commands on line Parquet, without Beam."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from recognizer.bundle import Bundle
from recognizer.commands import COMMANDS, Finders, run_command

DATA = "line Parquet, or folders that have some"


def find(sources: Sequence[Path], bundle: Bundle | None, folder: Path) -> list[Path]:  # noqa: ARG001 - all is cut already
    """The Parquet files of the sources; raises TrainingError."""
    from recognizer.samples import find_parquet

    return find_parquet(sources)


def find_one(source: str, bundle: Bundle, folder: Path) -> list[Path]:
    """The Parquet files of one source; raises TrainingError."""
    return find([Path(source)], bundle, folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    root = argparse.ArgumentParser(prog="python -m recognizer", description=__doc__)
    root.add_argument("command", choices=COMMANDS)
    given = sys.argv[1:] if arguments is None else arguments
    command = root.parse_args(given[:1]).command
    return run_command(command, given[1:], f"{root.prog} {command}", DATA, Finders(find, find_one, find_one))


if __name__ == "__main__":
    sys.exit(main())
