"""The DoFns of the graph: read a chunk of pages, commit a document.

Nothing is emitted in `finish_bundle` (Beam's DaskRunner loses that) and nothing large crosses a shuffle: pages travel
as compressed bytes.
"""

import pickle
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apache_beam as beam

from pipeline.agreement import beside
from pipeline.commit import Committer
from pipeline.digital_page import digital_page
from pipeline.document import Line, Page
from pipeline.failures import Failure, PageError
from pipeline.faults import inject
from pipeline.index.gather import Batch
from pipeline.index.gather import gather as gather_words
from pipeline.outcome import Outcome
from pipeline.progress import tick
from pipeline.reading import Cut, Seconds, assemble, cut_page, faithfully, render_page, timed
from pipeline.rendered import DigitalText
from pipeline.runner import follow_wave
from pipeline.stores import options
from pipeline.tasks import Chunk, Method, PageRef, Task

if TYPE_CHECKING:
    from recognizer.decode.decoder import PageReadings

Packed = tuple[str, bytes | Failure]


@dataclass(frozen=True)
class Done:
    """A page that was read, the seconds it took by stage, and what Tesseract read there if it was asked."""

    page: Page
    seconds: Seconds
    baseline: tuple[Line, ...] | None = None

    def pack(self) -> bytes:
        """As bytes to travel."""
        return zlib.compress(pickle.dumps(self, pickle.HIGHEST_PROTOCOL), 1)

    @classmethod
    def unpack(cls, content: bytes) -> "Done":
        """What `pack` packed."""
        done: Done = pickle.loads(zlib.decompress(content))
        return done


class OnWorker(beam.DoFn):
    """Has the options for stores with it: not all of Beam's runners give them to their workers."""

    def __init__(self) -> None:
        self.options = options.given()

    def setup(self) -> None:
        """Let them hold in this process."""
        options.use(self.options)


class ReadChunk(OnWorker):
    """Chunk -> (document id, packed page or Failure) of each page.

    One output, not a tagged one beside it: Beam's DaskRunner drops the tags and hands everything to both. Pages are
    rendered, segmented and cut one by one, so that one image is in memory at a time; then all lines of the chunk are
    read in batches.
    """

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def setup(self) -> None:
        """Load the network before the first chunk, so that a missing one ends the run at once.

        Here and not above, so that torch is only in the processes that read, not in the one that builds the graph.
        """
        from pipeline import worker

        super().setup()
        method = self.method
        self.worker = worker
        self.tools = worker.tools(method.bundle_name, method.bundle_id, method.arithmetic, method.language)
        self.tesseract = method.baseline and worker.tesseract(method.baseline)

    def teardown(self) -> None:
        """Let the guard child go with the bundle."""
        self.worker.close_renderer()

    def process(self, chunk: Chunk) -> Iterator[Packed]:
        """Read one chunk."""
        ticks, marks = self.method.ticks, self.method.marks
        tick(ticks, "begin", chunk.index)
        with marks.on(chunk.index) if marks else nullcontext():
            for document_id, found in self._outcomes(chunk):
                tick(ticks, "failed" if isinstance(found, Failure) else "page", chunk.index)
                yield document_id, found
        tick(ticks, "end", chunk.index)

    def _outcomes(self, chunk: Chunk) -> Iterator[Packed]:
        cuts: list[Cut] = []
        for ref in chunk.pages:
            try:
                found = self._cut(ref)
            except PageError as error:
                yield _failed(ref, error)
            else:
                if isinstance(found, Done):
                    yield ref.document_id, found.pack()
                else:
                    cuts.append(found)
        if cuts:
            yield from self._read(cuts)

    def _cut(self, ref: PageRef) -> Cut | Done:
        """The lines of a page to read; or the page, done, where its text is taken from the file."""
        seconds: Seconds = {}
        with timed(seconds, "render"):
            rendered = render_page(ref, self.worker.renderer(self.method.render), self.method.keep_text)
            if isinstance(rendered, DigitalText):
                with faithfully("text"):
                    return Done(digital_page(ref, rendered, self.method.bundle_id), seconds)
        cut = cut_page(ref, rendered, self.method.segment, self.tools, self.tesseract)
        return replace(cut, seconds=seconds | cut.seconds)

    def _read(self, cuts: list[Cut]) -> Iterator[Packed]:
        """Read the lines of all pages together; where that fails page by page, so that it costs one page."""
        seconds: Seconds = {}
        try:
            with timed(seconds, "recognise"), faithfully("recognise"):
                for cut in cuts:
                    inject("recognise", Path(cut.ref.source).name)
                crops = [[crop.image for crop in cut.crops] for cut in cuts]
                found = self.tools.reader.read(crops)
                pages = [self._page(cut, read) for cut, read in zip(cuts, found, strict=True)]
        except PageError as error:
            if len(cuts) == 1:
                yield _failed(cuts[0].ref, error)
            else:
                yield from (found for cut in cuts for found in self._read([cut]))
            return
        share = {"recognise": seconds["recognise"] / max(1, len(cuts))}
        for cut, page in zip(cuts, pages, strict=True):
            yield cut.ref.document_id, Done(page, cut.seconds | share, cut.baseline).pack()

    def _page(self, cut: Cut, read: "PageReadings") -> Page:
        page = assemble(cut, read, self.tools.geometry, self.method.bundle_id, self.method.doubtful)
        return page if cut.baseline is None else beside(page, cut.baseline, self.tools.policy)


def _failed(ref: PageRef, error: PageError) -> Packed:
    return ref.document_id, error.failure(ref.source, ref.number, ref.tries)


class Commit(OnWorker):
    """(document id, {"task", "pages"}) -> id of the document, whose files and row are then written."""

    def __init__(self, committer: Committer) -> None:
        super().__init__()
        self.committer = committer

    def setup(self) -> None:
        """Nothing is written after the run was killed."""
        follow_wave()

    def process(self, element: tuple[str, Mapping[str, Iterable[Any]]]) -> Iterator[str]:
        """Commit one document."""
        document_id, gathered = element
        (task,) = gathered["task"]
        outcome = gather(task, gathered["pages"])
        self.committer.commit(task, outcome)
        yield document_id


class GatherWords(OnWorker):
    """Batch of documents -> number of the sorted part of the word index that is then written."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self.root = root

    def setup(self) -> None:
        """See `Commit.setup`."""
        follow_wave()

    def process(self, batch: Batch) -> Iterator[int]:
        """Gather one batch."""
        gather_words(self.root, batch)
        yield batch.number


def gather(task: Task, outcomes: Iterable[bytes | Failure]) -> Outcome:
    """Pages and failures of a document in order, whatever the order they arrived in.

    A runner may do a chunk twice after a crash: of equal pages one stays, and a page that was read in the end has not
    failed.
    """
    pages: dict[int, Page] = {}
    baseline: dict[int, tuple[Line, ...]] = {}
    failures = list(task.failures)
    spent: Counter[str] = Counter()
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            failures.append(outcome)
            continue
        done = Done.unpack(outcome)
        pages[done.page.number] = done.page
        spent.update(done.seconds)
        if done.baseline is not None:
            baseline[done.page.number] = done.baseline
    standing = {(f.source, f.page): f for f in failures if f.page not in pages}
    ordered = sorted(standing.values(), key=lambda failure: (failure.page or 0, failure.source))
    return Outcome(tuple(pages[number] for number in sorted(pages)), tuple(ordered), spent, baseline)
