import multiprocessing
from pathlib import Path

import pytest

from pipeline.failures import NothingDone
from pipeline.lock import locked
from pipeline.storage import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path))


def _hold(root: str, ready: "multiprocessing.synchronize.Event", over: "multiprocessing.synchronize.Event") -> None:
    with locked(LocalStorage(root)):
        ready.set()
        over.wait(30)


def test_a_second_run_is_refused_until_the_first_ends_or_is_killed(storage: LocalStorage) -> None:
    context = multiprocessing.get_context("spawn")
    ready, over = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(storage.root, ready, over))
    other.start()
    assert ready.wait(30)
    with pytest.raises(NothingDone, match="another run"), locked(storage):
        pass
    other.kill()
    other.join()
    with locked(storage):
        pass
