"""The files of a document, as a commit writes them."""

from collections.abc import Iterable, Iterator

from pipeline.document import Document
from pipeline.formats import chosen


def rendered(document: Document, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files of these formats."""
    return (file for kind in chosen(names) for file in kind.files(document))
