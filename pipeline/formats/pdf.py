"""PDF: the document's scans as they are, under an invisible layer of the text that was read on them.

Pages of images are upright as they were read. Pages of PDFs stay as they are, but for text that nobody sees, which
others read on the scan: ours takes its place. Pages whose text was taken from the PDF have it, and get no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Self

import pikepdf
from pikepdf import Dictionary, Name

from pipeline.document import Document, Page
from pipeline.failures import StoreLost, Unwritable
from pipeline.files import display
from pipeline.filetypes import HEAD_BYTES, sniff
from pipeline.formats.pdf_archive import describe, is_archival
from pipeline.formats.pdf_font import FONT, HiddenFont
from pipeline.formats.pdf_hidden import find_hidden, take_out
from pipeline.formats.pdf_images import add_image
from pipeline.formats.pdf_text import text_layer
from pipeline.pdf_places import to_points, visible_box
from pipeline.scans import ScanGone, places, unchanged

A4: Final = (595, 842)
# Visible text means a line end (ISO 32000-1, 14.9.4): ours is found instead. A text of no length pdfium would ignore.
SILENCED: Final = b"/Span <</ActualText (\\n)>> BDC "
VERSION: Final = "1.7"


def render(document: Document) -> bytes:
    """The PDF, the same bytes for the same document and sources.

    A page that failed has its image, or is empty where that cannot be had, so that all others keep their numbers.
    Raises Unwritable where the source of a page that was read is gone, is another file now, or cannot become PDF.
    """
    where = places(document.pages)
    with ExitStack() as sources, pikepdf.new() as pdf:
        made = _Made(pdf, HiddenFont(pdf), sources)
        for _, pages in groupby(document.pages, key=lambda page: page.source):
            made.add(list(pages), where)
        made.font.finish()
        describe(pdf, document, made.archival)
        buffer = BytesIO()
        pdf.save(buffer, deterministic_id=True, min_version=VERSION)
        return buffer.getvalue()


@contextmanager
def _faithfully(name: str) -> Iterator[None]:
    """Whatever is wrong with a stranger's file, or with what we make of it, costs this PDF and says so."""
    try:
        yield
    except (ScanGone, OSError, pikepdf.PdfError) as error:
        raise Unwritable(f"{display(name)}: {error}") from error
    except StoreLost:
        raise
    except Exception as error:
        raise Unwritable(f"{display(name)}: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class _Source:
    """A file of page images; or a PDF, which stays open: what is taken from it is read when ours is saved."""

    path: Path
    pdf: Any = None

    @classmethod
    def of(cls, pages: Sequence[Page], sources: ExitStack) -> Self | None:
        """The source of these pages; None where all failed and it cannot be had."""
        try:
            path = Path(sources.enter_context(unchanged(pages[0])))
            with path.open("rb") as file:
                is_pdf = sniff(file.read(HEAD_BYTES)) == "pdf"
            return cls(path, sources.enter_context(pikepdf.open(path)) if is_pdf else None)
        except (ScanGone, OSError, pikepdf.PdfError):
            if any(page.status != "failed" for page in pages):
                raise
            return None

    def add_to(self, pdf: Any, place: int, page: Page) -> Any:
        """Add page `place` (from 1) of the file; the PDF page."""
        if self.pdf is None:
            return add_image(pdf, self.path, place, page)
        pdf.pages.append(self.pdf.pages[place - 1])
        return pdf.pages[-1]


@dataclass
class _Made:
    """The PDF that is made, with the font of its text layer; `archival`: whether all pages so far may be in PDF/A."""

    pdf: Any
    font: HiddenFont
    sources: ExitStack
    archival: bool = True

    def add(self, pages: Sequence[Page], where: Mapping[int, int]) -> None:
        """Add the pages of one source; `where` as `places` has it."""
        with _faithfully(pages[0].source):
            source = _Source.of(pages, self.sources)
        for page in pages:
            with _faithfully(f"{page.source}, page {where[page.number]}"):
                added = self._page(source, where[page.number], page)
                self.archival = self.archival and is_archival(added)
                if source and page.status != "failed" and page.origin == "read":
                    self._lay_text(added, page, 0 if source.pdf is None else page.rotation // 90)

    def _page(self, source: _Source | None, place: int, page: Page) -> Any:
        try:
            return source.add_to(self.pdf, place, page) if source else self.pdf.add_blank_page(page_size=A4)
        except StoreLost:
            raise
        except Exception:
            if page.status != "failed":
                raise
            return self.pdf.add_blank_page(page_size=A4)

    def _lay_text(self, added: Any, page: Page, quarters: int) -> None:
        """Put our text in the place of hidden text. Where there is visible text too, ours is found instead of it."""
        hidden = find_hidden(added)
        if any(hidden):
            take_out(self.pdf, added, hidden)
        box = visible_box(added.mediabox, added.cropbox)
        layer = text_layer(page, to_points(page.width, page.height, quarters, box), self.font)
        if not layer:
            return
        if not all(hidden):
            added.contents_add(self.pdf.make_stream(SILENCED), prepend=True)
            added.contents_add(self.pdf.make_stream(b" EMC"))
        # First, so that nothing which the page leaves behind concerns it.
        added.contents_add(self.pdf.make_stream(layer), prepend=True)
        added.Resources = _with_font(added.resources, self.font)


def _with_font(resources: Any, font: HiddenFont) -> Any:
    """A copy, since pages may share their resources."""
    copy = Dictionary(dict(resources.items()))
    copy.Font = Dictionary(dict(resources.get(Name.Font, Dictionary()).items()) | {FONT: font.object})
    return copy
