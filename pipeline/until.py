"""The moment at which a run begins no further documents."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from time import CLOCK_BOOTTIME, clock_gettime
from time import time as wall_clock
from typing import Self

from pipeline.failures import UsageError


def elapsed_clock() -> float:
    """Seconds since this machine was started, those of its sleep too, whatever its clock is set to."""
    return clock_gettime(CLOCK_BOOTTIME)


@dataclass
class Until:
    """A time of day: a run that started before it is to have ended soon after it.

    People mean what the clock on the wall shows, so a count of seconds from the start would miss it after a sleep, or
    when the clock is set. But a clock that is set must not make the moment of another day out of it either, as that of
    a machine that started in 1970 and then heard of the time. So the start is reckoned back from now by the seconds
    that have truly gone by, and the moment is the first one after that: on a clock that nobody touches always the same.
    """

    at: time
    now: Callable[[], float] = wall_clock
    elapsed: Callable[[], float] = elapsed_clock
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.elapsed()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of HH:MM, counted from now on; raises UsageError."""
        try:
            return cls(datetime.strptime(text, "%H:%M").time())
        except ValueError as error:
            raise UsageError(f"--until {text}: give a time of day from 00:00 to 23:59, as 06:00") from error

    @property
    def left(self) -> float:
        """Seconds until then; negative afterwards."""
        now = self.now()
        return next_moment(self.at, now - (self.elapsed() - self.began)) - now

    @property
    def over(self) -> bool:
        """Whether the moment has come."""
        return self.left <= 0


def next_moment(at: time, after: float) -> float:
    """When local clocks next show this time, after a moment; both in seconds since 1970.

    A time that clocks show twice, when summer ends, counts twice; one that they leave out, when it begins, is taken as
    one hour earlier.
    """
    today = datetime.fromtimestamp(after).date()
    days = (datetime.combine(today + timedelta(days), at) for days in (0, 1))
    moments = (day.replace(fold=fold).timestamp() for day in days for fold in (0, 1))
    return min(moment for moment in moments if moment > after)
