"""Corrections that are saved are there, whatever happens; those that are not, are not."""

import errno
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corrections import table
from pipeline.corrections.correction import Correction
from pipeline.failures import NothingDone
from pipeline.schema import SCHEMA_VERSION
from pipeline.storage import LocalStorage, Storage
from tests.pipeline.corrections.made import ID, column, document, say
from tests.pipeline.packs.made import Memory
from tests.pipeline.strategies import points, texts
from tests.pipeline.test_commit import Killed

MADE = document(column("first", "second"))
shapes = st.lists(points, min_size=2, max_size=4).map(tuple)
corrections = st.builds(
    Correction,
    document_id=st.just(ID),
    collection=st.just("default"),
    source=texts,
    page=st.integers(1, 9),
    line=st.integers(1, 99),
    baseline=shapes,
    polygon=shapes,
    before=texts,
    text=texts,
    verdict=st.sampled_from(["right", "corrected", "unreadable", "withdrawn"]),
    bundle=texts,
    time=st.integers(0, 4 * 10**15).map(lambda microseconds: microseconds / 1e6),
    who=texts,
    tool=texts,
    width=st.integers(0, 9999),
    height=st.integers(0, 9999),
)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path / "out"))


def load(storage: Storage) -> tuple[Correction, ...]:
    return table.load(storage, "default", ID)


def names(storage: Storage) -> list[str]:
    return [entry.name for entry in storage.list()]


@given(st.lists(corrections, max_size=5, unique=True))
def test_what_was_saved_is_loaded_the_oldest_first(said: list[Correction]) -> None:
    storage = Memory()
    for each in said:
        table.save(storage, each)
    assert load(storage) == tuple(sorted(load(storage), key=lambda each: each.time))
    assert set(load(storage)) == set(said)
    table.compact(storage)
    assert set(load(storage)) == set(said)
    assert len(names(storage)) == bool(said)


def test_a_file_is_named_by_document_and_time(storage: LocalStorage) -> None:
    table.save(storage, say(MADE, 0, text="x", time=1_700_000_000.5))
    (name,) = names(storage)
    assert name.startswith(f"corrections/collection=default/{ID}.01700000000500000000-")
    assert list(table.corrected_documents(storage)) == [("default", ID)]


def test_others_read_the_table_with_its_times(storage: LocalStorage) -> None:
    table.save(storage, say(MADE, 1, text="the second", time=0.25, who="Ann"))
    found = duckdb.sql(
        f"select collection, line, before, text, verdict, who, epoch_us(time) "
        f"from read_parquet('{storage.root}/corrections/*/*.parquet', hive_partitioning=true)"
    ).fetchall()
    assert found == [("default", 2, "second", "the second", "corrected", "Ann", 250_000)]


def test_documents_whose_names_begin_alike_are_told_apart(storage: LocalStorage) -> None:
    others = [replace(say(MADE, 0, "right"), document_id=f"{ID}{more}") for more in ("", "0", "-1")]
    for each in others:
        table.save(storage, each)
    assert load(storage) == (others[0],)
    assert sorted(table.files(storage)) == sorted(("default", each.document_id) for each in others)


def test_two_windows_at_once_lose_nothing(storage: LocalStorage) -> None:
    """Both correct the same line at the same microsecond, again and again, while a run makes one file of theirs."""

    def correct(who: str) -> None:
        for second in range(20):
            table.save(storage, say(MADE, 0, text=f"{second}", time=float(second), who=who))

    windows = [threading.Thread(target=correct, args=(who,)) for who in ("Ann", "Bob")]
    for window in windows:
        window.start()
    while any(window.is_alive() for window in windows):
        table.compact(storage)
    for window in windows:
        window.join()
    assert {(each.who, each.text) for each in load(storage)} == {
        (who, f"{n}") for who in ("Ann", "Bob") for n in range(20)
    }


