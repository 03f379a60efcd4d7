"""One file or folder a format, reader and writer side by side; they know a page from `pipeline.document` alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pipeline.document import Document, Page
from pipeline.formats import alto, csv, hocr, mets, page, tei, text


@dataclass(frozen=True, slots=True)
class PageFormat:
    """A format with one file a page, `<name>/<document id>/<page>.<extension>` in the output; none of failed pages."""

    name: str
    extension: str
    render: Callable[[str, Page], bytes]

    def files(self, document: Document) -> Iterator[tuple[str, bytes]]:
        """Name and content of the document's files."""
        for each in document.pages:
            if each.status != "failed":
                name = f"{self.prefix(document.id)}{each.number}.{self.extension}"
                yield name, self.render(document.id, each)

    def prefix(self, document_id: str) -> str:
        """What the names of a document's files in the output begin with."""
        return f"{self.name}/{document_id}/"


@dataclass(frozen=True, slots=True)
class DocumentFormat:
    """A format with one file a document, `<name>/<document id>.<extension>` in the output.

    `names` is the format whose files it names, which are therefore written with it.
    """

    name: str
    extension: str
    render: Callable[[Document], bytes]
    names: str | None = None

    def files(self, document: Document) -> Iterator[tuple[str, bytes]]:
        """Name and content of the document's file; none where all its pages failed. May raise Unwritable."""
        if any(each.status != "failed" for each in document.pages):
            yield f"{self.prefix(document.id)}{self.extension}", self.render(document)

    def prefix(self, document_id: str) -> str:
        """What the names of a document's files in the output begin with."""
        return f"{self.name}/{document_id}."


def _pdf(document: Document) -> bytes:
    """Its libraries are loaded by those alone who make PDFs."""
    from pipeline.formats import pdf

    return pdf.render(document)


_ALL: Final[tuple[PageFormat | DocumentFormat, ...]] = (
    PageFormat("alto", "xml", alto.render),
    DocumentFormat("csv", "csv", csv.render),
    PageFormat("hocr", "hocr", hocr.render),
    DocumentFormat("mets", "xml", mets.render, names="alto"),
    PageFormat("page", "xml", page.render),
    DocumentFormat("pdf", "pdf", _pdf),
    DocumentFormat("tei", "xml", tei.render),
    PageFormat("text", "txt", text.render),
)
FORMATS: Final[Mapping[str, PageFormat | DocumentFormat]] = MappingProxyType({each.name: each for each in _ALL})


def chosen(names: Iterable[str]) -> Sequence[PageFormat | DocumentFormat]:
    """The formats of these names, and before them those whose files they name; each once."""
    asked = [FORMATS[name] for name in names]
    named = [FORMATS[kind.names] for kind in asked if isinstance(kind, DocumentFormat) and kind.names]
    return list(dict.fromkeys([*named, *asked]))
