"""Which lines are most worth a correction: those with most errors to expect, found in one pass over the tables.

The errors to expect of a line are those of its words: (1 - confidence) times its letters. A word that is wrong rarely
has every letter wrong, so these sums put lines in order but are too large for an estimate; the share of wrong
characters in all is taken from the pages, of which the decoder has measured it.

Only the columns that are needed are read, a file at a time, and only the worst lines are kept: the memory is that of
the largest file, whatever the number of lines.
"""

import heapq
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from pipeline.corrections.matching import match
from pipeline.corrections.table import corrected_documents, load
from pipeline.failures import NothingDone
from pipeline.packs.reader import Pack, parts
from pipeline.storage import Storage
from pipeline.store import file_name, files_of, read_page, read_table

MOST: Final = 1000
"""Lines that a pass keeps: some hours of a person's work."""
SAMPLED: Final = 2000
"""Documents from which the share of wrong characters is taken: some seconds."""
COLUMNS: Final = (
    *("document_id", "page", "line", "text", "confidence"),
    *("words.list.element.text", "words.list.element.confidence"),
)

Floats = npt.NDArray[np.float64]
Decided = dict[tuple[str, str], set[tuple[int, int]]]
"""Pages and lines of documents (collection and id) of which a person has said something."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a line is: `page` in its document and `line` in the reading order of the page, both from 1."""

    collection: str
    document_id: str
    page: int
    line: int

    @property
    def id(self) -> str:
        """As the page in the browser names it."""
        return f"{self.collection}/{self.document_id}/{self.page}/{self.line}"

    @classmethod
    def of(cls, id_: str) -> Self:
        """The place with this id; raises ValueError."""
        collection, document_id, page, line = id_.split("/")
        return cls(collection, document_id, int(page), int(line))


@dataclass
class Survey:
    """What a pass found: the `worst` lines of which nobody has said anything, the worst first, with their errors.

    `errors` are those to expect of all `lines`, `left` those of the `waiting` lines, of which nobody has said anything
    and which are not certain; `cer` is the share of wrong characters, 0..1, that was expected when they were read, None
    where it was not estimated. `left_out` tells which files are damaged.
    """

    lines: int = 0
    waiting: int = 0
    errors: float = 0.0
    left: float = 0.0
    cer: float | None = None
    worst: dict[Place, float] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def survey(storage: Storage, most: int = MOST) -> Survey:
    """Weigh all lines of OUT, and keep the `most` worst. Needs no lock: a run may be writing, or packing, meanwhile.

    Damaged files are named and left out. Raises NothingDone where a file of corrections is damaged.
    """
    found = Survey()
    decided = _decided(storage)
    heap: list[tuple[float, Place]] = []
    for collection, table in _tables(storage, found.left_out):
        errors = weigh(table)
        left = np.where(_open(table, collection, decided), errors, 0.0)
        found.lines += len(errors)
        found.errors += float(errors.sum())
        found.left += float(left.sum())
        found.waiting += int(np.count_nonzero(left))
        _keep(heap, table, collection, left, most)
    found.worst = {place: errors for errors, place in sorted(heap, key=lambda each: (-each[0], each[1]))}
    found.cer = _expected_cer(storage)
    return found


def weigh(lines: pa.Table) -> Floats:
    """The errors to expect of each line of a table with COLUMNS, in characters, as `applying.doubt` has them."""
    lists = lines["words"].combine_chunks()
    words = lists.flatten()
    counts = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    wrong = (1 - words.field("confidence").to_numpy().astype(np.float64)) * _lengths(words.field("text"))
    of_words = np.bincount(np.repeat(np.arange(len(counts)), counts), wrong, len(counts))
    of_text = (1 - lines["confidence"].to_numpy().astype(np.float64)) * _lengths(lines["text"])
    return np.where(counts > 0, of_words, of_text)


def _lengths(texts: pa.Array) -> Floats:
    return np.asarray(pc.utf8_length(texts).to_numpy(zero_copy_only=False), np.float64)