def _save_until_killed(root: str, told: Path) -> None:
    storage = LocalStorage(root)
    for second in range(100_000):
        table.save(storage, say(MADE, 0, text=f"{second}", time=float(second)))
        with told.open("a") as file:  # as a page is told that it is saved
            file.write(f"{second}\n")


def test_a_kill_loses_nothing_that_was_told_as_saved(storage: LocalStorage, tmp_path: Path) -> None:
    told = tmp_path / "told"
    process = multiprocessing.get_context("fork").Process(target=_save_until_killed, args=(storage.root, told))
    process.start()
    while not told.exists() or told.stat().st_size < 20:
        time.sleep(0.01)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    shown = told.read_text().split("\n")[:-1]
    saved = [each.text for each in load(storage)]
    assert saved[: len(shown)] == shown
    assert len(saved) <= len(shown) + 1


def test_a_full_disk_is_told_and_keeps_what_was_saved(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    table.save(storage, say(MADE, 0, text="kept"))
    before = names(storage)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NothingDone, match="the disk is full"):
        table.save(storage, say(MADE, 1, text="lost"))
    table.save_all(Memory(), load(storage))
    assert names(storage) == before
    assert [each.text for each in load(storage)] == ["kept"]


def test_a_run_that_sweeps_at_that_moment_costs_nothing(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, swept = os.fsync, iter([True])

    def sweep(descriptor: int) -> None:
        sync(descriptor)
        if next(swept, False):
            storage.sweep()

    monkeypatch.setattr(os, "fsync", sweep)
    (Path(storage.root) / "corrections/collection=default").mkdir(parents=True)
    table.save(storage, say(MADE, 0, text="kept"))
    assert [each.text for each in load(storage)] == ["kept"]


def _four() -> Memory:
    storage = Memory()
    for second in range(4):
        table.save(storage, say(MADE, second % 2, text=f"{second}", time=float(second)))
    table.save(storage, replace(say(MADE, 0, text="other"), document_id="other-00000000"))
    return storage


def test_files_of_a_document_become_one_whenever_that_is_killed() -> None:
    wanted = load(_four())
    for writes in range(6):
        storage = _four()
        storage.writes = writes
        if writes < 5:  # one file is written, four are deleted
            with pytest.raises(Killed):
                table.compact(storage)
        else:
            table.compact(storage)
        storage.writes = float("inf")
        assert load(storage) == wanted
        table.compact(storage)
        assert load(storage) == wanted
        assert len(names(storage)) == 2


def test_a_reader_finds_the_file_into_which_others_went() -> None:
    storage = _four()
    wanted, read = load(storage), storage.read

    def compact_first(name: str) -> bytes:
        storage.read = read  # type: ignore[method-assign]
        table.compact(storage)
        return read(name)

    storage.read = compact_first  # type: ignore[method-assign]
    assert load(storage) == wanted


def test_a_damaged_file_is_explained_and_left_alone(storage: LocalStorage) -> None:
    for second in range(2):
        table.save(storage, say(MADE, 0, text=f"{second}", time=float(second)))
    before = names(storage)
    storage.write(before[0], storage.read(before[0])[:-9])
    with pytest.raises(NothingDone, match=rf"{ID}\.\d+-\w+\.parquet is not a whole Parquet file .* from a copy"):
        load(storage)
    table.compact(storage)
    assert names(storage) == before


def test_another_major_version_is_refused(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    table.save(storage, say(MADE, 0, "right"))
    monkeypatch.setattr("pipeline.store.SCHEMA_VERSION", "2.0")
    with pytest.raises(NothingDone, match=f"has schema version {SCHEMA_VERSION}, this Inkbeam reads 2.x"):
        load(storage)


def test_nothing_is_there_where_nobody_corrected(storage: LocalStorage) -> None:
    assert load(storage) == ()
    assert list(table.corrected_documents(storage)) == []
    table.compact(storage)
    assert names(storage) == []
