"""`python -m bench.scale OUT [--documents 1000000]`: a run over a million documents, without reading them.

Rendering and recognition are stubbed: every document gets a page of OUT, an output of `inkbeam digitize`, whose Parquet
is encoded once and gets the document's id put in. All else is the product's own: listing, hashing, planning, waves,
commits, state, the word index, searching, the rerun that finds nothing to do. Each step runs in a fresh process, so
that its memory is its own. `fsync` is left out: what it costs depends on the disk, a few milliseconds a file.
"""

import argparse
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import pyarrow.dataset as pds
import pyarrow.parquet as pq

from pipeline.commit import Committer
from pipeline.document import Document, Page
from pipeline.index.update import Indexed
from pipeline.lock import locked
from pipeline.outcome import Outcome
from pipeline.packs.packing import pack
from pipeline.settings import Settings
from pipeline.storage import LocalStorage
from pipeline.store import files_of, lines_parquet, open_dataset, pages_parquet, read_document
from pipeline.tasks import Task

FILES_A_FOLDER: Final = 1_000
TEMPLATES: Final = 40
LINES: Final = 3  # of a page, as on an index card
STAND_IN: Final = "scan-00000000-00000000"
"""An id as long as all others, so that these can take its place in encoded files."""
TABLES: Final = ("pages", "lines", "words", "index", "state")
WAVE_PAGES: Final = 20_000


def main() -> None:
    """Do all steps and print what they took."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("output", type=Path, help="an OUT of `inkbeam digitize` to take pages from")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, default=Path("build/scale"), help="a folder with room: 12 KB a document")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(measured(STEPS[options.step], options)))
        return
    shutil.rmtree(options.work, ignore_errors=True)
    for step in STEPS:
        command = [sys.executable, "-m", "bench.scale", *sys.argv[1:], "--step", step]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print(step, done.stdout.splitlines()[-1], flush=True)
    print(json.dumps(files(options.work / "out"), indent=1))


def measured(step: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> dict[str, float]:
    """Seconds of a step, those of processors in all its processes, and the most memory that this process and any of
    its children had, in MB.
    """
    began = time.monotonic()
    step(options)
    seconds = time.monotonic() - began
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    processors = sum(of.ru_utime + of.ru_stime for of in (own, children))
    memory = {"MB": round(own.ru_maxrss / 1024), "MB of a child": round(children.ru_maxrss / 1024)}
    return {"seconds": round(seconds, 1), "CPU-seconds": round(processors, 1)} | memory


def make_sources(options: argparse.Namespace) -> None:
    """Files that differ, a thousand a folder."""
    for number in range(options.documents):
        folder = options.work / "scans" / f"{number // FILES_A_FOLDER:05}"
        if number % FILES_A_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"scan-{number:08}.png").write_bytes(b"%d" % number)


def first_run(options: argparse.Namespace) -> None:
    """Everything is new."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _without_encoding, (str(options.output),)) as pool:

        def commit_all(_: str, arguments: tuple[Any, ...], __: int) -> None:
            tasks, committer = arguments[0], arguments[-1]
            deque(pool.map(Commit(committer), tasks, chunksize=256), 0)

        with (
            patch("pipeline.wave.run_local", commit_all),
            patch("pipeline.rendering.Renderer.count_pages", lambda *_: 1),
            patch("pipeline.digitize._index", return_value=Indexed(0, 0, 0, ())),
            patch("pipeline.digitize.pack"),
            patch("os.fsync", _nothing),
        ):
            digitize(options)


def digitize(options: argparse.Namespace) -> None:
    """The command `digitize`, with waves of the size that a cluster gets."""
    from pipeline.digitize import Options, opened
    from pipeline.digitize import digitize as run_digitize

    settings = Settings()
    settings = replace(settings, run=replace(settings.run, wave_pages=WAVE_PAGES))
    with opened(Options((str(options.work / "scans"),), str(options.work / "out"), formats=()), settings) as run:
        print(run_digitize(run).table())


