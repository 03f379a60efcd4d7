"""All pages of a dataset in a few columns, and how their confidences and expected errors are spread."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from pipeline.corrections.reading import read_corrected
from pipeline.corrections.table import corrected_documents
from pipeline.failures import NothingDone
from pipeline.storage import Storage, open_storage
from pipeline.store import open_dataset, read_table

COLUMNS: Final = (
    *("collection", "document_id", "source", "page", "status", "language", "lines"),
    *("confidence", "expected_cer", "agreement"),
)
LISTED: Final = 20_000
"""Pages: some 25 MB of the report, which a browser opens in two seconds."""
SAMPLED: Final = 2_000
CONFIDENCES: Final = 20
WRONG: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 1.0)
LEAF: Final = "words.list.element.confidence"

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page as the table of the report shows it: the `place`-th, from 1, of the `of` pages of its source.

    Of `corrected` of its lines a person said what stands there.
    """

    collection: str
    document_id: str
    source: str
    page: int
    status: str
    language: str | None
    lines: int
    confidence: float | None
    expected_cer: float | None
    agreement: float | None
    place: int
    of: int
    corrected: int = 0

    @property
    def title(self) -> str:
        """The name of its source, and its place there if there are others."""
        name = self.source.rpartition("/")[2]
        return name if self.of == 1 else f"{name}, page {self.place}"


@dataclass(frozen=True, slots=True)
class Overview:
    """How many pages there are, those that the report lists, by source and number, and the expected CERs of all."""

    total: int
    rows: Sequence[PageRow]
    expected: npt.NDArray[np.float64]


def overview(root: str) -> Overview:
    """All pages of a dataset, as people corrected them. Raises NothingDone as `open_dataset` does."""
    table = _with_corrections(open_storage(root), open_dataset(root, "pages").to_table(columns=list(COLUMNS)))
    table = table.sort_by([(name, "ascending") for name in ("collection", "document_id", "page")])
    chosen = _listed(table)
    place, of = _places(table)
    listed = table.take(pa.array(chosen)).to_pylist()
    numbers = zip(place[chosen].tolist(), of[chosen].tolist(), strict=True)
    rows = [PageRow(**row, place=n, of=m) for row, (n, m) in zip(listed, numbers, strict=True)]
    return Overview(len(table), rows, table["expected_cer"].drop_null().to_numpy().astype(np.float64))


def _with_corrections(storage: Storage, table: pa.Table) -> pa.Table:
    """The pages with the column `corrected`, and of documents that people corrected what is expected of them now.

    One whose corrections cannot be read counts as it was read.
    """
    table = table.append_column("corrected", pa.array(np.zeros(len(table), np.int64)))
    known = list(corrected_documents(storage))
    concerned = pc.is_in(table["document_id"], pa.array([name for _, name in known], pa.string()))
    rows = {(row["document_id"], row["page"]): row for row in table.filter(concerned).to_pylist()}
    for collection, document_id in known:
        with suppress(NothingDone, FileNotFoundError):
            for page in read_corrected(storage, collection, document_id).pages:
                count = sum(line.corrected_by is not None for line in page.lines)
                facts = {name: getattr(page, name) for name in ("status", "confidence", "expected_cer")}
                rows[document_id, page.number].update(facts, corrected=count)
    changed = pa.Table.from_pylist(list(rows.values()), schema=table.schema)
    return pa.concat_tables([table.filter(pc.invert(concerned)), changed])


def _listed(table: pa.Table) -> Ints:
    """Places in the table of the failed pages, the doubtful ones, then those with most errors to expect."""
    badness = pc.fill_null(table["expected_cer"], 0.0).to_numpy().astype(np.float64)
    for status, more in (("doubtful", 2.0), ("failed", 4.0)):
        badness[pc.equal(table["status"], status).to_numpy()] += more
    return np.sort(np.argsort(-badness, kind="stable")[:LISTED])


def _places(table: pa.Table) -> tuple[Ints, Ints]:
    """Of each page its place, from 1, among the pages of its source, which follow each other, and their number."""
    names = [table[name].combine_chunks().dictionary_encode().indices.to_numpy() for name in ("document_id", "source")]
    first = np.flatnonzero(np.logical_or.reduce([np.diff(name, prepend=-1) != 0 for name in names]))
    counts = np.diff(first, append=len(table))
    return np.arange(len(table)) - np.repeat(first, counts) + 1, np.repeat(counts, counts)


def confidences(storage: Storage) -> npt.NDArray[np.int64]:
    """How many words have a confidence within each of CONFIDENCES equal parts of 0..1. Raises as `read_table` does.

    Of many files every n-th is read, at most SAMPLED.
    """
    counts = np.zeros(CONFIDENCES, np.int64)
    names = [entry.name for entry in storage.list("lines/") if entry.name.endswith(".parquet")]
    sample = names[:: -(-len(names) // SAMPLED) or 1]
    for name in tqdm(sample, desc="words", unit="file", disable=None):
        column = read_table(storage, name, [LEAF]).column("words")
        values = pc.struct_field(pc.list_flatten(column), "confidence").to_numpy()
        counts += np.histogram(values, CONFIDENCES, (0, 1))[0]
    return counts


def confidence_labels() -> list[str]:
    """The upper ends of the parts, in percent."""
    return [f"{100 * (place + 1) // CONFIDENCES}" for place in range(CONFIDENCES)]


def wrong_pages(rates: Iterable[float | None]) -> list[int]:
    """How many pages have a CER, true or expected, within each part of WRONG; above 1 is in the last."""
    known = [min(rate, 1.0) for rate in rates if rate is not None]
    return [int(count) for count in np.histogram(known, WRONG)[0]]


def wrong_labels() -> list[str]:
    """The parts of WRONG in percent."""
    return list(_spans(WRONG))


def _spans(ends: Sequence[float]) -> Iterator[str]:
    for low, high in pairwise(ends):
        yield f"{100 * low:.0f}–{100 * high:.0f}" if high < 1 else f"over {100 * low:.0f}"
