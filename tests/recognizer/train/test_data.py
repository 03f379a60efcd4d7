import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.alphabet import Alphabet
from recognizer.errors import TrainingError
from recognizer.train.data import LineData, Sample, batches, epoch, find_parquet, load_lines, trainable
from tests.recognizer.drawn import line, png, write_lines


def sample(name: str, text: str = "a", width: int = 100, dataset: str = "drawn") -> Sample:
    return Sample(name, np.zeros((56, width), np.uint8), text, dataset, "print", "eng")


def test_lines_are_decoded_scaled_and_folded(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "train-0.parquet", [{"text": " lineſ ’^ ", "image": png(line("ab", height=80))}])
    data = load_lines([file], 56)
    assert data.skipped == {}
    assert (data.samples[0].id, data.samples[0].text, data.samples[0].image.shape[0]) == ("line 0", "lines '", 56)
    assert load_lines([file], 80).samples[0].image.tobytes() == line("ab", height=80).tobytes()


def test_what_cannot_be_learned_is_left_out_counted_and_named(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "ab"},
        {"text": "cd", "image": b"no image"},
        {"text": "cd", "image": b""},
        {"text": "cd", "image": None},
        {"text": " ^ "},
        {"text": None},
        {"text": "ababababab", "image": png(line("a"))},
        {"text": "aaaaa", "image": png(line("a"))},
        {"text": "xyz"},
    ]
    read = load_lines([write_lines(tmp_path / "train.parquet", rows)], 56)
    assert read.skipped == {"unreadable image": ("line 1", "line 2", "line 3"), "empty text": ("line 4", "line 5")}
    data = trainable(read, Alphabet("abcd"), 4)
    assert [kept.id for kept in data.samples] == ["line 0", "line 7"]
    assert data.skipped["text too long for its width"] == ("line 6",)
    assert data.skipped["no known character"] == ("line 8",)


def test_a_text_needs_a_frame_for_every_symbol_and_between_equal_ones() -> None:
    data = LineData((sample("fits", "abab", 16), sample("repeats", "abb", 15), sample("long", "ababa", 19)), {})
    checked = trainable(data, Alphabet("ab"), 4)
    assert [kept.id for kept in checked.samples] == ["fits"]
    assert checked.skipped == {"text too long for its width": ("repeats", "long")}
    assert checked.counts()["left_out"]["text too long for its width"] == {"lines": 2, "first": ("repeats", "long")}


def test_the_limit_counts_lines_over_all_files(tmp_path: Path) -> None:
    files = [write_lines(tmp_path / f"train-{k}.parquet", [{"text": "a"}] * 3) for k in range(2)]
    assert [len(load_lines(files, 56, limit).samples) for limit in (0, 2, 4, None)] == [0, 2, 4, 6]


def test_files_of_a_split_are_found_in_folders_and_by_name(tmp_path: Path) -> None:
    for name in ("train-1", "train-0", "val", "other"):
        write_lines(tmp_path / f"{name}.parquet", [{"text": "a"}])
    assert [file.name for file in find_parquet([tmp_path], "train")] == ["train-0.parquet", "train-1.parquet"]
    named = [tmp_path / "train-1.parquet", tmp_path / "val.parquet"]
    assert find_parquet(named, "train") == named[:1]
    assert find_parquet(named, "val") == named[1:]


def test_missing_sources_and_splits_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="gone: no such file or folder"):
        find_parquet([tmp_path, tmp_path / "gone"], "train")
    with pytest.raises(TrainingError, match=r"no val\*\.parquet in .*; name folders that have some"):
        find_parquet([tmp_path], "val")


def test_files_that_are_no_line_parquet_are_named(tmp_path: Path) -> None:
    damaged, other = tmp_path / "train-0.parquet", tmp_path / "train-1.parquet"
    damaged.write_bytes(b"PAR1 not")
    pq.write_table(pa.table({"text": ["a"]}), other)
    with pytest.raises(TrainingError, match=r"train-0\.parquet: .*make or copy the file again"):
        load_lines([damaged], 56)
    with pytest.raises(TrainingError, match=r"train-1\.parquet: no column dataset, id, image"):
        load_lines([other], 56)


def test_an_epoch_draws_from_data_sets_by_the_square_root_of_their_sizes() -> None:
    samples = [sample(f"big {k}", dataset="big") for k in range(900)]
    samples += [sample(f"small {k}", dataset="small") for k in range(100)]
    drawn = epoch(samples, 1, 0)
    counts = Counter(samples[index].dataset for index in drawn)
    assert counts == {"big": 750, "small": 250}
    times = Counter(index for index in drawn if index >= 900)
    assert set(times.values()) == {2, 3}
    assert max(Counter(index for index in drawn if index < 900).values()) == 1


def test_epochs_are_the_same_again_and_differ_by_number_and_seed() -> None:
    samples = [sample(str(k)) for k in range(50)]
    assert epoch(samples, 1, 0) == epoch(samples, 1, 0)
    assert sorted(epoch(samples, 1, 0)) == list(range(50))
    assert len({tuple(epoch(samples, seed, number)) for seed in (1, 2) for number in (0, 1)}) == 4


@given(st.lists(st.integers(16, 400), max_size=60), st.integers(100, 2000), st.integers(1, 3), st.integers(0, 9))
def test_batches_hold_each_line_once_and_keep_to_their_size(
    widths: list[int], columns: int, least: int, seed: int
) -> None:
    groups = batches(widths, range(len(widths)), columns, least, random.Random(seed))
    for group in groups:
        assert len(group) >= least
        assert len(group) == 1 or max(widths[index] for index in group) * len(group) <= columns
    used = [index for group in groups for index in group]
    assert len(used) == len(set(used))
    if least == 1:
        assert sorted(used) == list(range(len(widths)))
