"""Runs of `inkbeam digitize` for tests: in this process, quickly, or as users run it, in processes of their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.parquet as pq
import pytest

from pipeline import graph, runner, wave

CONTENT = ("pages", "lines", "failures", "hocr")


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str


Digitize = Callable[..., Ran]


def contents(output: Path) -> dict[str, bytes]:
    """Every file whose bytes must not depend on how it was made."""
    return {
        str(path.relative_to(output)): path.read_bytes()
        for folder in CONTENT
        for path in sorted((output / folder).rglob("*"))
        if path.is_file()
    }


def rows(output: Path, table: str) -> list[dict[str, object]]:
    """All rows of a table, by document and page."""
    files = sorted((output / table).rglob("*.parquet"))
    found = [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
    return sorted(found, key=lambda row: (row["document_id"], row["page"] or 0))


@pytest.fixture
def digitize(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Digitize:
    """Run the command line in this process, its graph by Beam's in-memory runner."""
    from pipeline import cli

    def in_memory(name: runner.GraphName, arguments: tuple[Any, ...], workers: int) -> None:  # noqa: ARG001
        options = beam.options.pipeline_options.PipelineOptions(["--direct_running_mode=in_memory"])
        try:
            with beam.Pipeline(runner="FnApiRunner", options=options) as pipeline:
                getattr(graph, name)(pipeline, *arguments)
        except RuntimeError as error:
            raise runner.explained(error) from error

    monkeypatch.setattr(wave, "run_local", in_memory)

    def run(*arguments: object) -> Ran:
        code = 0
        try:
            cli.main(["digitize", *map(_text, arguments)])
        except SystemExit as exited:
            code = int(exited.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def inkbeam() -> Digitize:
    """Run the command line as users do, in a process of its own."""

    def run(*arguments: object, env: dict[str, str] | None = None, timeout: float = 480) -> Ran:
        done = subprocess.run(
            command(arguments), capture_output=True, text=True, timeout=timeout, env=environment(env), check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def command(arguments: Sequence[object]) -> list[str]:
    """The command line of a process of its own."""
    return [sys.executable, "-m", "pipeline.cli", "digitize", *map(_text, arguments)]


def _text(argument: object) -> str:
    return os.fsdecode(argument) if isinstance(argument, os.PathLike) else str(argument)


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """This process's environment with faults to inject."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | (more or {})
