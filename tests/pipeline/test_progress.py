import threading
from pathlib import Path

from pipeline.progress import Ticks, tick, watched


def test_no_path_no_tick() -> None:
    tick(None, "begin", 0)


def test_ticks_are_counted_and_begun_chunks_are_suspects(tmp_path: Path) -> None:
    path = tmp_path / "ticks"
    ticks = Ticks(path)
    ticks.read()
    assert (ticks.pages, ticks.suspects) == (0, set())
    for what, chunk in [("begin", 0), ("page", 0), ("begin", 1), ("failed", 0), ("end", 0)]:
        tick(str(path), what, chunk)  # type: ignore[arg-type]
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
    threads = [
        threading.Thread(target=lambda k=k: [tick(path, "page", k) for _ in range(50)])  # type: ignore[misc]
        for k in range(8)
    ]
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
