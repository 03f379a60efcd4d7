"""Past runs, and whether the last one is off the usual.

A figure is unusual when it lies further from the median of the runs before it than three times their spread (the
median absolute deviation, scaled to a normal distribution's standard deviation: Rousseeuw and Croux 1993), and further
than what nobody would look up for.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Self

from pipeline.accounts import account_name, numbers
from pipeline.document import DONE
from pipeline.failures import NothingDone
from pipeline.storage import Storage

LEAST_RUNS: Final = 5
MOST_RUNS: Final = 60
SPREADS: Final = 3.0
NORMAL: Final = 1.4826
NEEDED: Final[Mapping[str, type]] = {
    "started": str,
    "seconds": float,
    "seconds_by_stage": dict,
    "pages": dict,
    "lines": int,
    "bundle": str,
    "arithmetic": str,
}


@dataclass(frozen=True)
class Run:
    """A run's record, as OUT/runs keeps it, and its number there."""

    record: Mapping[str, Any]
    number: int = 1

    @classmethod
    def load(cls, storage: Storage, number: int) -> Self:
        """Raises NothingDone when the record is damaged."""
        try:
            record = json.loads(storage.read(account_name(number)))
            if missing := [key for key, kind in NEEDED.items() if not isinstance(record[key], kind)]:
                raise ValueError(f"{', '.join(missing)} is no {NEEDED[missing[0]].__name__}")
        except (ValueError, KeyError, TypeError) as error:
            name = f"{storage.root}/{account_name(number)}"
            raise NothingDone(f"{name} is no record of a run ({error}); move it away to see the others") from error
        return cls(record, number)

    @property
    def started(self) -> str:
        """Date and time, in UTC."""
        return str(self.record["started"])[:16].replace("T", " ")

    @property
    def pages(self) -> int:
        """Pages that were done, and those that failed."""
        counts = self.record["pages"]
        return sum(counts.get(status, 0) for status in (*DONE, "failed"))

    @property
    def speed(self) -> float | None:
        """Pages a second."""
        return self.pages / self.record["seconds"] if self.record["seconds"] else None

    @property
    def failed(self) -> float | None:
        """Share of the pages that failed."""
        return self.record["pages"]["failed"] / self.pages if self.pages else None

    @property
    def confidence(self) -> float | None:
        """Mean confidence, by letters."""
        return self.record.get("confidence")

    @property
    def expected_cer(self) -> float | None:
        """Expected share of wrong characters; runs of older versions did not tell."""
        return self.record.get("expected_cer")


@dataclass(frozen=True)
class Figure:
    """What is told of every run; `noticed` is a difference worth a look, of a share in itself, of others relative."""

    name: str
    of: Callable[[Run], float | None]
    share: bool
    noticed: float


FIGURES: Final = (
    Figure("Pages a second", lambda run: run.speed, False, 0.1),
    Figure("Pages that failed", lambda run: run.failed, True, 0.01),
    Figure("Mean confidence", lambda run: run.confidence, True, 0.02),
    Figure("Expected CER", lambda run: run.expected_cer, True, 0.01),
)


@dataclass(frozen=True)
class Trend:
    """A figure over the runs, oldest first; `usual` are the ends of what is usual, None while there are few runs."""

    figure: Figure
    values: tuple[float | None, ...]
    usual: tuple[float, float] | None

    @property
    def alarm(self) -> bool:
        """Whether the last run is off the usual."""
        last = self.values[-1]
        return self.usual is not None and last is not None and not self.usual[0] <= last <= self.usual[1]


def all_runs(storage: Storage) -> list[Run]:
    """All runs, oldest first; raises NothingDone where there is none, or one is damaged."""
    runs = [Run.load(storage, number) for number in numbers(storage)]
    if not runs:
        raise NothingDone(f"{storage.root} holds no run; name an OUT of `inkbeam digitize` or `inkbeam compare`")
    return runs


def with_pages(runs: Sequence[Run]) -> list[Run]:
    """The last runs that had pages, oldest first."""
    return [run for run in runs if run.pages][-MOST_RUNS:]


def trends(runs: Sequence[Run]) -> list[Trend]:
    """The figures over `with_pages`; none where no run had any."""
    shown = with_pages(runs)
    return [_trend(figure, tuple(map(figure.of, shown))) for figure in FIGURES] if shown else []


def _trend(figure: Figure, values: tuple[float | None, ...]) -> Trend:
    before = [value for value in values[:-1] if value is not None]
    if len(before) < LEAST_RUNS:
        return Trend(figure, values, None)
    middle = median(before)
    spread = NORMAL * median(abs(value - middle) for value in before)
    reach = max(SPREADS * spread, figure.noticed * (1 if figure.share else middle))
    most = 1.0 if figure.share else float("inf")
    return Trend(figure, values, (max(0.0, middle - reach), min(most, middle + reach)))
