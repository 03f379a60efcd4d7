"""Documents from the tables to sorted parts of the index: what a worker does with a batch of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.corrections.reading import read_corrected
from pipeline.failures import NothingDone
from pipeline.index.rows import LINE_COLUMNS, word_rows
from pipeline.index.segments import write_rows
from pipeline.storage import Storage, open_storage
from pipeline.store import file_name, lines_parquet, pages_parquet, read_table

DOUBTFUL: Final = "doubtful"
PAGE_COLUMNS: Final = ("page", "status")


@dataclass(frozen=True, slots=True)
class Due:
    """A document to index: `version` tells its lines from earlier ones, `size` is that of their file in bytes.

    `corrected`: people said something of its lines.
    """

    document_id: str
    collection: str
    version: str
    size: int
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents, in order of their ids, that become one sorted part of the index."""

    number: int
    documents: tuple[Due, ...]

    @property
    def rows(self) -> str:
        """Name of the part's file."""
        return f"index/part-{self.number:08}.parquet"

    @property
    def account(self) -> str:
        """Name of the file that says what came of the documents; it is written last."""
        return f"index/part-{self.number:08}.json"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The documents of a part with their versions, its rows, and why other documents were left out."""

    documents: Mapping[str, str]
    rows: int
    left_out: tuple[str, ...]


def gather(root: str, batch: Batch) -> None:
    """Write the part of a batch. A document whose tables are damaged is named and left out."""
    storage = open_storage(root)
    tables, documents, left_out = [], {}, []
    for due in batch.documents:
        try:
            tables.append(_lines(storage, due))
            documents[due.document_id] = due.version
        except (NothingDone, FileNotFoundError) as error:
            left_out.append(str(error))
    counted = write_rows(storage, batch.rows, [word_rows(pa.concat_tables(tables))] if tables else [])
    account = {"documents": documents, "rows": counted.rows, "left_out": left_out}
    storage.write(batch.account, json.dumps(account).encode())


def read_account(storage: Storage, batch: Batch) -> Gathered:
    """What came of a batch that was gathered."""
    account = json.loads(storage.read(batch.account))
    return Gathered(account["documents"], account["rows"], tuple(account["left_out"]))


def _lines(storage: Storage, due: Due) -> pa.Table:
    if due.corrected:
        document = read_corrected(storage, due.collection, due.document_id)
        lines = _as_read(lines_parquet(document), LINE_COLUMNS)
        return with_page_facts(lines, _as_read(pages_parquet(document), PAGE_COLUMNS), due.collection)
    lines, pages = (
        read_table(storage, file_name(table, due.collection, due.document_id), list(columns))
        for table, columns in (("lines", LINE_COLUMNS), ("pages", PAGE_COLUMNS))
    )
    return with_page_facts(lines, pages, due.collection)


def _as_read(content: bytes, columns: Sequence[str]) -> pa.Table:
    """Columns of a file as they come out of it: the elements of lists have other names there than when it is made."""
    return pq.ParquetFile(pa.BufferReader(content)).read(columns=list(columns), use_threads=False)


def with_page_facts(lines: pa.Table, pages: pa.Table, collection: str) -> pa.Table:
    """A document's lines as `word_rows` needs them: with its collection, and whether their page is doubtful."""
    doubtful = pages.filter(pc.equal(pages["status"], DOUBTFUL))["page"]
    named = lines.append_column("collection", pa.repeat(pa.scalar(collection), lines.num_rows))
    return named.append_column(DOUBTFUL, pc.is_in(lines["page"], doubtful.combine_chunks()))
