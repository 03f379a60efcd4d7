from dataclasses import replace

import pytest

from bench import prices

MACHINE = prices.Machine("four", vcpus=4, gigabytes=16, vcpu=0.05, gb=0.0025)


def test_an_hour_of_a_machine() -> None:
    assert MACHINE.dollars_an_hour == pytest.approx(0.24)
    assert replace(MACHINE, gpu=0.5).dollars_an_hour == pytest.approx(0.74)


def test_a_million_pages() -> None:
    speed = MACHINE.pages_a_second(0.8)
    assert speed == pytest.approx(5.0)
    assert MACHINE.dollars_a_million(speed) == pytest.approx(1_000_000 / 5 / 3600 * 0.24)


def test_flexrs_costs_three_fifths() -> None:
    assert prices.FLEXRS.dollars_an_hour == pytest.approx(0.6 * prices.ON_DEMAND.dollars_an_hour)


def test_the_table_says_what_is_estimated_and_what_nobody_measured() -> None:
    head, _, *rows = prices.table(0.8)
    assert "estimates at 0.8 CPU-seconds a page" in head
    assert prices.AS_OF in head
    assert "not measured" in rows[-1]
    assert rows[0].startswith("| c3-standard-4 | 0.281 | 5.0 | 16 $ |")


def test_the_gpu_is_worth_its_price_at_the_speed_that_is_named() -> None:
    even = float([*prices.table(0.8)][-1].split("from ")[1].split(" on")[0])
    cheapest = prices.ON_DEMAND.dollars_a_million(prices.ON_DEMAND.pages_a_second(0.8))
    assert prices.GPU.dollars_a_million(even) == pytest.approx(cheapest, rel=0.01)


def test_seconds_are_those_of_the_last_benchmark() -> None:
    assert 0.1 < prices.measured() < 10
