"""Tasks cut into chunks, and the same without pages that kill the process which reads them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from pipeline.failures import Failure
from pipeline.tasks import Chunk, PageRef, Task, chunks

MESSAGE: Final = "the worker process was killed twice while it read this page"


def cut(tasks: Sequence[Task], size: int) -> list[Chunk]:
    """The pages of all tasks in chunks of this size."""
    return list(chunks((page for task in tasks for page in task.pages), size))


def without(tasks: Sequence[Task], killers: Collection[PageRef]) -> list[Task]:
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
