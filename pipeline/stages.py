"""The DoFns of the graph: read a chunk of pages, commit a document.

Nothing is emitted in `finish_bundle` (Beam's DaskRunner loses that) and nothing large crosses a shuffle: pages travel
as compressed bytes.
"""

import pickle
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam

from pipeline import worker
from pipeline.commit import Committer, Outcome
from pipeline.document import Page
from pipeline.failures import Failure, PageError
from pipeline.faults import inject
from pipeline.progress import tick
from pipeline.reading import Cut, Seconds, assemble, cut_page, faithfully, timed
from pipeline.tasks import Chunk, Method, PageRef, Task

FAILED = "failed"


def pack(page: Page, seconds: Mapping[str, float]) -> bytes:
    """A page and the seconds it took, as bytes to travel."""
    return zlib.compress(pickle.dumps((page, dict(seconds)), pickle.HIGHEST_PROTOCOL), 1)


def unpack(content: bytes) -> tuple[Page, Seconds]:
    """What `pack` packed."""
    page, seconds = pickle.loads(zlib.decompress(content))
    return page, seconds


class ReadChunk(beam.DoFn):
    """Chunk -> (document id, packed page) of each page; failures, as (document id, Failure), under the tag `failed`.

    Pages are rendered, segmented and cut one by one, so that one image is in memory at a time; then all lines of the
    chunk are read in batches.
    """

    def __init__(self, method: Method) -> None:
        self.method = method

    def setup(self) -> None:
        """Load the network before the first chunk, so that a missing one ends the run at once."""
        method = self.method
        self.tools = worker.tools(method.bundle_name, method.bundle_id, method.arithmetic)

    def teardown(self) -> None:
        """Let the guard child go with the bundle."""
        worker.close_renderer()

    def process(self, chunk: Chunk) -> Iterator[Any]:
        """Read one chunk."""
        tick(self.method.ticks, "begin", chunk.index)
        cuts: list[Cut] = []
        for ref in chunk.pages:
            try:
                cuts.append(self._cut(ref))
            except PageError as error:
                tick(self.method.ticks, "failed", chunk.index)
                yield self._failure(ref, error)
        yield from self._read(chunk, cuts)
        tick(self.method.ticks, "end", chunk.index)

    def _cut(self, ref: PageRef) -> Cut:
        renderer = worker.renderer(self.method.render)
        return cut_page(ref, renderer, self.method.segment, self.tools.geometry)

    def _failure(self, ref: PageRef, error: PageError) -> beam.pvalue.TaggedOutput:
        failure = error.failure(ref.source, ref.number, ref.tries)
        return beam.pvalue.TaggedOutput(FAILED, (ref.document_id, failure))

    def _read(self, chunk: Chunk, cuts: list[Cut]) -> Iterator[Any]:
        seconds: Seconds = {}
        try:
            with timed(seconds, "recognise"), faithfully("recognise"):
                for cut in cuts:
                    inject("recognise", Path(cut.ref.source).name)
                readings = iter(self.tools.reader.read([crop.image for cut in cuts for crop in cut.crops]))
                pages = [self._page(cut, [next(readings) for _ in cut.crops]) for cut in cuts]
        except PageError as error:
            yield from (self._failure(cut.ref, error) for cut in cuts)
            return
        for cut, page in zip(cuts, pages, strict=True):
            tick(self.method.ticks, "page", chunk.index)
            share = {"recognise": seconds["recognise"] / len(cuts)}
            yield cut.ref.document_id, pack(page, cut.seconds | share)

    def _page(self, cut: Cut, readings: list[Any]) -> Page:
        return assemble(cut, readings, self.tools.geometry, self.method.bundle_id)


class Commit(beam.DoFn):
    """(document id, {"task", "pages", "failures"}) -> id of the document, whose files and row are then written."""

    def __init__(self, committer: Committer) -> None:
        self.committer = committer

    def process(self, element: tuple[str, Mapping[str, Iterable[Any]]]) -> Iterator[str]:
        """Commit one document."""
        document_id, gathered = element
        (task,) = gathered["task"]
        outcome = gather(task, gathered["pages"], gathered["failures"])
        self.committer.commit(task, outcome)
        yield document_id


def gather(task: Task, packed: Iterable[bytes], failures: Iterable[Failure]) -> Outcome:
    """Pages and failures of a document in order, whatever the order they arrived in.

    A runner may do a chunk twice after a crash; the pages are equal then, and one of each stays.
    """
    pages: dict[int, Page] = {}
    spent: Seconds = {}
    for content in packed:
        page, seconds = unpack(content)
        pages[page.number] = page
        for stage, value in seconds.items():
            spent[stage] = spent.get(stage, 0.0) + value
    found = {(f.source, f.page): f for f in (*task.failures, *failures) if f.page is None or f.page not in pages}
    ordered = sorted(found.values(), key=lambda failure: (failure.page or 0, failure.source))
    return Outcome(tuple(pages[number] for number in sorted(pages)), tuple(ordered), spent)
