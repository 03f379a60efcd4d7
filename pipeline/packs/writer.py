"""Packs and maps written: a pack from the rows of documents that come one by one."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.packs.reader import DOCUMENTS, KEY, LAST, MAP, Pack, map_name
from pipeline.storage import Storage
from pipeline.store import repeated

ROWS_A_GROUP: Final = 2_048
"""Some eighty pages of lines: few enough that one document is read in a few milliseconds, and enough to compress."""
MAP_ROWS_A_GROUP: Final = 16_384

Version = tuple[int, float]
"""Size in bytes of a file that was packed, and the time of its last change in seconds since 1970."""


def write_pack(storage: Storage, pack: Pack, documents: Iterable[tuple[str, pa.Table]]) -> list[str]:
    """Write the rows of documents, which come in order of their ids and have one schema; these ids. Without any,
    nothing is written. Holds a group of rows at a time.
    """
    groups = _groups(documents)
    first = next(groups, None)
    if first is None:
        return []
    columns = first[1].schema
    ids: list[str] = []
    last: list[str] = []
    with storage.create(pack.name) as file, _writer(file, columns) as writer:
        for names, rows in chain([first], groups):
            ids += names
            if rows.num_rows:
                last.append(names[-1])
                writer.write_table(rows, rows.num_rows)
        writer.add_key_value_metadata({DOCUMENTS: json.dumps(ids), LAST: json.dumps(last)})
    return ids


def map_rows(pack: Pack, ids: Sequence[str], versions: Sequence[Version]) -> pa.Table:
    """Rows of the map for documents of a pack, whose files had these versions."""
    same = [pack.collection] * len(ids), [pack.number] * len(ids)
    columns = ids, *same, [size for size, _ in versions], [modified for _, modified in versions]
    return pa.Table.from_arrays([pa.array(*each) for each in zip(columns, MAP.types, strict=True)], schema=MAP)


def next_number(rows: pa.Table) -> int:
    """Of a new pack of the table that has this map."""
    return 1 + (pc.max(rows["pack"]).as_py() or 0)


def save_map(storage: Storage, table: str, rows: pa.Table) -> pa.Table:
    """Replace the map of a table, or delete it when there are no rows; these rows, sorted."""
    if not rows.num_rows:
        storage.delete(map_name(table))
        return rows
    ordered = rows.sort_by(KEY)
    ends = [min(start + MAP_ROWS_A_GROUP, len(ordered)) - 1 for start in range(0, len(ordered), MAP_ROWS_A_GROUP)]
    last = json.dumps(ordered[KEY].take(ends).to_pylist())
    sink = pa.BufferOutputStream()
    pq.write_table(
        ordered.replace_schema_metadata({**MAP.metadata, LAST: last}),
        sink,
        compression="zstd",
        use_dictionary=["collection", "pack"],
        row_group_size=MAP_ROWS_A_GROUP,
    )
    storage.write(map_name(table), sink.getvalue())
    return ordered


def _groups(documents: Iterable[tuple[str, pa.Table]]) -> Iterator[tuple[list[str], pa.Table]]:
    """Ids and rows of whole documents."""
    ids: list[str] = []
    tables: list[pa.Table] = []
    rows = 0
    for document_id, table in documents:
        ids.append(document_id)
        tables.append(table)
        rows += table.num_rows
        if rows >= ROWS_A_GROUP:
            yield ids, pa.concat_tables(tables)
            ids, tables, rows = [], [], 0
    if ids:
        yield ids, pa.concat_tables(tables)


def _writer(file: BinaryIO, columns: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        file,
        columns,
        compression="zstd",
        use_dictionary=repeated(columns),
        write_statistics=[KEY],
        sorting_columns=pq.SortingColumn.from_ordering(columns, [(KEY, "ascending")]),
    )
