"""Which chunks remote workers have begun and not ended: an empty object each, in OUT, which all of them can reach.

When a runner gives up because it lost a worker, these are the suspects.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pipeline.storage import Storage, open_storage

FOLDER: Final = "state/begun/"


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one attempt at a wave, below the root of OUT.

    Each attempt has its own: a worker that was thought lost may still be busy with an earlier one.
    """

    root: str
    attempt: int

    @contextmanager
    def on(self, chunk: int) -> Iterator[None]:
        """Mark a chunk as begun while the block lasts; for good when its process dies."""
        storage, name = open_storage(self.root), f"{self._prefix}{chunk}"
        storage.write(name, b"")
        yield
        storage.delete(name)

    def standing(self) -> set[int]:
        """Chunks that were begun and not ended."""
        entries = open_storage(self.root).list(self._prefix)
        return {int(entry.name.removeprefix(self._prefix)) for entry in entries}

    @property
    def _prefix(self) -> str:
        return f"{FOLDER}{self.attempt}-"


def clear(storage: Storage) -> None:
    """Remove the marks of a wave that is over, or of a run that was killed."""
    for entry in list(storage.list(FOLDER)):
        storage.delete(entry.name)
