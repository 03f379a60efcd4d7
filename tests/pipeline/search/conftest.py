"""`inkbeam search` in this process, on a dataset whose index is in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import cli
from pipeline.search import command
from pipeline.storage import LocalStorage, Storage
from tests.pipeline.index.in_memory import InMemory
from tests.pipeline.search.made import dataset, index


@dataclass(frozen=True)
class Answer:
    """How a search ended."""

    code: int
    out: str
    err: str


Search = Callable[..., Answer]


@contextmanager
def opened(storage: Storage, warn: Callable[[str], None]) -> Iterator[InMemory]:  # noqa: ARG001
    yield index()


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return dataset(tmp_path)


@pytest.fixture
def search(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Search:
    monkeypatch.setattr(command, "Index", SimpleNamespace(open=opened))

    def run(*arguments: object) -> Answer:
        code = 0
        try:
            cli.main(["search", storage.root, *map(str, arguments)])
        except SystemExit as exited:
            code = int(exited.code or 0)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run
