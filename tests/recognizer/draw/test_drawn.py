from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from recognizer.draw.drawn import TOGETHER, CannotWrite, Drawn, Task, row, save
from recognizer.samples import SCHEMA, load_lines
from tests.recognizer.draw.made import cells

DRAWN = Drawn(cells("abc"), "drawn-fonts", "Sans")


def test_chance_depends_on_the_line_and_the_attempt_alone() -> None:
    tasks = [Task(1, "a"), Task(1, "b"), Task(2, "a")]
    seen = [task.rng(attempt).integers(10**9) for task in tasks for attempt in (0, 1)]
    assert len(set(seen)) == 6
    assert seen[3] == Task(1, "b", ("others", "")).rng(1).integers(10**9)


def test_a_row_has_all_columns_and_the_line() -> None:
    found = row(Task(7, "“It’s”"), DRAWN, "eng")
    assert list(found) == SCHEMA.names
    assert (found["id"], found["text"], found["raw"]) == ("drawn-fonts#7", '"It\'s"', "“It’s”")
    assert (found["split"], found["script"], found["page"], found["height"]) == ("train", "hand", "Sans", 80)
    image = cv2.imdecode(np.frombuffer(found["image"], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape == DRAWN.image.shape
    assert np.abs(image.astype(int) - DRAWN.image).mean() < 4


def test_what_is_written_is_line_data(tmp_path: Path) -> None:
    file = tmp_path / "new" / "drawn.parquet"
    count = TOGETHER + 3
    assert save((row(Task(k, "abc"), DRAWN, "") for k in range(count)), file) == count
    assert pq.read_schema(file).names == SCHEMA.names
    data = load_lines([file], 80)
    assert (len(data.samples), data.skipped) == (count, {})
    assert list(file.parent.iterdir()) == [file]


def test_no_line_leaves_no_file(tmp_path: Path) -> None:
    assert save([], tmp_path / "drawn.parquet") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_breaks_off_is_not_left(tmp_path: Path) -> None:
    def broken() -> object:
        yield row(Task(1, "abc"), DRAWN, "")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        save(broken(), tmp_path / "drawn.parquet")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CannotWrite, match="name another file"):
        save([row(Task(1, "abc"), DRAWN, "")], tmp_path / "file" / "drawn.parquet")
