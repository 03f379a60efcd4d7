from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.accounts import RUNS, last_success, latest_first, numbers, pages_a_second, prune, write_account
from pipeline.failures import NothingDone
from pipeline.storage import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path))


def account(night: int, code: int | None = 0, pages: int = 0) -> Mapping[str, Any]:
    made = {"ended": f"2026-11-{night:02}T06:00:00+00:00", "seconds": 10.0, "pages": {"read": pages}}
    return made if code is None else made | {"exit_code": code}


def test_numbers_go_on_whatever_is_pruned(storage: LocalStorage) -> None:
    for night in range(1, 6):
        write_account(storage, account(night))
        prune(storage, 2)
    assert numbers(storage) == [4, 5]
    assert [each["ended"][8:10] for each in latest_first(storage)] == ["05", "04"]
    write_account(storage, account(6))
    assert numbers(storage) == [4, 5, 6]


def test_the_newest_is_never_pruned(storage: LocalStorage) -> None:
    prune(storage, 1)
    write_account(storage, account(1))
    prune(storage, 0)
    assert numbers(storage) == [1]


def test_what_is_no_account_is_left_alone(storage: LocalStorage) -> None:
    storage.write(f"{RUNS}notes.json", b"mine")
    write_account(storage, account(1))
    write_account(storage, account(2))
    prune(storage, 1)
    assert [entry.name for entry in storage.list(RUNS)] == ["runs/000002.json", "runs/notes.json"]


def test_the_last_success_is_that_of_a_run_that_came_to_its_end(storage: LocalStorage) -> None:
    assert last_success(storage) is None
    for night, code in enumerate((None, 0, 3, 4, 5, 143), 1):
        write_account(storage, account(night, code))
    assert last_success(storage) == "2026-11-03T06:00:00+00:00"


def test_speed_is_that_of_the_last_run_with_pages(storage: LocalStorage) -> None:
    assert pages_a_second(storage) is None
    write_account(storage, account(1, pages=5))
    write_account(storage, account(2, pages=40))
    write_account(storage, account(3))
    assert pages_a_second(storage) == 4.0


def test_a_damaged_account_is_named(storage: LocalStorage) -> None:
    storage.write(f"{RUNS}000001.json", b"{")
    with pytest.raises(NothingDone, match=r"000001\.json is no account of a run .*; move it away"):
        pages_a_second(storage)
