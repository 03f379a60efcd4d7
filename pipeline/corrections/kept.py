"""What has become of the corrections of a dataset: lines that have one, and corrections whose line is gone."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from pipeline.corrections.applying import corrected
from pipeline.corrections.correction import Correction
from pipeline.corrections.matching import lost
from pipeline.corrections.table import files, load
from pipeline.counting import counted
from pipeline.document import Document
from pipeline.failures import NothingDone
from pipeline.storage import Storage
from pipeline.store import read_document


@dataclass(frozen=True)
class Kept:
    """Lines that were corrected, or found to be right, and their pages; corrections that no line matches any more, by
    document, page and place; and why others cannot be told of.
    """

    lines: int
    pages: int
    unmatched: tuple[Correction, ...]
    left_out: tuple[str, ...] = ()

    def told(self) -> Iterator[str]:
        """For the table of a run."""
        if self.unmatched:
            yield (
                f"{counted(self.lines, 'line')} kept; {len(self.unmatched):,} not: no line of the new reading is where "
                "they were. `inkbeam report` lists them"
            )
        yield from self.left_out

    def counts(self) -> dict[str, int]:
        """For the account of a run."""
        return {"lines": self.lines, "pages": self.pages, "unmatched": len(self.unmatched)}


def kept(storage: Storage, only: Collection[str] | None = None) -> Kept:
    """Of all documents, or of these."""
    lines = pages = 0
    unmatched: list[Correction] = []
    left_out: list[str] = []
    for collection, document_id in files(storage):
        if only is not None and document_id not in only:
            continue
        try:
            found, without = _of_document(storage, collection, document_id)
        except NothingDone as error:
            left_out.append(str(error))
            continue
        lines += sum(found)
        pages += len(found)
        unmatched += without
    return Kept(lines, pages, tuple(unmatched), tuple(left_out))


def _of_document(storage: Storage, collection: str, document_id: str) -> tuple[list[int], list[Correction]]:
    """How many lines people corrected on each page where they did, and what matches no line."""
    document = Document(document_id, collection)
    with suppress(FileNotFoundError):  # all of it is gone
        document = read_document(storage, collection, document_id)
    said = load(storage, collection, document_id)
    changed = (sum(line.corrected_by is not None for line in page.lines) for page in corrected(document, said).pages)
    unmatched = sorted(lost(document, said), key=lambda each: (each.page, each.line))
    return [count for count in changed if count], unmatched
