import threading
from pathlib import Path

import pytest

from pipeline.progress import PageBar, Tick, Ticks, tick, watched


def test_no_path_no_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tick(None, "begin", 0)
    assert list(tmp_path.iterdir()) == []


def test_ticks_are_counted_and_begun_chunks_are_suspects(tmp_path: Path) -> None:
    path = tmp_path / "ticks"
    ticks = Ticks(path)
    ticks.read()
    assert (ticks.pages, ticks.suspects) == (0, set())
    said: list[tuple[Tick, int]] = [("begin", 0), ("page", 0), ("begin", 1), ("failed", 0), ("end", 0)]
    for what, chunk in said:
        tick(str(path), what, chunk)
    ticks.read()
    assert (ticks.pages, ticks.failed, ticks.suspects) == (2, 1, {1})


def test_half_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ticks"
    path.write_bytes(b"begin 7\npag")
    ticks = Ticks(path)
    ticks.read()
    assert (ticks.begun, ticks.pages) == ({7}, 0)
    with path.open("ab") as file:
        file.write(b"e 7\n")
    ticks.read()
    assert ticks.pages == 1


def test_ticks_of_many_writers_do_not_mix(tmp_path: Path) -> None:
    path = str(tmp_path / "ticks")

    def write(chunk: int) -> None:
        for _ in range(50):
            tick(path, "page", chunk)

    threads = [threading.Thread(target=write, args=(chunk,)) for chunk in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ticks = Ticks(Path(path))
    ticks.read()
    assert ticks.pages == 400


def test_watched_shows_the_last_state_even_of_a_block_that_fails(tmp_path: Path) -> None:
    ticks, seen = Ticks(tmp_path / "ticks"), []
    try:
        with watched(ticks, lambda t: seen.append(t.pages)):
            tick(str(ticks.path), "page", 0)
            raise KeyError
    except KeyError:
        pass
    assert seen[-1] == 1


def test_the_bar_guesses_what_is_to_come_and_never_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    ticks = Ticks(tmp_path / "ticks")
    with PageBar(10) as bar:
        bar.begin_wave(documents=2, pages=8, done=0, failed=0)
        assert bar.bar.total == 8 + 8 * 4
        ticks.pages = 5
        bar.show(ticks)
        ticks.pages = 3
        bar.show(ticks)
        assert bar.bar.n == 5
        bar.begin_wave(documents=8, pages=8, done=8, failed=1)
        assert bar.bar.total == 16
        ticks.pages = 99
        bar.show(ticks)
        assert bar.bar.n == 16
