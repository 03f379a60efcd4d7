import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.corrections import desk as desks
from pipeline.corrections.desk import Desk, Meanwhile, Shown
from pipeline.corrections.queue import Place
from pipeline.failures import NothingDone
from pipeline.lock import locked
from pipeline.storage import LocalStorage
from pipeline.store import file_name, lines_parquet, read_document
from tests.pipeline.corrections.served import Filling, add, archive, said
from tests.pipeline.packs.made import Memory


def first(desk: Desk, window: str = "one") -> Shown:
    shown = desk.next(window)
    assert shown is not None
    return shown


def reread(storage: LocalStorage, name: str, text: str | None) -> None:
    """Another run reads the first line of a document otherwise, or none at all."""
    read = read_document(storage, "default", f"{name}-00000000")
    lines = () if text is None else (replace(read.pages[0].lines[0], text=text), *read.pages[0].lines[1:])
    again = replace(read, pages=(replace(read.pages[0], lines=lines),))
    storage.write(file_name("lines", "default", read.id), lines_parquet(again))


def test_lines_come_the_worst_first_until_all_are_done(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    desk = Desk(storage, "Anna")
    for name, verdict in (("a", "right"), ("b", "corrected"), ("a", "unreadable"), ("b", "corrected")):
        shown = first(desk)
        assert shown.place.document_id == f"{name}-00000000"
        desk.save(shown.place, shown.line.text, None, verdict, "what stands  there ")  # type: ignore[arg-type]
    assert desk.next("one") is None
    assert [each.verdict for each in (*said(storage, "a"), *said(storage, "b"))] == [
        *("right", "unreadable"),
        *("corrected", "corrected"),
    ]
    assert [each.text for each in said(storage, "b")] == ["what stands there"] * 2
    assert {each.who for each in said(storage, "a")} == {"Anna"}
    assert desk.summary() == "saved 4 corrections (2 corrected, 1 right, 1 unreadable)"


def test_progress_counts_errors_not_lines(tmp_path: Path) -> None:
    desk = Desk(archive(tmp_path))
    start = desk.progress
    assert (start.saved, start.waiting, start.lines, start.done, start.wrong) == (0, 4, 4, 0.0, 0.25)
    shown = first(desk)
    desk.save(shown.place, shown.line.text, None, "right")
    after = desk.progress
    assert (after.saved, after.waiting) == (1, 3)
    assert 0.25 < after.done < 0.5
    assert after.wrong == pytest.approx(0.25 * (1 - after.done))
    again = desk.save(shown.place, shown.line.text, None, "right")
    assert again.said is not None
    desk.undo("one", shown.place, shown.line.text, again.said.time)
    assert desk.progress == start


def test_two_windows_never_get_one_line_and_a_window_gets_its_own_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(archive(tmp_path))
    one, other = first(desk, "one"), first(desk, "other")
    assert one.place != other.place
    assert first(desk, "one") == one
    ahead = desk.next("one", [one.place])
    assert ahead is not None
    assert ahead.place not in (one.place, other.place)
    monkeypatch.setattr(desks, "LEASE_SECONDS", -1.0)
    assert first(desk, "one") == one
    time.sleep(0.01)
    assert first(desk, "third") == one


def test_what_another_window_said_meanwhile_is_shown_and_not_overwritten_by_accident(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    one, other = Desk(storage, "Anna"), Desk(storage, "Ben")
    shown = first(one)
    assert first(other) == shown
    one.save(shown.place, shown.line.text, None, "corrected", "Anna's")
    with pytest.raises(Meanwhile) as meanwhile:
        other.save(shown.place, shown.line.text, None, "corrected", "Ben's")
    assert meanwhile.value.shown is not None
    there = meanwhile.value.shown.said
    assert there is not None
    assert (there.who, there.text) == ("Anna", "Anna's")
    other.save(shown.place, shown.line.text, there.time, "corrected", "Ben's")
    assert [each.text for each in said(storage, "a")] == ["Anna's", "Ben's"]
    assert first(other).place != shown.place


def test_the_same_said_twice_is_kept_once(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    desk = Desk(storage)
    shown = first(desk)
    for verdict, text in (("corrected", "new"), ("unreadable", ""), ("right", "")):
        seen = None
        for _ in range(2):
            if seen is not None or verdict == "corrected":
                desk.save(shown.place, shown.line.text, seen, verdict, text)  # type: ignore[arg-type]
            now = desk.show(shown.place)
            seen = now.said.time if now and now.said else None
    assert [each.verdict for each in said(storage, "a")] == ["corrected", "unreadable", "right"]
    desk.save(shown.place, shown.line.text, None, "right")
    assert len(said(storage, "a")) == 3


def test_threads_that_say_different_things_at_once_do_not_overwrite_each_other(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    desk = Desk(storage)
    shown = first(desk)
    refused: list[str] = []

    def write(text: str) -> None:
        try:
            desk.save(shown.place, shown.line.text, None, "corrected", text)
        except Meanwhile:
            refused.append(text)

    threads = [threading.Thread(target=write, args=(f"text {number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said(storage, "a")) == 1
    assert len(refused) == 5


def test_a_page_that_was_read_again_or_is_gone_is_not_corrected_by_accident(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    desk = Desk(storage)
    shown = first(desk)
    reread(storage, "a", "another reading")
    with pytest.raises(Meanwhile) as meanwhile:
        desk.save(shown.place, shown.line.text, None, "right")
    assert meanwhile.value.shown is not None
    assert meanwhile.value.shown.line.text == "another reading"
    reread(storage, "a", None)
    with pytest.raises(Meanwhile) as meanwhile:
        desk.save(shown.place, shown.line.text, None, "right")
    assert meanwhile.value.shown is None
    with pytest.raises(Meanwhile):
        desk.undo("one", shown.place, shown.line.text, None)
    assert first(desk).place.document_id == "b-00000000"
    assert desk.show(Place("default", "nobody-00000000", 1, 1)) is None
    assert desk.show(Place("default", "a-00000000", 7, 1)) is None


def test_undo_withdraws_and_brings_the_line_back(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    desk = Desk(storage)
    shown = first(desk)
    done = desk.save(shown.place, shown.line.text, None, "corrected", "new")
    assert done.said is not None
    back = desk.undo("one", shown.place, shown.line.text, done.said.time)
    assert back.said is None
    assert first(desk).place == shown.place
    assert [each.verdict for each in said(storage, "a")] == ["corrected", "withdrawn"]
    assert desk.undo("one", shown.place, shown.line.text, done.said.time).said is None
    assert len(said(storage, "a")) == 2


def test_a_skipped_line_comes_again_by_undo_or_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "MOST", 1)
    storage = archive(tmp_path)
    desk = Desk(storage)
    skipped = first(desk)
    desk.skip(skipped.place)
    seen = []
    while (shown := desk.next("one")) is not None:
        seen.append(shown.place)
        desk.save(shown.place, shown.line.text, None, "right")
    assert len(seen) == 3
    assert skipped.place not in seen
    assert desk.undo("one", skipped.place, skipped.line.text, None).place == skipped.place
    assert first(desk).place == skipped.place
    assert first(Desk(storage)).place == skipped.place


def test_a_clock_that_was_set_back_does_not_let_an_earlier_word_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = archive(tmp_path)
    desk = Desk(storage)
    shown = first(desk)
    done = desk.save(shown.place, shown.line.text, None, "corrected", "first")
    assert done.said is not None
    monkeypatch.setattr(time, "time", lambda: 1.0)
    last = desk.save(shown.place, shown.line.text, done.said.time, "corrected", "last")
    assert last.said is not None
    now = desk.show(shown.place)
    assert now is not None
    assert now.said == last.said
    assert last.said.text == "last"


def test_a_full_disk_loses_nothing_and_saves_nothing(tmp_path: Path) -> None:
    storage = Filling(archive(tmp_path).root)
    desk = Desk(storage)
    shown = first(desk)
    storage.full.set()
    with pytest.raises(NothingDone, match="the disk is full"):
        desk.save(shown.place, shown.line.text, None, "corrected", "new")
    assert said(storage, "a") == ()
    assert desk.progress.saved == 0
    assert first(desk) == shown
    storage.full.clear()
    desk.save(shown.place, shown.line.text, None, "corrected", "new")
    assert [each.text for each in said(storage, "a")] == ["new"]


def test_no_lock_is_needed_while_a_run_writes_sweeps_and_adds_documents(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    with locked(storage):
        desk = Desk(storage)
        shown = first(desk)
        storage.sweep()
        add(storage, tmp_path, "c", [0.01])
        desk.save(shown.place, shown.line.text, None, "corrected", "new")
    assert [each.text for each in said(storage, "a")] == ["new"]
    assert first(Desk(storage)).place.document_id == "c-00000000"


def test_a_document_that_is_damaged_meanwhile_is_named_and_passed_over(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    desk = Desk(storage)
    storage.write(file_name("lines", "default", "a-00000000"), b"no Parquet")
    assert first(desk).place.document_id == "b-00000000"
    assert "left out: lines/collection=default/a-00000000.parquet is not a whole" in desk.summary()


def test_a_bucket_will_do(tmp_path: Path) -> None:
    local, bucket = archive(tmp_path), Memory()
    for entry in local.list():
        bucket.write(entry.name, local.read(entry.name))
    desk = Desk(bucket)
    shown = first(desk)
    desk.save(shown.place, shown.line.text, None, "corrected", "new")
    assert [each.text for each in said(bucket, "a")] == ["new"]


def test_an_output_without_lines_says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match="holds no line; name an OUT"):
        Desk(LocalStorage(str(tmp_path)))
