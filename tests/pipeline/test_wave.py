"""What a wave does when workers die, with a runner that only pretends."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline import wave
from pipeline.commit import Committer
from pipeline.failures import Stopped
from pipeline.progress import tick
from pipeline.runner import GraphName, WorkerDied
from pipeline.settings import Render
from pipeline.tasks import Chunk, Method, Task
from pipeline.wave import Wave
from segmentation.settings import Segmentation
from tests.pipeline.test_tasks import ref


@dataclass
class Pretence:
    """A runner that dies at the pages in `killers`, and `accidents` times outside of any."""

    killers: set[int] = field(default_factory=set)
    accidents: int = 0
    waves: list[tuple[int, list[Task], list[list[int]]]] = field(default_factory=list)
    alone: list[int] = field(default_factory=list)

    def run_local(self, graph: GraphName, arguments: tuple[Any, ...], workers: int) -> None:
        if graph == "read":
            cut, method = arguments
            self.alone.append(cut[0].pages[0].number)
        else:
            tasks, cut, method, _ = arguments
            self.waves.append((workers, list(tasks), [[page.number for page in chunk.pages] for chunk in cut]))
            if self.accidents:
                self.accidents -= 1
                raise WorkerDied
        self._read(cut, method)

    def _read(self, cut: list[Chunk], method: Method) -> None:
        for chunk in cut:
            tick(method.ticks, "begin", chunk.index)
            if any(page.number in self.killers for page in chunk.pages):
                raise WorkerDied
            tick(method.ticks, "end", chunk.index)


@pytest.fixture
def pretence(monkeypatch: pytest.MonkeyPatch) -> Pretence:
    runner = Pretence()
    monkeypatch.setattr(wave, "run_local", runner.run_local)
    return runner


def do(folder: Path, pages: int = 6) -> int:
    refs = tuple(ref(number + 1) for number in range(pages))
    task = Task("a-00000000", "default", "a.pdf", 10, 20, "s", "0" * 64, "r", 1, refs)
    method = Method("default", "id", "fp32", Render(), Segmentation())
    committer = Committer(str(folder / "out"), (), "id")
    return Wave(2, 3, (), method, committer, folder, lambda _: None).do([task])


def failed(tasks: list[Task]) -> list[int | None]:
    return [failure.page for task in tasks for failure in task.failures]


def test_a_quiet_wave_runs_once(pretence: Pretence, tmp_path: Path) -> None:
    assert do(tmp_path) == 0
    assert [(workers, cut) for workers, _, cut in pretence.waves] == [(2, [[1, 2, 3], [4, 5, 6]])]


def test_a_killer_is_found_alone_and_fails_the_others_are_read_page_by_page(pretence: Pretence, tmp_path: Path) -> None:
    pretence.killers = {5}
    assert do(tmp_path) == 1
    assert pretence.alone == [4, 5, 6]
    workers, tasks, cut = pretence.waves[-1]
    assert (workers, cut) == (1, [[1], [2], [3], [4], [6]])
    assert failed(tasks) == [5]
    assert tasks[0].failures[0].kind == "worker-died"


def test_two_killers_in_two_chunks(pretence: Pretence, tmp_path: Path) -> None:
    pretence.killers = {1, 6}
    assert do(tmp_path) == 2
    assert sorted(failed(pretence.waves[-1][1]), key=str) == [1, 6]


def test_a_death_outside_of_any_page_is_repeated(pretence: Pretence, tmp_path: Path) -> None:
    pretence.accidents = 2
    assert do(tmp_path) == 2
    assert failed(pretence.waves[-1][1]) == []


def test_deaths_without_end_are_one_clear_error(pretence: Pretence, tmp_path: Path) -> None:
    pretence.accidents = 99
    with pytest.raises(Stopped, match="memory is short"):
        do(tmp_path)
