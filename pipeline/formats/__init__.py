"""One file a format, reader and writer side by side; they know a page from `pipeline.document` alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pipeline.document import Page
from pipeline.formats import hocr


@dataclass(frozen=True, slots=True)
class Format:
    """A format with one file a page, `<name>/<document id>/<page>.<name>` in the output."""

    name: str
    render: Callable[[str, Page], bytes]

    def file(self, document_id: str, page: int) -> str:
        """Name of a page's file in the output."""
        return f"{self.name}/{document_id}/{page}.{self.name}"


FORMATS: Final[Mapping[str, Format]] = MappingProxyType({"hocr": Format("hocr", hocr.render)})
