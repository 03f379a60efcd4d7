from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cutting import Cut, row, write
from pipeline.pairing import Tally
from recognizer.samples import SCHEMA, load_lines


def table(*names: str) -> pa.Table:
    image = np.full((80, 120), 200, np.uint8)
    rows = [row(name, image, dataset="d", page="p", line=1, text="ab", language="eng", split="val") for name in names]
    return pa.Table.from_pylist(rows, SCHEMA)


def test_a_file_says_what_it_was_made_from_and_what_was_left_out(tmp_path: Path) -> None:
    left_out = Tally()

    def pages() -> Iterator[pa.Table]:
        yield table("a", "b")
        left_out.add("reason", "found while cutting")
        yield table("c")

    made = write(tmp_path / "new" / "lines.parquet", pages(), "inputs", left_out)
    assert (made.lines, made.left_out) == (3, {"reason": ("found while cutting",)})
    assert Cut.load(made.path) == made == Cut.made_from("inputs", made.path)
    assert Cut.made_from("others", made.path) is None
    assert [path.name for path in made.path.parent.iterdir()] == ["lines.parquet"]
    assert "3 lines\nleft out: 1 x reason (found while cutting)" in made.table()
    assert [(sample.id, sample.split) for sample in load_lines([made.path], 80).samples] == [
        (name, "val") for name in "abc"
    ]


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def pages() -> Iterator[pa.Table]:
        yield table("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "lines.parquet", pages(), "inputs", Tally())
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_say_nothing(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "other.parquet")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1")
    for name in ("other", "damaged", "missing"):
        assert Cut.load(tmp_path / f"{name}.parquet") is None
