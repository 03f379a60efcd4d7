"""A wave of documents on a remote runner, and again what is left of it when the runner gives up.

Runners make good the loss of a worker themselves, or try to: Dask, Flink and Dataflow do its work again a few times,
and when that fails every time, or with a runner that never tries, the whole job has failed. Then the documents that are
not done are submitted again, a page a chunk. What was begun and not ended both times is read once more by itself; a
page whose worker is lost even so has failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from pipeline import marks, state
from pipeline.commit import Committer
from pipeline.counting import counted
from pipeline.failures import NothingDone
from pipeline.killers import cut, without
from pipeline.marks import Marks
from pipeline.remote import run_remote
from pipeline.runner import WorkerDied
from pipeline.storage import Storage, open_storage
from pipeline.tasks import Chunk, Method, PageRef, Task

MOST_UNEXPLAINED: Final = 3
ADVICE: Final = (
    "the runner lost workers again and again, and no page could be found that kills them: {}. Most often memory is "
    "short, or machines are taken away; the workers' own logs say more. Mend that and run again: what was done is kept"
)


@dataclass(frozen=True)
class RemoteWave:
    """How a wave is run where Beam's options say."""

    chunk_pages: int
    beam: tuple[str, ...]
    method: Method
    committer: Committer

    def do(self, tasks: Sequence[Task]) -> int:
        """Read and commit all tasks; returns how often the runner gave up.

        Raises NothingDone when it does so again and again.
        """
        storage = open_storage(self.committer.root)
        marks.clear(storage)
        try:
            return self._do(storage, tasks)
        finally:
            marks.clear(storage)

    def _do(self, storage: Storage, tasks: Sequence[Task]) -> int:
        size, unexplained = self.chunk_pages, 0
        suspected: set[PageRef] = set()
        for losses in count():
            suspects, loss = self._digitize(tasks, size, losses)
            if loss is None:
                _check_done(storage, tasks)
                return losses
            killers = [page for page in suspects if page in suspected and self._kills(page)]
            suspected.update(suspects)
            unexplained += not killers
            if unexplained == MOST_UNEXPLAINED:
                raise NothingDone(ADVICE.format(loss)) from loss
            tasks, size = without(_left(storage, tasks), killers), 1
        raise AssertionError("unreachable")

    def _digitize(self, tasks: Sequence[Task], size: int, attempt: int) -> tuple[list[PageRef], WorkerDied | None]:
        """What was begun and not ended, and why the runner gave up, if it did."""
        chunks, attempted = cut(tasks, size), Marks(self.committer.root, attempt)
        try:
            self._run(tasks, chunks, replace(self.method, marks=attempted))
        except WorkerDied as loss:
            standing = attempted.standing()
            return [page for chunk in chunks if chunk.index in standing for page in chunk.pages], loss
        return [], None

    def _run(self, tasks: Sequence[Task], chunks: Sequence[Chunk], method: Method) -> None:
        if tasks:
            run_remote("digitize", (tasks, chunks, method, self.committer), self.beam, len(chunks))

    def _kills(self, page: PageRef) -> bool:
        """Whether the runner gives up even when it has but this page to read."""
        try:
            run_remote("read", ([Chunk(0, (page,))], self.method), self.beam, 1)
        except WorkerDied:
            return True
        return False


def _left(storage: Storage, tasks: Sequence[Task]) -> list[Task]:
    """Tasks whose documents are not written yet."""
    written = state.written(storage)
    return [task for task in tasks if task.document_id not in written]


def _check_done(storage: Storage, tasks: Sequence[Task]) -> None:
    """Trust no runner that says it is done."""
    if left := _left(storage, tasks):
        raise NothingDone(
            f"the runner says it is done, and {len(left)} of {counted(len(tasks), 'document')} were not written; its "
            "own log may say why. Do its workers reach OUT under the same name? Run again then: what was done is kept"
        )
