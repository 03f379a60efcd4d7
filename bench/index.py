"""`python -m bench.index OUT`: the word index over what OUT holds, repeated and perturbed to millions of rows.

How fast words are gathered and merged, and, in fresh processes, how long queries take and how much memory.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from pipeline.counting import counted
from pipeline.index.segments import Head, SegmentFile, load_manifest, merged, save_manifest, write_rows, write_segment
from pipeline.index.update import update_index
from pipeline.storage import LocalStorage
from pipeline.store import file_name

ROWS: Final = 10_000_000
PERTURBED: Final = 0.1  # share of the rows that get another letter
ROWS_A_PART: Final = 1_000_000
PAGES_A_DOCUMENT: Final = 50
WORDS: Final = 400_000
COLLECTION: Final = "default"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
QUERIES: Final = {
    "a word": "{rare}",
    "a frequent word": "{frequent}",
    "at most one letter wrong": "{rare}~1",
    "at most two letters wrong": "{rare}~2",
    "a beginning": "{start}*",
    "two words near each other": "{frequent} NEAR {second}",
    "a phrase": '"{frequent} {second}"',
}
CHILD: Final = """
import json, re, sys, time
from pipeline.search.command import Options, search
import numpy.ma, pipeline.search.output, pyarrow.compute, rapidfuzz.process, rapidfuzz.distance
began = time.monotonic()
search(Options(sys.argv[1], sys.argv[2], as_json=True), lambda message: None)
seconds = time.monotonic() - began
peak = re.search("VmHWM:\\\\s+([0-9]+)", open("/proc/self/status").read())[1]
print(json.dumps([seconds, int(peak) / 1024]))
"""
TRIES: Final = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.index", description=__doc__)
    parser.add_argument("output", type=Path, help="an OUT of `inkbeam digitize`")
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(options.output, Path(folder), options.rows), indent=1))


def measure(output: Path, work: Path, rows: int = ROWS) -> dict[str, Any]:
    """All figures, from the documents of an output."""
    return {
        "gathering": gathering(output, work / "gathered"),
        "merging": merging(output, work / "merged", rows),
        "queries": queries(output, work / "merged"),
    }


def gathering(output: Path, work: Path) -> dict[str, int]:
    """Words a second, from tables to an index, of documents of one page and of many."""
    rates = {}
    for pages in (1, PAGES_A_DOCUMENT):
        root = work / f"{pages}"
        words = _repeat_documents(output, root, pages)
        began = time.monotonic()
        update_index(str(root), workers=os.cpu_count() or 1)
        rates[f"words a second of documents of {counted(pages, 'page')}"] = round(words / (time.monotonic() - began))
    return rates


def _repeat_documents(output: Path, root: Path, pages: int) -> int:
    """An output of documents with so many pages each, of one table's rows again and again; how many words it has."""
    tables = {
        table: [pq.ParquetFile(path).read() for path in sorted((output / table).rglob("*.parquet"))]
        for table in ("lines", "pages")
    }
    words = 0
    for number in count():
        name = f"d{number:06}"
        for table, of in tables.items():
            chosen = [of[(number * pages + page) % len(of)] for page in range(pages)]
            renamed = [_replaced(t, {"document_id": name, "page": k}) for k, t in enumerate(chosen, 1)]
            path = root / file_name(table, COLLECTION, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.concat_tables(renamed), path, compression="zstd")
            if table == "lines":
                words += sum(pc.sum(pc.list_value_length(t["words"])).as_py() or 0 for t in renamed)
        if words >= WORDS:
            return words
    raise AssertionError("unreachable")


def _replaced(table: pa.Table, values: Mapping[str, Any]) -> pa.Table:
    """The table with the same value in all rows of these columns."""
    for name, value in values.items():
        kind = table.schema.field(name)
        table = table.set_column(
            table.schema.get_field_index(name), kind, pa.repeat(pa.scalar(value, kind.type), len(table))
        )
    return table


def merging(output: Path, root: Path, rows: int) -> dict[str, float]:
    """Rows a second of merging sorted parts into one segment of so many rows, and its size."""
    storage = LocalStorage(str(root))
    parts = [f"index/part-{number:08}.parquet" for number in range(max(1, rows // ROWS_A_PART))]
    copies = _perturbed_copies(output, root)
    for name in tqdm(parts, desc="parts"):
        tables = [next(copies)]
        while sum(table.num_rows for table in tables) < ROWS_A_PART:
            tables.append(next(copies))
        keys = [(key, "ascending") for key in ("token", "document_id", "page", "position")]
        write_rows(storage, name, [pa.concat_tables(tables).sort_by(keys)])
    began = time.monotonic()
    heads = [Head(SegmentFile(storage, name), pa.array([], pa.string())) for name in parts]
    segment = write_segment(storage, 1, merged(heads), {})
    seconds = time.monotonic() - began
    save_manifest(storage, [segment])
    return {
        "rows": segment.rows,
        "rows a second": round(segment.rows / seconds),
        "bytes a row": round((root / segment.words).stat().st_size / segment.rows, 1),
    }


def _perturbed_copies(output: Path, root: Path) -> Iterator[pa.Table]:
    """The rows of an index again and again, as if of other documents; the tables of these are linked below root."""
    storage = LocalStorage(str(output))
    rows = pa.concat_tables([pq.ParquetFile(output / s.words).read() for s in load_manifest(storage) or []])
    chance = np.random.default_rng(1)
    places = [(path, path.relative_to(output)) for t in ("lines", "pages") for path in (output / t).rglob("*.parquet")]
    for number in count():
        for path, name in places:
            link = root / name.with_stem(f"{name.stem}-{number}")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(path)
        tokens = rows["token"].to_numpy(zero_copy_only=False).copy()
        for row in np.flatnonzero(chance.random(len(tokens)) < PERTURBED):
            place = chance.integers(len(tokens[row]))
            tokens[row] = tokens[row][:place] + LETTERS[chance.integers(len(LETTERS))] + tokens[row][place + 1 :]
        renamed = pc.binary_join_element_wise(rows["document_id"], str(number), "-")
        yield (
            rows.set_column(0, "token", pa.array(tokens, pa.string()))
            .set_column(rows.schema.get_field_index("document_id"), "document_id", renamed)
            .cast(rows.schema)
        )


def queries(output: Path, root: Path) -> dict[str, dict[str, Any]]:
    """Median seconds without imports, and most MB, of queries, each in a fresh process."""
    tokens = pa.concat_tables([pq.read_table(path) for path in (output / "index").glob("tokens-*.parquet")])
    long = tokens.filter(pc.greater_equal(pc.utf8_length(tokens["token"]), 6)).sort_by([("rows", "descending")])
    frequent, second = tokens.sort_by([("rows", "descending")])["token"].to_pylist()[:2]
    rare = long["token"][long.num_rows // 2].as_py()
    words = {"frequent": frequent, "second": second, "rare": rare, "start": rare[:4]}
    return {name: _timed(root, query.format(**words)) for name, query in QUERIES.items()}


def _timed(root: Path, query: str) -> dict[str, Any]:
    """As users have it: nothing keeps Arrow to one thread."""
    command = [sys.executable, "-c", CHILD, str(root), query]
    free = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    runs = [
        json.loads(subprocess.run(command, env=free, capture_output=True, text=True, check=True).stdout)
        for _ in range(TRIES)
    ]
    seconds, megabytes = zip(*runs, strict=True)
    return {"query": query, "seconds": round(median(seconds), 3), "megabytes": round(max(megabytes))}


if __name__ == "__main__":
    main()