def _keep(heap: list[tuple[float, Place]], lines: pa.Table, collection: str, errors: Floats, most: int) -> None:
    """Put those lines of a table on the heap that are worse than the least bad of `most` there."""
    least = heap[0][0] if len(heap) >= most else 0.0
    wanted = np.flatnonzero(errors > least)
    chosen = wanted[np.argsort(-errors[wanted], kind="stable")[:most]]
    keys = lines.select(["document_id", "page", "line"]).take(pa.array(chosen))
    for error, row in zip(errors[chosen].tolist(), keys.to_pylist(), strict=True):
        heapq.heappush(heap, (error, Place(collection, **row)))
        if len(heap) > most:
            heapq.heappop(heap)


def _open(lines: pa.Table, collection: str, decided: Decided) -> npt.NDArray[np.bool_]:
    """Which lines of a table nobody has said anything of."""
    is_open = np.ones(len(lines), np.bool_)
    touched = np.flatnonzero(_is_of(lines, collection, decided).to_numpy())
    keys = lines.select(["document_id", "page", "line"]).take(pa.array(touched)).to_pylist()
    for place, key in zip(touched.tolist(), keys, strict=True):
        is_open[place] = (key["page"], key["line"]) not in decided[collection, key["document_id"]]
    return is_open


def _decided(storage: Storage) -> Decided:
    """Of documents with corrections; the pages that these tell of are read whole, since geometry finds the lines."""
    found: Decided = {}
    for collection, document_id in corrected_documents(storage):
        corrections = load(storage, collection, document_id)
        lines = found.setdefault((collection, document_id), set())
        for number in {each.page for each in corrections}:
            try:
                page = read_page(storage, collection, document_id, number)
            except (NothingDone, FileNotFoundError):  # told of when its lines are weighed, or not there any more
                continue
            lines |= {(number, place + 1) for place in (match(page, corrections).by_line if page else ())}
    return found


def _expected_cer(storage: Storage) -> float | None:
    """The share of wrong characters expected when the pages were read; of many documents, from a sample of SAMPLED."""
    step = sum(1 for _ in files_of(storage, "pages")) // SAMPLED + 1
    wrong, characters = 0.0, 0
    for collection, document_id, _ in islice(files_of(storage, "pages"), 0, None, step):
        with suppress(NothingDone, FileNotFoundError):  # told of when lines are weighed, or not there any more
            for expected, number in _judged_pages(storage, collection, document_id):
                wrong += expected * number
                characters += number
    return wrong / characters if characters else None


def _judged_pages(storage: Storage, collection: str, document_id: str) -> Iterator[tuple[float, int]]:
    """The expected share of wrong characters, and the characters, of the pages of a document that have both."""
    pages, lines = (
        read_table(storage, file_name(table, collection, document_id), columns)
        for table, columns in (("pages", ["page", "expected_cer"]), ("lines", ["page", "text"]))
    )
    characters: Counter[int] = Counter()
    for row in lines.to_pylist():
        characters[row["page"]] += len(row["text"])
    for row in pages.to_pylist():
        if row["expected_cer"] is not None:
            yield row["expected_cer"], characters[row["page"]]


def _tables(storage: Storage, left_out: list[str]) -> Iterator[tuple[str, pa.Table]]:
    """Collection and rows of all files of `lines`; of a document that lies alone and in a pack, those that lie alone.

    A file that goes meanwhile was replaced by another or withdrawn; the next pass finds what is there then.
    """
    names = [entry.name for entry in storage.list("lines/collection=") if entry.name.endswith(".parquet")]
    packs = [name for name in names if Pack.named(name)]
    alone = {parts(name)[1:]: name for name in names if not Pack.named(name)}
    for name in tqdm([*alone.values(), *packs], desc="weighing lines", unit="file", disable=None, leave=False):
        collection = parts(name)[1]
        try:
            rows = read_table(storage, name, list(COLUMNS))
        except NothingDone as error:
            left_out.append(str(error))
        except FileNotFoundError:
            continue
        else:
            yield collection, rows.filter(pc.invert(_is_of(rows, collection, alone))) if Pack.named(name) else rows


def _is_of(lines: pa.Table, collection: str, documents: Container[tuple[str, str]]) -> pa.ChunkedArray:
    """Which lines of a table are of these documents (collection and id)."""
    ids = [name for name in lines["document_id"].unique().to_pylist() if (collection, name) in documents]
    return pc.is_in(lines["document_id"], pa.array(ids, pa.string()))
