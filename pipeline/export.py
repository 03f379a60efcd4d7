"""The command `export`: formats of what was read before, from Parquet, without reading again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from pipeline.commit import write_formats
from pipeline.corrections.reading import reader as corrected_reader
from pipeline.counting import counted
from pipeline.document import Document
from pipeline.failures import ExitCode, NothingDone
from pipeline.lock import locked
from pipeline.storage import Storage, open_output
from pipeline.store import files_of


@dataclass(frozen=True)
class Exported:
    """How many documents were exported into how many files, and why documents or formats are missing."""

    documents: int
    files: int
    left_out: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Whether all was done."""
        if not self.left_out:
            return ExitCode.DONE
        return ExitCode.SOME_FAILED if self.documents else ExitCode.NOTHING_DONE

    def told(self) -> str:
        """For the terminal."""
        written = f"{counted(self.files, 'file')} of {counted(self.documents, 'document')}"
        return "\n".join([written, *(f"left out: {reason}" for reason in self.left_out)])


def export(output: str, formats: Sequence[str]) -> Exported:
    """Write the formats of all documents of OUT, as people corrected them; what cannot be made is named and left out.

    Raises NothingDone where OUT holds no document, or a run is writing to it.
    """
    storage = open_output(output)
    names, reader = documents(storage), corrected_reader(storage)
    done, files, left_out = 0, 0, []
    with locked(storage):
        for collection, document_id in tqdm(names, desc="exporting", unit="document", disable=None):
            try:
                document = read(reader, collection, document_id)
            except NothingDone as error:
                left_out.append(str(error))
                continue
            done += 1
            written, reasons = write_formats(storage, document, formats)
            files += len(written)
            left_out += [f"{document_id}: {reason}" for reason in reasons]
    return Exported(done, files, tuple(left_out))


def documents(storage: Storage) -> Sequence[tuple[str, str]]:
    """Collection and id of every document; raises NothingDone where there is none."""
    found = [(collection, document_id) for collection, document_id, _ in files_of(storage, "pages")]
    if not found:
        raise NothingDone(f"{storage.root} holds no document; name an OUT of `inkbeam digitize`")
    return found


def read(reader: Callable[[str, str], Document], collection: str, document_id: str) -> Document:
    """A document as a reader has it; raises NothingDone also where a file of it is missing."""
    try:
        return reader(collection, document_id)
    except FileNotFoundError as error:
        raise NothingDone(f"{document_id}: {error}; make it again with --redo {document_id}") from error
