"""Which words of the index count, and which documents by what a catalogue says of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.failures import UsageError
from pipeline.index.matching import Found
from pipeline.search.snippets import Warn, readable
from pipeline.storage import Storage
from pipeline.store import file_name, files_of

CATALOGUE: Final = "documents"
_YEAR: Final = re.compile(r"(?<!\d)\d{4}(?!\d)")
_YEARS: Final = re.compile(r"(\d{4})\.\.(\d{4})")


@dataclass(frozen=True, slots=True)
class Only:
    """Of these collections, documents and languages of lines alone, where any are given; no doubtful pages."""

    collections: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    without_doubtful: bool = False

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The rows of `words` that count."""
        columns = {"collection": self.collections, "document_id": self.documents, "language": self.languages}
        for column, values in columns.items():
            if values:
                rows = rows.filter(pc.is_in(rows[column], pa.array(values, pa.string())))
        return rows.filter(pc.invert(rows["doubtful"])) if self.without_doubtful else rows


@dataclass(frozen=True, slots=True)
class Where:
    """COLUMN=TEXT: what a catalogue says of a document contains the text in whatever case, or a year of 1914..1918."""

    column: str
    text: str

    @classmethod
    def parse(cls, given: str) -> Self:
        """Raises UsageError."""
        column, equals, text = given.partition("=")
        if not equals or not column or not text:
            raise UsageError(f"--where {given}: write COLUMN=TEXT, as title=register or date=1914..1918")
        return cls(column, text)

    def fits(self, value: str) -> bool:
        """Whether a document with this value is wanted; one that has two years lasts from the first to the second."""
        if years := _YEARS.fullmatch(self.text):
            first, last = years.groups()
            known = _YEAR.findall(value)
            return bool(known) and min(known) <= last and max(known) >= first
        return self.text.casefold() in value.casefold()


def catalogued(found: Found, wanted: tuple[Where, ...], storage: Storage, warn: Warn) -> Found:
    """What was found in documents whose record fits all. Raises UsageError where there is no such record or column."""
    recorded = {f"{collection}/{document_id}" for collection, document_id, _ in files_of(storage, CATALOGUE)}
    if not recorded:
        raise UsageError(f"--where: {storage.root} has no table {CATALOGUE}; `inkbeam digitize --catalogue` makes it")
    owners = found.rows.select(["collection", "document_id"]).take(found.places.rows[:, 0])
    names = pc.binary_join_element_wise(owners["collection"], owners["document_id"], "/")
    records = {
        name: record
        for name in pc.unique(names).to_pylist()
        if name in recorded
        for record in _records(storage, file_name(CATALOGUE, *name.split("/")), warn)
    }
    columns = sorted({column for record in records.values() for column in record})
    for each in wanted:
        if records and each.column not in columns:
            raise UsageError(f"--where {each.column}={each.text}: no such column; there are {', '.join(columns)}")
    fitting = [
        name for name, record in records.items() if all(each.fits(record.get(each.column, "")) for each in wanted)
    ]
    mask: npt.NDArray[np.bool_] = pc.is_in(names, pa.array(fitting, pa.string())).to_numpy()
    return Found(found.rows, found.places.take(mask))


def _records(storage: Storage, file: str, warn: Warn) -> list[dict[str, str]]:
    """What a document's file of the catalogue says, none where it is damaged."""
    table = readable(storage, file, None, warn)
    return [] if table is None else list(map(_values, table.to_pylist()))


def _values(row: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a record, those of `further` among them; "" where it does not say."""
    return dict(row["further"] or ()) | {name: value or "" for name, value in row.items() if name != "further"}
