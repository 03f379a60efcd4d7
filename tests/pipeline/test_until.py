"""The end of a night by an injected clock: set, asleep, changed to summer time, and left alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from time import tzset

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.failures import UsageError
from pipeline.until import Until, elapsed_clock, next_moment

HOUR = 3600.0
SIX = time(6)


@dataclass
class Clocks:
    """What the wall shows, and the seconds that have truly gone by."""

    wall: float
    elapsed: float = 1000.0

    def goes(self, seconds: float) -> None:
        self.wall += seconds
        self.elapsed += seconds

    def is_set(self, moment: float) -> None:
        self.wall = moment

    def until_six(self) -> Until:
        return Until(SIX, lambda: self.wall, lambda: self.elapsed)


@pytest.fixture(autouse=True)
def paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Paris")
    tzset()
    yield
    monkeypatch.undo()
    tzset()


def at(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(fold=fold).timestamp()


@pytest.mark.parametrize(
    ("start", "moment"),
    [
        ("2026-11-22 22:00", "2026-11-23 06:00"),
        ("2026-11-22 05:59:59", "2026-11-22 06:00"),
        ("2026-11-22 06:00", "2026-11-23 06:00"),
        ("2026-12-31 23:59", "2027-01-01 06:00"),
        ("2026-03-28 22:00", "2026-03-29 06:00"),  # seven hours: summer begins
        ("2026-10-24 22:00", "2026-10-25 06:00"),  # nine hours: it ends
    ],
)
def test_the_next_such_moment_is_meant(start: str, moment: str) -> None:
    assert next_moment(SIX, at(start)) == at(moment)


def test_what_clocks_show_twice_counts_twice_and_what_they_leave_out_comes_an_hour_early() -> None:
    half_past_two = time(2, 30)
    assert next_moment(half_past_two, at("2026-10-25 01:00")) == at("2026-10-25 02:30")
    assert next_moment(half_past_two, at("2026-10-25 02:40")) == at("2026-10-25 02:30", fold=1)
    assert next_moment(half_past_two, at("2026-03-29 01:00")) == at("2026-03-29 01:30")


@given(st.integers(0, 4_000_000_000), st.times())
def test_a_moment_is_after_the_start_and_within_a_day(after: int, of_day: time) -> None:
    moment = next_moment(of_day.replace(second=0, microsecond=0), after)
    assert 0 < moment - after <= 26 * HOUR


def test_a_night_ends_in_time() -> None:
    clocks = Clocks(at("2026-11-22 22:00"))
    until = clocks.until_six()
    assert until.left == 8 * HOUR
    clocks.goes(7.999 * HOUR)
    assert not until.over
    clocks.goes(0.001 * HOUR)
    assert until.over
    clocks.goes(12 * HOUR)
    assert until.over


def test_a_machine_that_slept_past_the_moment_is_over() -> None:
    clocks = Clocks(at("2026-11-22 22:00"))
    until = clocks.until_six()
    clocks.goes(9 * HOUR)  # those of sleep count
    assert until.over


@pytest.mark.parametrize("shown", ["1970-01-01 01:00:10", "2026-11-22 07:00", "2026-11-22 05:59", "2027-02-03 04:05"])
def test_a_clock_that_is_set_right_neither_ends_the_night_nor_prolongs_it(shown: str) -> None:
    clocks = Clocks(at(shown))
    until = clocks.until_six()
    clocks.goes(60)
    clocks.is_set(at("2026-11-22 22:01"))
    assert until.left == 8 * HOUR - 60
    clocks.goes(8 * HOUR - 60)
    assert until.over


def test_a_small_correction_across_the_moment_ends_the_night() -> None:
    clocks = Clocks(at("2026-11-22 22:00"))
    until = clocks.until_six()
    clocks.goes(7.99 * HOUR)
    clocks.is_set(at("2026-11-23 06:00:05"))
    assert until.over


@pytest.mark.parametrize("text", ["", "6", "24:00", "06:60", "8h", "2026-11-22T06:00", "06:00:00", "-1:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="give a time of day from 00:00 to 23:59"):
        Until.parse(text)


def test_hours_may_have_one_digit() -> None:
    assert Until.parse("6:00").at == SIX
    assert 0 < Until.parse("6:00").left <= 25 * HOUR
    assert elapsed_clock() > 0
