"""Segments of the word index: sorted Parquet files, merged row group by row group, whatever their size.

words/segment-NUMBER.parquet      the rows, sorted by token, document, page and position
index/tokens-NUMBER.parquet       its different tokens, sorted, with the number of their rows
index/documents-NUMBER.parquet    its documents, each with the version that was indexed
index/manifest.json               the numbers of the segments that count; files of others are leftovers
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.failures import NothingDone
from pipeline.index.rows import Ints
from pipeline.schema import REPEATED, SCHEMA_VERSION, schema
from pipeline.storage import Storage

MANIFEST: Final = "index/manifest.json"
FOLDERS: Final = ("words/", "index/")
ROWS_A_GROUP: Final = 32_768
"""Few enough that a query reads little, many enough that the list of groups, which it reads whole, stays short."""
ROWS_A_PAGE: Final = 2_048
# Of the different tokens in a group, of which natural language has some thousands.
BLOOM: Final = {"ndv": 4_096, "fpp": 0.05}

TOKENS: Final = pa.schema([("token", pa.string()), ("rows", pa.int64())], metadata={"schema_version": SCHEMA_VERSION})
DOCUMENTS: Final = pa.schema(
    [("document_id", pa.string()), ("version", pa.string())],
    metadata={"schema_version": SCHEMA_VERSION},
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One sorted piece of the index."""

    number: int
    rows: int

    @property
    def words(self) -> str:
        """Name of the file of its rows."""
        return f"words/segment-{self.number:08}.parquet"

    @property
    def tokens(self) -> str:
        """Name of the file of its tokens."""
        return f"index/tokens-{self.number:08}.parquet"

    @property
    def documents(self) -> str:
        """Name of the file of its documents."""
        return f"index/documents-{self.number:08}.parquet"


def load_manifest(storage: Storage) -> list[Segment] | None:
    """The segments that count, the oldest first; None where there is no index. Raises NothingDone when damaged."""
    try:
        content = storage.read(MANIFEST)
    except FileNotFoundError:
        return None
    try:
        return [Segment(**segment) for segment in json.loads(content)["segments"]]
    except (ValueError, KeyError, TypeError) as error:
        raise NothingDone(
            f"{storage.root}/{MANIFEST} is damaged ({error}). Remove it and run `inkbeam index {storage.root}`"
        ) from error


def save_manifest(storage: Storage, segments: Sequence[Segment]) -> None:
    """Make these segments the index."""
    content = {"segments": [asdict(segment) for segment in segments]}
    storage.write(MANIFEST, json.dumps(content, indent=1).encode())
    remove_leftovers(storage, segments)


def remove_leftovers(storage: Storage, segments: Sequence[Segment]) -> None:
    """Remove the files of all segments but these: of earlier ones, and of updates that were killed."""
    counting = {MANIFEST} | {name for s in segments for name in (s.words, s.tokens, s.documents)}
    for folder in FOLDERS:
        for entry in list(storage.list(folder)):
            if entry.name not in counting:
                storage.delete(entry.name)


def write_segment(storage: Storage, number: int, rows: Iterable[pa.Table], documents: Mapping[str, str]) -> Segment:
    """Write a segment of sorted rows that come in pieces; `documents` are all of them with their versions."""
    made = Segment(number, 0)
    counted = write_rows(storage, made.words, rows)
    for name, table in ((made.tokens, counted.table()), (made.documents, _documents(documents))):
        with storage.create(name) as file, _writer(file, table.schema) as writer:
            writer.write_table(table, ROWS_A_GROUP)
    return Segment(number, counted.rows)


def write_rows(storage: Storage, name: str, rows: Iterable[pa.Table]) -> "Counter":
    """Write sorted rows that come in pieces to one file; how many there are of each token."""
    counted = Counter()
    with storage.create(name) as file, _writer(file, schema("words")) as writer:
        for group in _grouped(rows):
            counted.count(group.column("token"))
            writer.write_table(group, ROWS_A_GROUP)
    return counted


def merged(heads: Sequence["Head"]) -> Iterator[pa.Table]:
    """The rows of sorted files as one sorted sequence. No document may be in two of them.

    Holds about one row group of each.
    """
    while filled := [head for head in heads if head.fill()]:
        bound = min(head.last for head in filled)
        cuts = [cut for head in filled if (cut := head.take(bound)).num_rows]
        yield cuts[0] if len(cuts) == 1 else _sorted(pa.concat_tables(cuts))


class DamagedIndex(NothingDone):
    """A file of the index is damaged or missing."""

    def __init__(self, root: str, name: str, why: Exception) -> None:
        super().__init__(f"{root}/{name} is damaged or missing ({why}); `inkbeam index {root}` makes it anew")


class SegmentFile:
    """A Parquet file of the index, open until `close` is called. All it does may raise DamagedIndex."""

    def __init__(self, storage: Storage, name: str) -> None:
        self._root, self.name = storage.root, name
        with self._explained(), ExitStack() as opened:
            content = opened.enter_context(storage.open(name))
            self._file = pq.ParquetFile(content)
            self.close = opened.pop_all().close

    def bounds(self) -> Iterator[tuple[int, str, str]]:
        """Groups of rows, each with its first and last token."""
        for group in range(self._file.num_row_groups):
            statistics = self._file.metadata.row_group(group).column(0).statistics
            yield group, statistics.min, statistics.max

    def groups(self) -> Iterator[pa.Table]:
        """All rows, group by group."""
        return (self.rows([group]) for group in range(self._file.num_row_groups))

    def rows(self, groups: Sequence[int]) -> pa.Table:
        """The rows of some groups."""
        with self._explained():
            return self._file.read_row_groups(list(groups))

    def column(self, name: str) -> pa.ChunkedArray:
        """All of a column."""
        with self._explained():
            return self._file.read(columns=[name]).column(name)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            raise DamagedIndex(self._root, self.name, error) from error


