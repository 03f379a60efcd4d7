"""A wave of documents on its runner, whatever happens to the workers.

When a local worker dies, the pages of the chunks that were begun and not ended are suspects. Each is read again alone
in a fresh process, and one that kills again fails as worker-died. Then the wave is repeated without it, by one worker
and page by page, so that from then on a death names its page at once.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from pipeline.commit import Committer
from pipeline.failures import Failure, Stopped
from pipeline.progress import Ticks, watched
from pipeline.remote import is_remote, run_remote
from pipeline.runner import WorkerDied, run_local
from pipeline.tasks import Chunk, Method, PageRef, Task, chunks

MESSAGE = "the worker process was killed twice while it read this page"
MOST_UNEXPLAINED = 5
ADVICE = (
    "a worker died again and again, and no page could be found that kills it; most often memory is short. "
    "Free some, or use --workers 1, and run again: what was done is kept"
)


@dataclass(frozen=True)
class Wave:
    """How waves are run.

    `beam`: options of a remote runner. `folder` is for ticks; `show` is called with them while a local wave runs.
    """

    workers: int
    chunk_pages: int
    beam: tuple[str, ...]
    method: Method
    committer: Committer
    folder: Path
    show: Callable[[Ticks], None]

    def do(self, tasks: Sequence[Task]) -> int:
        """Read and commit all tasks; returns how often a worker died."""
        if is_remote(self.beam):
            cut = _cut(tasks, self.chunk_pages)
            run_remote("digitize", (tasks, cut, self.method, self.committer), self.beam, len(cut))
            return 0
        workers, size, unexplained = self.workers, self.chunk_pages, 0
        kills: Counter[PageRef] = Counter()
        for deaths in count():
            suspects = self._digitize(tasks, workers, size)
            if suspects is None:
                return deaths
            killers = [page for page in suspects if kills[page] or self._kills(page)]
            kills.update(suspects)
            unexplained += not killers
            if unexplained == MOST_UNEXPLAINED:
                raise Stopped(ADVICE)
            tasks, workers, size = _without(tasks, killers), 1, 1
        raise AssertionError("unreachable")

    def _digitize(self, tasks: Sequence[Task], workers: int, size: int) -> list[PageRef] | None:
        """None when all is done; the suspects when a worker died."""
        cut, ticks, method = _cut(tasks, size), *self._with_ticks()
        try:
            with watched(ticks, self.show):
                run_local("digitize", (tasks, cut, method, self.committer), min(workers, max(1, len(cut))))
        except WorkerDied:
            return [page for chunk in cut if chunk.index in ticks.suspects for page in chunk.pages]
        return None

    def _kills(self, page: PageRef) -> bool:
        """Whether reading this page alone kills a fresh worker."""
        try:
            run_local("read", ([Chunk(0, (page,))], self.method), 1)
        except WorkerDied:
            return True
        return False

    def _with_ticks(self) -> tuple[Ticks, Method]:
        """Ticks of a new attempt, and the method with workers writing them."""
        ticks = Ticks(self.folder / "ticks")
        ticks.path.unlink(missing_ok=True)
        return ticks, replace(self.method, ticks=str(ticks.path))


def _cut(tasks: Sequence[Task], size: int) -> list[Chunk]:
    return list(chunks((page for task in tasks for page in task.pages), size))


def _without(tasks: Sequence[Task], killers: Collection[PageRef]) -> list[Task]:
    """The tasks with the killers turned into failures."""
    return [
        replace(
            task,
            pages=tuple(page for page in task.pages if page not in killers),
            failures=task.failures + tuple(_died(page) for page in task.pages if page in killers),
        )
        for task in tasks
    ]


def _died(page: PageRef) -> Failure:
    return Failure(page.source, page.number, "recognise", "worker-died", MESSAGE, page.tries)
