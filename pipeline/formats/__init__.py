"""One file a format, reader and writer side by side; they know a page from `pipeline.document` alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pipeline.document import Document, Page
from pipeline.formats import alto, hocr, page, text


@dataclass(frozen=True, slots=True)
class Format:
    """A format with one file a page, `<name>/<document id>/<page>.<extension>` in the output."""

    name: str
    extension: str
    render: Callable[[str, Page], bytes]

    def file(self, document_id: str, number: int) -> str:
        """Name of a page's file in the output."""
        return f"{self.name}/{document_id}/{number}.{self.extension}"


_ALL: Final = (
    Format("alto", "xml", alto.render),
    Format("hocr", "hocr", hocr.render),
    Format("page", "xml", page.render),
    Format("text", "txt", text.render),
)
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({each.name: each for each in _ALL})


def rendered(document: Document, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files of these formats, of all pages that did not fail."""
    for kind in (FORMATS[name] for name in names):
        for each in document.pages:
            if each.status != "failed":
                yield kind.file(document.id, each.number), kind.render(document.id, each)
