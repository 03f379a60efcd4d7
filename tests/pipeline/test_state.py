from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import state
from pipeline.failures import NothingDone
from pipeline.state import DocumentState
from pipeline.storage import LocalStorage

ROW = DocumentState("a-1", "default", "/in/ä.pdf", 1, 2, "st", "sha", "rev", ("hocr/a-1/1.hocr",), 1, 0, 0, 1)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path))


def without_files(row: DocumentState) -> DocumentState:
    return replace(row, files=())


def test_rows_are_folded_once_and_loaded(storage: LocalStorage) -> None:
    state.write_row(storage, ROW, {"read": 1})
    (report,) = state.fold(storage)
    assert (report.row, report.figures) == (ROW, {"read": 1})
    assert state.fold(storage) == []
    assert state.load(storage) == {"a-1": without_files(ROW)}


def test_a_later_row_wins_also_after_a_kill_between_segment_and_deletion(storage: LocalStorage) -> None:
    state.write_row(storage, ROW, {})
    state.fold(storage)
    newer = replace(ROW, revision="newer")
    state.write_row(storage, newer, {})
    left_over = storage.read("state/new/a-1.json")
    state.fold(storage)
    storage.write("state/new/a-1.json", left_over)
    state.fold(storage)
    assert state.load(storage) == {"a-1": without_files(newer)}


def test_many_segments_are_merged_into_one(storage: LocalStorage) -> None:
    for k in range(3 * state.MOST_SEGMENTS):
        state.append(storage, [replace(ROW, id=f"d-{k % 20}", tries=k)])
    segments = list(storage.list("state/rows-"))
    assert len(segments) <= state.MOST_SEGMENTS
    rows = state.load(storage)
    assert len(rows) == 20
    assert rows["d-7"].tries == max(k for k in range(3 * state.MOST_SEGMENTS) if k % 20 == 7)


def test_a_damaged_segment_is_named_with_the_way_out(storage: LocalStorage) -> None:
    storage.write("state/rows-00000001.parquet", b"not Parquet")
    with pytest.raises(NothingDone, match=r"rows-00000001\.parquet is damaged.*remove it"):
        state.load(storage)


def test_a_hundred_thousand_rows(storage: LocalStorage) -> None:
    state.append(storage, [replace(ROW, id=f"d-{k}") for k in range(100_000)])
    assert len(state.load(storage)) == 100_000
    assert len(list(storage.list("state/"))) == 1


def test_rows_are_forgotten_in_every_segment(storage: LocalStorage) -> None:
    for ids in (("a", "b"), ("a",), ("c",)):
        state.append(storage, [replace(ROW, id=name) for name in ids])
    untouched = storage.read("state/rows-00000003.parquet")
    state.forget(storage, {"a"})
    assert state.load(storage).keys() == {"b", "c"}
    assert storage.read("state/rows-00000003.parquet") == untouched
    state.append(storage, [replace(ROW, id="d")])
    assert state.load(storage).keys() == {"b", "c", "d"}


def test_settled_is_what_no_run_does_again_by_itself(storage: LocalStorage) -> None:
    tried = replace(ROW, id="tried", transient=1, tries=2)
    state.append(storage, [ROW, tried, replace(ROW, id="begun", revision="")])
    assert state.settled(storage, 2) == {"a-1"}
    assert state.settled(storage, 1) == {"a-1", "tried"}
    state.append(storage, [replace(tried, transient=0)])
    assert state.settled(storage, 2) == {"a-1", "tried"}


def test_what_is_undone_is_not_settled(storage: LocalStorage) -> None:
    state.append(storage, [ROW, replace(ROW, id="other")])
    state.undo(storage, {"a-1", "nobody"})
    assert state.settled(storage, 2) == {"other"}
    assert state.load(storage)["a-1"] == without_files(replace(ROW, revision=""))