class Head:
    """The rows of a file, but those of some documents, that were not taken yet."""

    def __init__(self, file: SegmentFile, without: pa.Array) -> None:
        self._groups = file.groups()
        self._without = without
        self._rows = schema("words").empty_table()

    def fill(self) -> bool:
        """Read on if nothing is left; whether there is anything."""
        while not self._rows.num_rows:
            group = next(self._groups, None)
            if group is None:
                return False
            kept = pc.invert(pc.is_in(group.column("document_id"), self._without))
            self._rows = group.filter(kept) if len(self._without) else group
        return True

    @property
    def last(self) -> tuple[str, str]:
        """Token and document of the last row."""
        return self._key(self._rows.num_rows - 1)

    def take(self, bound: tuple[str, str]) -> pa.Table:
        """The rows up to the bound, which are then gone from here."""
        low, high = 0, self._rows.num_rows
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._key(middle) <= bound else (low, middle)
        taken, self._rows = self._rows[:low], self._rows[low:]
        return taken

    def _key(self, row: int) -> tuple[str, str]:
        return self._rows["token"][row].as_py(), self._rows["document_id"][row].as_py()


def _sorted(rows: pa.Table) -> pa.Table:
    """By token and document; what is equal there stays in order."""
    keys = [_ranks(rows.column(name)) for name in ("document_id", "token")]
    return rows.take(pa.array(np.lexsort(keys)))


def _ranks(texts: pa.ChunkedArray) -> Ints:
    """Of each text its place among all different ones."""
    encoded = texts.combine_chunks().dictionary_encode()
    order = pc.array_sort_indices(encoded.dictionary).to_numpy()
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    found: Ints = ranks[encoded.indices.to_numpy()]
    return found


def _grouped(rows: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of ROWS_A_GROUP, but for the last."""
    waiting: list[pa.Table] = []
    for piece in rows:
        waiting.append(piece)
        if sum(table.num_rows for table in waiting) >= ROWS_A_GROUP:
            table = pa.concat_tables(waiting)
            whole = table.num_rows - table.num_rows % ROWS_A_GROUP
            for start in range(0, whole, ROWS_A_GROUP):
                yield table[start : start + ROWS_A_GROUP]
            waiting = [table[whole:]]
    rest = pa.concat_tables(waiting) if waiting else None
    if rest is not None and rest.num_rows:
        yield rest


class Counter:
    """Counts the rows of each token as they pass, sorted."""

    def __init__(self) -> None:
        self.rows = 0
        self._pieces: list[pa.Table] = []

    def count(self, tokens: pa.ChunkedArray) -> None:
        """Take note of a group's tokens."""
        self.rows += len(tokens)
        ends = pc.run_end_encode(tokens.combine_chunks())
        lengths = np.diff(ends.run_ends.to_numpy(), prepend=0)
        self._pieces.append(pa.Table.from_arrays([ends.values, pa.array(lengths, pa.int64())], schema=TOKENS))

    def table(self) -> pa.Table:
        """All tokens with the number of their rows; one that goes over the end of a group once."""
        if not self._pieces:
            return TOKENS.empty_table()
        grouped = pa.concat_tables(self._pieces).group_by("token", use_threads=False).aggregate([("rows", "sum")])
        return pa.Table.from_arrays([grouped["token"], grouped["rows_sum"]], schema=TOKENS)


def _documents(versions: Mapping[str, str]) -> pa.Table:
    ordered = sorted(versions.items())
    return pa.Table.from_arrays([[name for name, _ in ordered], [version for _, version in ordered]], schema=DOCUMENTS)


def _writer(file: object, columns: pa.Schema) -> pq.ParquetWriter:
    """Settings under which those who open the files find a token by statistics, page index and bloom filter.

    All of it for the first column alone, by which rows are sorted: of others it would make what a query reads longer.
    """
    key = columns.names[0]
    return pq.ParquetWriter(
        file,
        columns,
        compression="zstd",
        use_dictionary=[name for name in columns.names if name in (*REPEATED, "token", "text", "collection", "rank")],
        write_page_index=True,
        max_rows_per_page=ROWS_A_PAGE,
        write_statistics=[key],
        sorting_columns=pq.SortingColumn.from_ordering(columns, [(key, "ascending")]),
        bloom_filter_options={key: BLOOM},
    )


def documents_of(storage: Storage, segment: Segment) -> Mapping[str, str]:
    """The documents of a segment with the versions that were indexed. Raises DamagedIndex, also for its other files."""
    columns = []
    for name, wanted in ((segment.documents, DOCUMENTS.names), (segment.words, ()), (segment.tokens, ())):
        with closing(SegmentFile(storage, name)) as file:
            columns += [file.column(column).to_pylist() for column in wanted]
    return dict(zip(*columns, strict=True))
