from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recognizer.errors import TrainingError
from recognizer.policy import TextPolicy
from recognizer.samples import LineData, Sample, find_parquet, load_lines, load_unread, rows, write_rows
from tests.recognizer.drawn import line, png, write_lines


def names(samples: tuple[Sample, ...]) -> list[str]:
    return [sample.id for sample in samples]


def test_lines_are_decoded_scaled_and_put_under_the_policy(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "train-0.parquet", [{"text": " lineſ ’^ ", "image": png(line("ab", height=80))}])
    data = load_lines([file], 56)
    assert data.skipped == {}
    (sample,) = data.samples
    assert (sample.id, sample.text, sample.raw, sample.image.shape[0]) == ("line 0", "lines '", " lineſ ’^ ", 56)
    (kept,) = load_lines([file], 80, policy=TextPolicy.named("diplomatic")).samples
    assert kept.text == "lineſ ’^"
    assert kept.image.tobytes() == line("ab", height=80).tobytes()


def test_the_transcribers_own_text_is_taken_where_there_is_one(tmp_path: Path) -> None:
    given: list[dict[str, Any]] = [{"text": "a", "raw": "ſ"}, {"text": "b", "raw": None}]
    data = load_lines([write_lines(tmp_path / "train.parquet", given)], 48, policy=TextPolicy.named("diplomatic"))
    assert [sample.text for sample in data.samples] == ["ſ", "b"]


def test_what_cannot_be_used_is_left_out_counted_and_named(tmp_path: Path) -> None:
    given: list[dict[str, Any]] = [
        {"text": "ab"},
        {"text": "cd", "image": b"no image"},
        {"text": "cd", "image": b""},
        {"text": "cd", "image": None},
        {"text": " ^ "},
        {"text": None},
        {"text": "e", "split": "dev"},
    ]
    given = [{"split": "train", **row} for row in given]
    data = load_lines([write_lines(tmp_path / "lines.parquet", given)], 56)
    assert names(data.samples) == ["line 0"]
    assert data.skipped == {
        "unreadable image": ("line 1", "line 2", "line 3"),
        "empty text": ("line 4", "line 5"),
        "unknown split 'dev'": ("line 6",),
    }
    assert data.counts()["left_out"]["unreadable image"] == {"lines": 3, "first": ["line 1", "line 2", "line 3"]}


def test_samples_may_be_left_out_for_a_reason(tmp_path: Path) -> None:
    given: list[dict[str, Any]] = [{"text": "ab"}, {"text": "^"}, {"text": "b"}]
    data = load_lines([write_lines(tmp_path / "train.parquet", given)], 56)
    fewer = data.without(lambda sample: "short" if len(sample.text) < 2 else None)
    assert names(fewer.samples) == ["line 0"]
    assert fewer.skipped == {"empty text": ("line 1",), "short": ("line 2",)}


def test_splits_are_told_by_the_column_or_by_the_name_of_the_file(tmp_path: Path) -> None:
    files = [write_lines(tmp_path / f"{name}-0.parquet", [{"text": "a", "id": name}]) for name in ("val", "test", "my")]
    files.append(write_lines(tmp_path / "train.parquet", [{"text": "a", "id": "told", "split": "val"}]))
    assert names(load_lines(files, 48, {"val"}).samples) == ["val", "told"]
    assert names(load_lines(files, 48, {"train"}).samples) == ["my"]
    assert len(load_lines(files, 48).samples) == 4


def test_the_limit_counts_lines_of_each_split_over_all_files(tmp_path: Path) -> None:
    files = [write_lines(tmp_path / f"train-{k}.parquet", [{"text": "a"}] * 3) for k in range(2)]
    files.append(write_lines(tmp_path / "val.parquet", [{"text": "a"}] * 3))
    assert [len(load_lines(files, 56, limit=limit).samples) for limit in (0, 2, 4, None)] == [0, 4, 7, 9]


def test_files_are_found_in_folders_and_by_name(tmp_path: Path) -> None:
    for name in ("train-1", "train-0", "val"):
        write_lines(tmp_path / f"{name}.parquet", [{"text": "a"}])
    assert [file.name for file in find_parquet([tmp_path])] == ["train-0.parquet", "train-1.parquet", "val.parquet"]
    assert find_parquet([tmp_path / "val.parquet"]) == [tmp_path / "val.parquet"]


def test_missing_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="gone: no such file or folder"):
        find_parquet([tmp_path / "gone"])
    with pytest.raises(TrainingError, match="no Parquet file in it; name line Parquet"):
        find_parquet([tmp_path])


def test_files_that_are_no_line_parquet_are_named(tmp_path: Path) -> None:
    damaged, other = tmp_path / "train-0.parquet", tmp_path / "train-1.parquet"
    damaged.write_bytes(b"PAR1 not")
    pq.write_table(pa.table({"text": ["a"]}), other)
    with pytest.raises(TrainingError, match=r"train-0\.parquet: .*make or copy the file again"):
        load_lines([damaged], 56)
    with pytest.raises(TrainingError, match=r"train-1\.parquet: no column id, image; lines need id, image, text"):
        load_lines([other], 56)


def test_columns_that_are_welcome_may_be_missing(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["x"], "image": [png(line("a"))], "text": ["a"]}), tmp_path / "test.parquet")
    (sample,) = load_lines([tmp_path / "test.parquet"], 56).samples
    assert (sample.dataset, sample.script, sample.page, sample.split) == ("", "", "", "test")


def test_lines_are_written_as_they_stand_and_joined(tmp_path: Path) -> None:
    told = {"raw": "Ab", "page": "p"}
    given = [{"text": "ab", "split": "train", **told}, {"text": "cd", "split": "val"}]
    source = write_lines(tmp_path / "train.parquet", given)
    write_rows(tmp_path / "new" / "copy.parquet", rows(source))
    assert list(rows(tmp_path / "new" / "copy.parquet")) == list(rows(source))
    train, val = (load_lines([source], 56, {split}) for split in ("train", "val"))
    assert names(val.joined(train).samples) == ["line 1", "line 0"]
    left_out = LineData((), {"a": ("x",)}).joined(LineData((), {"a": ("y",), "b": ("z",)}))
    assert left_out.skipped == {"a": ("x", "y"), "b": ("z",)}
    with pytest.raises(TrainingError, match="give another --output"):
        write_rows(source / "below a file.parquet", [])


def test_texts_of_unread_lines_are_not_looked_at(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "train.parquet", [{"text": "ab", "raw": "Ab"}, {"text": "cd", "image": b"none"}])
    data = load_unread(file, 56)
    (sample,) = data.samples
    assert (sample.text, sample.raw, sample.image.shape[0]) == ("", "", 56)
    assert data.skipped == {"unreadable image": ("line 1",)}
