"""What a wave does when a remote runner gives up, with a runner that only pretends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline import remote_wave, state
from pipeline.commit import Committer
from pipeline.digitize import Options, opened, waves
from pipeline.failures import NothingDone
from pipeline.marks import FOLDER, Marks, clear
from pipeline.remote_wave import RemoteWave
from pipeline.runner import GraphName, WorkerDied
from pipeline.settings import Render, Run, Settings
from pipeline.state import DocumentState
from pipeline.storage import LocalStorage
from pipeline.tasks import Chunk, Method, Task
from pipeline.wave import Wave
from segmentation.settings import Segmentation
from tests.pipeline.drawn import save_png
from tests.pipeline.test_tasks import ref


def row(document_id: str, revision: str = "r") -> DocumentState:
    return DocumentState(document_id, "default", "a.pdf", 1, 2, "s", "0" * 64, revision, (), 1, 0, 0, 1)


@dataclass
class Pretence:
    """A runner that loses workers: at the pages in `killers`, and `accidents` times outside of any.

    Documents without killers before the loss are written when `commits` is set; `forgets`: it says it is done and is
    not.
    """

    storage: LocalStorage
    killers: set[int] = field(default_factory=set)
    accidents: int = 0
    commits: bool = False
    forgets: bool = False
    waves: list[tuple[list[Task], list[list[int]]]] = field(default_factory=list)
    alone: list[int] = field(default_factory=list)

    def run_remote(self, graph: GraphName, arguments: tuple[Any, ...], options: Sequence[str], chunks: int) -> None:
        assert options == ("--runner=Some",)
        if graph == "read":
            cut, method = arguments
            self.alone.append(cut[0].pages[0].number)
            assert method.marks is None
            self._read(cut, None)
            return
        tasks, cut, method, _ = arguments
        assert len(cut) == chunks
        self.waves.append((list(tasks), [[page.number for page in chunk.pages] for chunk in cut]))
        if self.commits:
            self._write(tasks[:1])
        if self.accidents:
            self.accidents -= 1
            raise WorkerDied("lost")
        self._read(cut, method.marks)
        if not self.forgets:
            self._write(tasks)

    def _read(self, cut: list[Chunk], marks: Marks | None) -> None:
        """All chunks at the same time, as a large cluster does; those after a killer are left begun."""
        killed = False
        for chunk in cut:
            killed |= any(page.number in self.killers for page in chunk.pages)
            if marks and killed:
                with pytest.raises(WorkerDied), marks.on(chunk.index):
                    raise WorkerDied
        if killed:
            raise WorkerDied("lost")

    def _write(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            state.write_row(self.storage, row(task.document_id), {})


@pytest.fixture
def pretence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretence:
    runner = Pretence(LocalStorage(str(tmp_path)))
    monkeypatch.setattr(remote_wave, "run_remote", runner.run_remote)
    return runner


BEAM = ("--runner=Some",)
METHOD = Method("default", "id", "fp32", Render(), Segmentation())


def two_documents() -> list[Task]:
    """Of three pages each."""
    pages = [ref(number + 1) for number in range(6)]
    return [
        Task(f"{name}-00000000", "default", f"{name}.pdf", 10, 20, "s", "0" * 64, "r", 1, tuple(some))
        for name, some in (("a", pages[:3]), ("b", pages[3:]))
    ]


def do(folder: Path) -> int:
    """A wave of them in chunks of two pages."""
    return RemoteWave(2, BEAM, METHOD, Committer(str(folder), (), "id")).do(two_documents())


def test_a_quiet_wave_is_submitted_once_and_leaves_no_marks(pretence: Pretence, tmp_path: Path) -> None:
    pretence.storage.write(f"{FOLDER}0-7", b"")  # of a run that was killed
    assert do(tmp_path) == 0
    assert [cut for _, cut in pretence.waves] == [[[1, 2], [3, 4], [5, 6]]]
    assert list(pretence.storage.list(FOLDER)) == []


def test_what_is_left_is_submitted_page_by_page(pretence: Pretence, tmp_path: Path) -> None:
    pretence.accidents, pretence.commits = 1, True
    assert do(tmp_path) == 1
    tasks, cut = pretence.waves[-1]
    assert [task.document_id for task in tasks] == ["b-00000000"]
    assert cut == [[4], [5], [6]]
    assert pretence.alone == []


def test_a_killer_is_found_by_itself_after_two_losses(pretence: Pretence, tmp_path: Path) -> None:
    pretence.killers = {3}
    assert do(tmp_path) == 2
    assert pretence.alone == [3, 4, 5, 6]
    tasks, cut = pretence.waves[-1]
    assert cut == [[1], [2], [4], [5], [6]]
    assert [(f.page, f.kind) for task in tasks for f in task.failures] == [(3, "worker-died")]


def test_losses_without_end_are_one_clear_error(pretence: Pretence, tmp_path: Path) -> None:
    pretence.accidents = 99
    with pytest.raises(NothingDone, match=r"no page could be found that kills them: lost\. Most often memory"):
        do(tmp_path)
    assert len(pretence.waves) == remote_wave.MOST_UNEXPLAINED


def test_a_runner_that_says_it_is_done_is_not_trusted(pretence: Pretence, tmp_path: Path) -> None:
    pretence.forgets = True
    with pytest.raises(NothingDone, match="2 of 2 documents were not written"):
        do(tmp_path)


@pytest.mark.usefixtures("pretence")
def test_the_bar_moves_on_by_a_wave(tmp_path: Path) -> None:
    shown: list[int] = []
    committer = Committer(str(tmp_path), (), "id")
    wave = Wave(1, 2, BEAM, METHOD, committer, tmp_path, lambda ticks: shown.append(ticks.pages))
    assert wave.do(two_documents()) == 0
    assert shown == [6]


def test_waves_of_a_cluster_have_a_size_of_their_own(tmp_path: Path) -> None:
    for name in "abc":
        save_png(tmp_path / "scans" / f"{name}.png")
    options = Options((str(tmp_path / "scans"),), str(tmp_path / "out"), beam=BEAM)
    with opened(options, Settings(run=Run(wave_pages=1, remote_wave_pages=2)), writing=False) as run:
        assert [len(tasks) for tasks in waves(run)] == [2, 1]


def test_a_document_that_was_only_begun_is_not_written(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    state.write_row(storage, row("a"), {})
    state.write_begun(storage, row("b", revision=""))
    assert state.written(storage) == {"a"}


def test_marks_of_another_attempt_are_left_alone(tmp_path: Path) -> None:
    first, second = Marks(str(tmp_path), 0), Marks(str(tmp_path), 1)
    with first.on(5), second.on(5):
        assert first.standing() == {5}
    with pytest.raises(ZeroDivisionError), second.on(12):
        raise ZeroDivisionError
    assert (first.standing(), second.standing()) == (set(), {12})
    clear(LocalStorage(str(tmp_path)))
    assert second.standing() == set()
