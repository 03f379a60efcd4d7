"""Documents as they are to be shown: with what people corrected."""

from collections.abc import Callable

from pipeline.corrections.applying import corrected
from pipeline.corrections.table import corrected_documents, load
from pipeline.document import Document
from pipeline.storage import Storage
from pipeline.store import read_document


def read_corrected(storage: Storage, collection: str, document_id: str) -> Document:
    """A document as `store.read_document` has it, corrected. Raises as that does, and as `table.load` does."""
    return with_corrections(storage, read_document(storage, collection, document_id))


def with_corrections(storage: Storage, document: Document) -> Document:
    """A document that was read, corrected. Raises as `table.load` does."""
    return corrected(document, load(storage, document.collection, document.id))


def reader(storage: Storage) -> Callable[[str, str], Document]:
    """`read_corrected` for one document after another: which of them have corrections is listed once."""
    known = set(corrected_documents(storage))

    def read(collection: str, document_id: str) -> Document:
        of = read_corrected if (collection, document_id) in known else read_document
        return of(storage, collection, document_id)

    return read
