"""An archive of drawn pages whose lines can be corrected, and the server of `inkbeam correct`, here or as a process."""

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.commit import write_parquet
from pipeline.corrections.app import application
from pipeline.corrections.correction import Correction
from pipeline.corrections.crops import Pictures
from pipeline.corrections.desk import Desk
from pipeline.corrections.serving import server
from pipeline.corrections.table import load
from pipeline.document import Document, Line
from pipeline.failures import NothingDone
from pipeline.files import hash_file
from pipeline.storage import LocalStorage, Storage
from tests.pipeline.clusters import until
from tests.pipeline.conftest import environment
from tests.pipeline.drawn import save_png
from tests.pipeline.report.made import line, page

TOKEN = "a-token-of-the-tests"
FULL = "cannot write: the disk is full: make room"


def archive(folder: Path, documents: int = 2, lines: int = 2) -> LocalStorage:
    """OUT with documents a, b, ... of one page each. Line n of a is less sure than line n of b, and of line n + 1."""
    storage = LocalStorage(str(folder / "out"))
    for number in range(documents):
        add(storage, folder, chr(ord("a") + number), [0.1 + 0.02 * number + 0.2 * place for place in range(lines)])
    return storage


def add(storage: Storage, folder: Path, name: str, confidences: list[float]) -> None:
    """A document of a page that is drawn, with a line of four words for each confidence."""
    source = save_png(folder / f"{name}.png", ord(name[-1]), len(confidences))
    lines = tuple(_line(name, place, sure) for place, sure in enumerate(confidences))
    read = replace(page(str(source), 1, 0.25), lines=lines, source_sha256=hash_file(str(source)))
    write_parquet(storage, Document(f"{name}-00000000", "default", (read,)), (), {})


def _line(name: str, place: int, sure: float) -> Line:
    made = line(["word", name, str(place), "here"], 90.0 + 90 * place)
    return replace(made, words=tuple(replace(word, confidence=sure) for word in made.words))


def said(storage: Storage, name: str) -> tuple[Correction, ...]:
    """All that was ever said of a document of `archive`, the oldest first."""
    return load(storage, "default", f"{name}-00000000")


@dataclass(frozen=True, slots=True)
class Filling(LocalStorage):
    """A disk on which nothing has room while it is `full`."""

    full: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        if self.full.is_set():
            raise NothingDone(FULL)
        with LocalStorage.create(self, name) as file:
            yield file


@dataclass(frozen=True)
class Served:
    """A server that runs in this process."""

    desk: Desk
    host: str

    @property
    def address(self) -> str:
        return f"http://{self.host}/{TOKEN}/"

    def request(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, content and headers of an answer; the headers given replace those that the page sends."""
        own = {"Host": self.host, "Origin": f"http://{self.host}", **headers}
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request(method, path, body or None, own)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content, {name.lower(): value for name, value in answer.getheaders()}

    def ask(self, what: str, **question: Any) -> tuple[int, Any]:
        """What the page asks: status, and JSON."""
        status, content, _ = self.request("POST", f"/{TOKEN}/{what}", json.dumps(question))
        return status, json.loads(content)


@contextmanager
def served(storage: Storage, who: str = "") -> Iterator[Served]:
    """A server in this process, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Pictures(storage) as pictures:
        desk, host = Desk(storage, who), f"127.0.0.1:{listener.getsockname()[1]}"
        running = server(application(desk, pictures, host, TOKEN))

        async def serve() -> None:
            await running.serve([listener])
            await asyncio.sleep(1.0)  # in which the connections close that browsers keep open

        thread = threading.Thread(target=asyncio.run, args=(serve(),))
        thread.start()
        try:
            until(lambda: running.started, "the server")
            yield Served(desk, host)
        finally:
            running.should_exit = True
            thread.join()


class Command:
    """`inkbeam correct` as a process of its own, with no browser but ours."""

    def __init__(self, output: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "correct", output, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment({"BROWSER": "none-of-that-name"}),
        )
        self.told = b""

    @property
    def address(self) -> str:
        """Where it serves; waits for it."""
        assert self._process.stdout is not None
        while (found := re.search(rb"http://\S+/", self.told)) is None:
            piece = os.read(self._process.stdout.fileno(), 4096)
            assert piece, f"ended: {self.told.decode()}"
            self.told += piece
        return found[0].decode()

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send a signal once it says where it serves; exit code, and all that it printed."""
        assert self.address
        self._process.send_signal(number)
        rest, _ = self._process.communicate(timeout=60)
        return self._process.returncode, (self.told + rest).decode()
