"""Many small files become packs, where there are enough. The order of steps is that of `pipeline.packs`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby, islice
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from pipeline import state
from pipeline.packs.reader import DAMAGE, Pack, load_map, parts
from pipeline.packs.writer import map_rows, next_number, save_map, write_pack
from pipeline.storage import AT_ONCE, Entry, Storage

TABLES: Final = ("lines", "pages", "baseline", "failures", "documents")
SMALL: Final = 16_000_000
"""Bytes of the largest file that is packed."""
BYTES: Final = 128_000_000
FILES: Final = 5_000
"""A pack is made of so many files, or of fewer that have so many bytes together."""
SAMPLE: Final = 100
"""Files that tell the schema of a pack."""


def pack(storage: Storage, retries: int) -> None:
    """Pack the small files of documents that are done, but for those that a run tries again by itself (`retries` as in
    the settings). Files that are damaged, or of another schema version than most of a sample, are left alone.

    Nobody else may be writing. Raises NothingDone where a map is damaged or the disk full.
    """
    for table in TABLES:
        small = [entry for entry in storage.list(f"{table}/collection=") if _is_small(entry)]
        if not any(_batches(small)):
            continue
        done = state.settled(storage, retries)
        rows = load_map(storage, table)
        batches = list(_batches(entry for entry in small if parts(entry.name)[2] in done))
        for batch in tqdm(batches, desc=f"packing {table}", unit="pack", disable=None):
            rows = _pack(storage, table, rows, batch)


def _is_small(entry: Entry) -> bool:
    return entry.size <= SMALL and Pack.named(entry.name) is None


def _batches(files: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Files of a collection each, enough for a pack; what is left over is not there."""
    for _, of in groupby(files, key=lambda file: parts(file.name)[1]):
        batch: list[Entry] = []
        size = 0
        for file in of:
            batch.append(file)
            size += file.size
            if size >= BYTES or len(batch) >= FILES:
                yield batch
                batch, size = [], 0


def _pack(storage: Storage, table: str, rows: pa.Table, batch: Sequence[Entry]) -> pa.Table:
    """Make one pack; the new map, which is saved."""
    files = {parts(file.name)[2]: file for file in batch}
    made = Pack(table, parts(batch[0].name)[1], next_number(rows))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        contents = dict(zip(files, pool.map(storage.read, (file.name for file in batch)), strict=True))
        columns = _most_frequent(islice(contents.values(), 0, None, 1 + len(contents) // SAMPLE))
        ids = write_pack(storage, made, _tables(contents, columns))
        versions = [(files[name].size, files[name].modified) for name in ids]
        rows = save_map(storage, table, pa.concat_tables([rows, map_rows(made, ids, versions)]))
        list(pool.map(storage.delete, (files[name].name for name in ids)))
    return rows


def _most_frequent(contents: Iterable[bytes]) -> pa.Schema:
    """The schema that most files have, of those that are not damaged; an empty one where all are."""
    counts: Counter[bytes] = Counter()
    schemas: dict[bytes, pa.Schema] = {}
    for content in contents:
        with suppress(*DAMAGE):
            found = pq.read_schema(pa.BufferReader(content))
            key = found.serialize().to_pybytes()
            counts[key] += 1
            schemas[key] = found
    return schemas[counts.most_common(1)[0][0]] if counts else pa.schema([])


def _tables(contents: Mapping[str, bytes], columns: pa.Schema) -> Iterator[tuple[str, pa.Table]]:
    """The rows of documents whose file has this schema and is not damaged, in order of their ids."""
    for document_id in sorted(contents):
        with suppress(*DAMAGE):
            table = pq.ParquetFile(pa.BufferReader(contents[document_id])).read(use_threads=False)
            if table.schema.equals(columns, check_metadata=True):
                yield document_id, table