def packs(options: argparse.Namespace) -> None:
    """Small documents in packs, as a run does it at its end."""
    storage = LocalStorage(str(options.work / "out"))
    with locked(storage), patch("os.fsync", _nothing):
        pack(storage, Settings().run.retries)


def index(options: argparse.Namespace) -> None:
    """The word index of all documents, from packs."""
    _command("index", options.work / "out")


def rerun(options: argparse.Namespace) -> None:
    """The next night: nothing is due."""
    _command("digitize", options.work / "scans", "--output", options.work / "out", "--formats", "none")


def search(options: argparse.Namespace) -> None:
    """The commonest long word."""
    lines = open_dataset(str(options.output), "lines").to_table(columns=["text"])["text"].to_pylist()
    words = Counter(word for text in lines for word in text.split() if len(word) > 7 and word.isalpha())
    _command("search", options.work / "out", words.most_common(1)[0][0], "--limit", "5")


def report(options: argparse.Namespace) -> None:
    """The report."""
    _command("report", options.work / "out")


def read_all(options: argparse.Namespace) -> None:
    """The texts of all lines, as a user's own program reads them."""
    lines = pds.dataset(options.work / "out" / "lines", format="parquet", partitioning="hive")
    print(lines.to_table(columns=["text"]).num_rows)


STEPS: Final[dict[str, Callable[[argparse.Namespace], None]]] = {
    step.__name__: step for step in (make_sources, first_run, packs, index, rerun, search, read_all, report)
}


def _command(*arguments: Any) -> None:
    from pipeline.cli import main as inkbeam

    try:
        inkbeam([str(argument) for argument in arguments])
    except SystemExit as ended:
        if ended.code:
            raise


def _nothing(_: int) -> None:
    """In place of fsync. A mock would keep all its calls."""


def _without_encoding(output: str) -> None:
    """In this process documents are committed without fsync, with tables that were encoded before."""
    pages = _pages(output)
    for table, encode in (("lines", lines_parquet), ("pages", pages_parquet)):
        encoded = [_plain(encode(Document(STAND_IN, "default", (page,)))) for page in pages]
        patch(f"pipeline.commit.{table}_parquet", partial(_filled, encoded)).start()
    patch("os.fsync", _nothing).start()


def _plain(content: bytes) -> bytes:
    """A Parquet file without compression, in which texts stand as they are."""
    sink = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(content)), sink, compression="none")
    return sink.getvalue()


def _filled(encoded: Sequence[bytes], document: Document) -> bytes:
    some = encoded[int(document.id[-8:], 16) % len(encoded)]
    return some.replace(STAND_IN.encode(), document.id.encode())


def _pages(output: str) -> Sequence[Page]:
    storage = LocalStorage(output)
    documents = (read_document(storage, collection, name) for collection, name, _ in files_of(storage, "pages"))
    pages = (page for document in documents for page in document.pages if page.lines)
    return [replace(page, number=1, lines=page.lines[:LINES]) for page in islice(pages, TEMPLATES)]


@dataclass(frozen=True)
class Commit:
    """Commits a task of one page that was not read."""

    committer: Committer

    def __call__(self, task: Task) -> None:
        (ref,) = task.pages
        blank = Page(1, ref.source, ref.sha256, 0, 0, 0.0, 0, 0.0, "blank", (), (), "", task.revision)
        self.committer.commit(task, Outcome((blank,), (), {}))


def files(output: Path) -> dict[str, Any]:
    """Number and megabytes of the files of each table."""
    storage = LocalStorage(str(output))
    sizes = {table: [entry.size for entry in storage.list(f"{table}/")] for table in TABLES}
    return {table: {"files": len(of), "MB": round(sum(of) / 1e6, 1)} for table, of in sizes.items()}


if __name__ == "__main__":
    main()
