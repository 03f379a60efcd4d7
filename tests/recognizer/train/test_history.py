import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.train import history
from recognizer.train.history import Record

RECORDS = [Record(100 * k, 9.5 * k, 1600 * k, 1e-3, 2.0 / k, 0.5 / k, 0.9 / k) for k in (1, 2, 3)]


def written(folder: Path, records: list[Record] = RECORDS) -> Path:
    for record in records:
        history.append(folder, record)
    return folder / history.NAME


def test_records_come_back_in_order(tmp_path: Path) -> None:
    written(tmp_path)
    assert history.read(tmp_path) == RECORDS


def test_a_folder_without_history_has_no_records(tmp_path: Path) -> None:
    assert history.read(tmp_path) == []


def test_records_without_judging_and_without_a_finite_loss_survive(tmp_path: Path) -> None:
    history.append(tmp_path, Record(1, 0.5, 16, 1e-5, math.inf))
    (record,) = history.read(tmp_path)
    assert (record.cer, record.wer, record.loss) == (None, None, math.inf)


@given(cut=st.integers(1, 10_000), tail=st.binary(max_size=5))
def test_a_torn_end_costs_the_last_record_alone(
    tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    path = written(folder)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    torn = whole[: len(whole) - 2 - cut % (len(last) - 2)]
    path.write_bytes(torn + tail.replace(b"\n", b"").replace(b"}", b""))
    assert history.read(folder) == RECORDS[:2]


def test_rewinding_drops_what_came_later_and_mends_the_end(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    assert history.rewind(tmp_path, 250) == RECORDS[:2]
    history.append(tmp_path, RECORDS[2])
    assert history.read(tmp_path) == RECORDS
    assert history.rewind(tmp_path, 100) == RECORDS[:1]
    assert [file.name for file in tmp_path.iterdir()] == [history.NAME]


def test_rewinding_nothing_leaves_an_empty_history(tmp_path: Path) -> None:
    assert history.rewind(tmp_path, 0) == []
    assert history.read(tmp_path) == []


@pytest.mark.parametrize("line", ["", "7", "[]", "null", "{}", '{"step": 1}', '{"surprise": 2}'])
def test_what_is_no_record_is_passed_over(tmp_path: Path, line: str) -> None:
    path = written(tmp_path)
    path.write_text(line + "\n" + path.read_text())
    assert history.read(tmp_path) == RECORDS
