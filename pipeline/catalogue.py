"""What a catalogue says of documents: a CSV file with a row a document.

Columns are named in the first line: `path` or `document_id` says which document a row is about, `shelfmark`, `title`,
`date`, `rights` and `canvas` what is known of it; every other column is kept under its own name.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.document import Record
from pipeline.failures import UsageError
from pipeline.files import absolute, display
from pipeline.sources import Origin, document_id

DELIMITERS: Final = (",", ";", "\t")  # where the comma is a decimal point, spreadsheets write semicolons
NAMING: Final = ("path", "document_id")
KNOWN: Final = ("shelfmark", "title", "date", "rights", "canvas")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the catalogue: its number in the file, the cells that name the document, and what it says of it."""

    line: int
    path: str
    document_id: str
    record: Record

    @property
    def name(self) -> str:
        """How the row names its document."""
        return self.document_id or self.path


@dataclass(frozen=True)
class Catalogue:
    """Records by document id.

    `strangers` are names of rows without a document in the input, `silent` counts documents without a row.
    """

    records: Mapping[str, Record]
    strangers: tuple[str, ...] = ()
    silent: int = 0

    @classmethod
    def load(cls, file: str, origins: Sequence[Origin]) -> "Catalogue":
        """Read the file and find its documents. Raises UsageError, naming file and line, for what cannot be used.

        A path is relative to the file's folder, or else to the current one, or absolute, or a URL.
        """
        known = {origin.document_id for origin in origins}
        found: dict[str, Row] = {}
        strangers = []
        for row in read_rows(file):
            wanted = next((name for name in _ids(row, Path(file).parent) if name in known), None)
            if wanted is None:
                strangers.append(row.name)
            elif wanted in found:
                raise UsageError(f"{_at(file, row.line)}: {row.name} has a row already, line {found[wanted].line}")
            else:
                found[wanted] = row
        return cls({name: row.record for name, row in found.items()}, tuple(strangers), len(known - found.keys()))


def read_rows(file: str) -> Iterator[Row]:
    """The rows of a catalogue; raises UsageError, naming file and line, for what cannot be used."""
    header: list[str] | None = None
    for line, cells in _numbered(file):
        if not any(cells):
            continue
        if header is None:
            header = _header(cells, _at(file, line))
        else:
            yield _row(header, cells, line, _at(file, line))
    if header is None:
        raise UsageError(f"{display(file)}: is empty; its first line must name the columns, path or document_id first")


def _numbered(file: str) -> Iterator[tuple[int, list[str]]]:
    """Cells without white space around them, and the line where they begin."""
    text = _text(file)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    before = 0
    try:
        for cells in reader:
            yield before + 1, [cell.strip() for cell in cells]
            before = reader.line_num
    except csv.Error as error:
        raise UsageError(f"{_at(file, before + 1)}: {error}; a quotation mark that is not closed?") from error


def _text(file: str) -> str:
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"--catalogue {display(file)}: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{_at(file, line)}: is not UTF-8; save the catalogue as CSV UTF-8") from error


def _delimiter(text: str) -> str:
    """The one that the first line with anything in it has most of."""
    first = next(filter(str.strip, text.splitlines()), "")
    return max(DELIMITERS, key=first.count)


def _header(cells: Sequence[str], place: str) -> list[str]:
    """Names of the columns; those that we know whatever their case."""
    names = [cell.lower() if cell.lower() in (*NAMING, *KNOWN) else cell for cell in cells]
    if not set(NAMING) & set(names):
        raise UsageError(f"{place}: no column is called path or document_id; name the column that says which document")
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise UsageError(f"{place}: several columns are called {', '.join(twice)}; rename all but one")
    return names


def _row(header: Sequence[str], cells: Sequence[str], line: int, place: str) -> Row:
    if len(cells) != len(header):
        raise UsageError(
            f"{place}: has {len(cells)} cells, the first line {len(header)}; "
            "put cells that hold the separator into quotation marks"
        )
    said = dict(zip(header, cells, strict=True))
    if any(cell and not name for name, cell in zip(header, cells, strict=True)):
        raise UsageError(f"{place}: a cell stands in a column without a name; name it in the first line")
    path, named = (said.get(name, "") for name in NAMING)
    if not path and not named:
        raise UsageError(f"{place}: says not which document it is about; fill in path or document_id")
    further = tuple((name, cell) for name, cell in said.items() if cell and name not in (*NAMING, *KNOWN))
    return Row(line, path, named, Record(**{name: said.get(name, "") for name in KNOWN}, further=further))


def _ids(row: Row, folder: Path) -> tuple[str, ...]:
    """Ids of the documents that a row may mean, the likeliest first."""
    if row.document_id:
        return (row.document_id,)
    return document_id(absolute(str(folder / row.path))), document_id(row.path)


def _at(file: str, line: int) -> str:
    return f"{display(file)}, line {line}"
