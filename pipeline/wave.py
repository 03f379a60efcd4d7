"""A wave of documents on its runner, whatever happens to the workers.

When a local worker dies, the pages of the chunks that were begun and not ended are suspects. Each is read again alone
in a fresh process, and one that kills again fails as worker-died. Then the wave is repeated without it, by one worker
and page by page, so that from then on a death names its page at once.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from pipeline.commit import Committer
from pipeline.failures import Stopped
from pipeline.killers import cut, without
from pipeline.progress import Ticks, watched
from pipeline.remote import is_remote
from pipeline.remote_wave import RemoteWave
from pipeline.runner import WorkerDied, run_local
from pipeline.tasks import Chunk, Method, PageRef, Task

MOST_UNEXPLAINED = 5
ADVICE = (
    "a worker died again and again, and no page could be found that kills it; most often memory is short. "
    "Free some, or use --workers 1, and run again: what was done is kept"
)


@dataclass(frozen=True)
class Wave:
    """How waves are run.

    `beam`: options of a remote runner. `folder` is for ticks; `show` is called with them while a local wave runs,
    and after a remote one.
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
            return self._do_remotely(tasks)
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
            tasks, workers, size = without(tasks, killers), 1, 1
        raise AssertionError("unreachable")

    def _do_remotely(self, tasks: Sequence[Task]) -> int:
        deaths = RemoteWave(self.chunk_pages, self.beam, self.method, self.committer).do(tasks)
        self.show(Ticks(self.folder, pages=sum(task.size_in_pages for task in tasks)))
        return deaths

    def _digitize(self, tasks: Sequence[Task], workers: int, size: int) -> list[PageRef] | None:
        """None when all is done; the suspects when a worker died."""
        chunks, ticks, method = cut(tasks, size), *self._with_ticks()
        try:
            with watched(ticks, self.show):
                run_local("digitize", (tasks, chunks, method, self.committer), min(workers, max(1, len(chunks))))
        except WorkerDied:
            return [page for chunk in chunks if chunk.index in ticks.suspects for page in chunk.pages]
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
