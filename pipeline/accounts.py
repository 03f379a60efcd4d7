"""The accounts of runs, OUT/runs/N.json, one a run: written, counted on, the oldest taken away."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.document import DONE
from pipeline.failures import ExitCode, NothingDone
from pipeline.storage import Storage

RUNS: Final = "runs/"
SUCCESS: Final = (ExitCode.DONE, ExitCode.SOME_FAILED)


def write_account(storage: Storage, account: Mapping[str, Any]) -> None:
    """Keep an account under the next number."""
    content = json.dumps(account, indent=1, ensure_ascii=False) + "\n"
    number = max(numbers(storage), default=0) + 1
    storage.write(account_name(number), content.encode("utf-8", "replace"))


def prune(storage: Storage, keep: int) -> None:
    """Delete all but the last accounts, at least one of them, so that no number is given twice."""
    for number in numbers(storage)[: -max(1, keep)]:
        storage.delete(account_name(number))


def latest_first(storage: Storage) -> Iterator[dict[str, Any]]:
    """All accounts, each read when its turn comes; raises NothingDone where one is damaged."""
    for number in reversed(numbers(storage)):
        try:
            yield json.loads(storage.read(account_name(number)))
        except ValueError as error:
            raise NothingDone(
                f"{storage.root}/{account_name(number)} is no account of a run ({error}); move it away and run again"
            ) from error


def pages_a_second(storage: Storage) -> float | None:
    """Speed of the last run that read something, or None when there was none."""
    for account in latest_first(storage):
        pages = sum(account["pages"].get(status, 0) for status in DONE)
        if pages and account["seconds"]:
            return float(pages / account["seconds"])
    return None


def last_success(storage: Storage) -> str | None:
    """When a run last came to its end, some pages perhaps failed, as ISO 8601 writes it; None for never."""
    ended = (account["ended"] for account in latest_first(storage) if account.get("exit_code") in SUCCESS)
    return next(ended, None)


def numbers(storage: Storage) -> list[int]:
    """Numbers of the runs that are kept, oldest first."""
    stems = (entry.name[len(RUNS) : -len(".json")] for entry in storage.list(RUNS))
    return sorted(int(stem) for stem in stems if stem.isdigit())


def account_name(number: int) -> str:
    """Where the account of a run is kept."""
    return f"{RUNS}{number:06}.json"
