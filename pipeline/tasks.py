"""What travels over the graph: references to pages and what is known of their documents. Small, no pixels, no text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.failures import Failure
from pipeline.marks import Marks
from pipeline.settings import Read, Render
from pipeline.tesseract import Tesseract
from recognizer.arithmetic import Arithmetic
from recognizer.decode.decoding import AUTO
from segmentation.settings import Segmentation


@dataclass(frozen=True, slots=True)
class PageRef:
    """One page to read: page `page` (from 1) of the file at `path` is page `number` of its document.

    `path` may hold surrogate escapes; `source` is the same for people. `size` and `modified` (nanoseconds) are those of
    the listing: a file that differs when it is read has changed since it was hashed. `revision` and `tries` are its
    document's. `layout` is the file that has its lines where they are given, "" where there should be one and is none,
    None where they are to be found.
    """

    document_id: str
    number: int
    path: str
    page: int
    source: str
    sha256: str
    size: int
    modified: int
    revision: str = ""
    tries: int = 1
    layout: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A document to commit once its pages are read.

    `failures` are those known before any page was read: a source that cannot be opened, a page that killed its worker.
    `partial`: only some pages are read again, the others are taken from what is stored. `stored`: OUT holds files of
    it.
    """

    document_id: str
    collection: str
    source: str
    size: int
    modified: int
    stamp: str
    sha256: str
    revision: str
    tries: int
    pages: tuple[PageRef, ...]
    failures: tuple[Failure, ...] = ()
    partial: bool = False
    stored: bool = False

    @property
    def size_in_pages(self) -> int:
        """Pages to read, and one for each source that could not be opened."""
        return len(self.pages) + len(self.failures)

    @property
    def opened(self) -> bool:
        """Whether all sources could be opened, so that its pages are known."""
        return all(failure.page is not None for failure in self.failures)


@dataclass(frozen=True, slots=True)
class Method:
    """What reading depends on beside the page.

    `baseline`: the Tesseract that reads every page beside us, if any. `ticks`: the file that tells the submitter how
    far local workers are; `marks`: what tells it which chunks remote ones have begun. `keep_text`: whether the text of
    digital PDFs is taken from their letters.
    """

    bundle_name: str
    bundle_id: str
    arithmetic: Arithmetic
    render: Render
    segment: Segmentation
    language: str = AUTO
    doubtful: float = Read().doubtful
    baseline: Tesseract | None = None
    ticks: str | None = None
    marks: Marks | None = None
    keep_text: bool = True


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pages read together by one worker; `index` names it within its wave."""

    index: int
    pages: tuple[PageRef, ...]


def chunks(pages: Iterable[PageRef], size: int) -> Iterator[Chunk]:
    """Pages cut by their order alone."""
    remaining, index = iter(pages), 0
    while some := tuple(islice(remaining, size)):
        yield Chunk(index, some)
        index += 1
