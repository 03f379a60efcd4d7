"""How far a wave is: workers append ticks to one small file, the submitter reads it while Beam's `run` blocks.

The same ticks say, after a worker died, which chunks it had begun and not ended.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Final, Literal, Self

from tqdm import tqdm

from pipeline.logs import is_json

Tick = Literal["begin", "page", "failed", "end"]

PERIOD: Final = 0.2


def tick(path: str | None, what: Tick, chunk: int) -> None:
    """Append a tick; a single short write, so that those of several workers never mix. No path, no tick."""
    if path is None:
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{what} {chunk}\n".encode())
    finally:
        os.close(descriptor)


@dataclass
class Ticks:
    """Ticks read so far."""

    path: Path
    pages: int = 0
    failed: int = 0
    begun: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    position: int = 0

    def read(self) -> None:
        """Take in what was appended since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.position)
                content = file.read()
        except FileNotFoundError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        self.position += len(whole)
        for line in whole.decode().splitlines():
            what, chunk = line.split()
            self._take(what, int(chunk))

    def _take(self, what: str, chunk: int) -> None:
        if what == "begin":
            self.begun.add(chunk)
        elif what == "end":
            self.ended.add(chunk)
        else:
            self.pages += 1
            self.failed += what == "failed"

    @property
    def suspects(self) -> set[int]:
        """Chunks that were begun and not ended."""
        return self.begun - self.ended


@contextmanager
def watched(ticks: Ticks, show: Callable[[Ticks], None]) -> Iterator[None]:
    """Call `show` with fresh ticks several times a second while the block runs, and once after it."""
    over = Event()

    def watch() -> None:
        while not over.wait(PERIOD):
            ticks.read()
            show(ticks)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        ticks.read()
        show(ticks)


class PageBar:
    """The bar of a run: pages, pages/s, failures and time left, over all waves.

    The total is known wave by wave only; until then the documents to come are taken to be as long as those so far.
    """

    def __init__(self, documents: int) -> None:
        self.documents, self.prepared = documents, 0
        self.done, self.known, self.failed = 0, 0, 0
        hidden = True if is_json() or not documents else None  # None: unless at a terminal
        self.bar = tqdm(total=documents, unit="page", disable=hidden, dynamic_ncols=True, mininterval=0.5)

    def begin_wave(self, documents: int, pages: int, done: int, failed: int) -> None:
        """A wave of so many documents and pages begins; `done` and `failed` pages lie behind."""
        self.prepared += documents
        self.done, self.known, self.failed = done, done + pages, failed
        self.bar.total = self.known + (self.documents - self.prepared) * self.known // max(1, self.prepared)

    def show(self, ticks: Ticks) -> None:
        """Move to where the ticks are; a wave that is repeated after a death moves it on only when it gets further."""
        step = min(self.done + ticks.pages, self.known) - self.bar.n
        if step > 0:
            self.bar.set_postfix(failed=self.failed + ticks.failed, refresh=False)
            self.bar.update(step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()
