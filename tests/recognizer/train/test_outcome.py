import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.train.outcome import FORGOTTEN, Check, Outcome

RATES = st.floats(0, 1)


def held(before: float, after: float) -> Check:
    return Check("CER of held-out corrections", 40, before, after, 0.0)


def val(before: float, after: float) -> Check:
    return Check("CER of val", 1939, before, after, FORGOTTEN)


def of(*checks: Check, forced: bool = False) -> Outcome:
    return Outcome(checks, ("learned from 100 corrected lines",), forced)


@given(RATES, RATES)
def test_what_people_corrected_may_be_read_no_worse(before: float, after: float) -> None:
    assert of(held(before, after)).written == (after <= before)


@given(RATES, RATES)
def test_two_per_cent_of_what_was_known_may_be_forgotten(before: float, after: float) -> None:
    assert of(val(before, after)).written == (after <= before * 1.02)


@given(RATES, RATES, RATES, RATES)
def test_either_refuses_and_force_writes_all(a: float, b: float, c: float, d: float) -> None:
    both = of(held(a, b), val(c, d))
    assert both.written == (of(held(a, b)).written and of(val(c, d)).written)
    assert of(held(a, b), val(c, d), forced=True).written
    assert both.reasons == of(held(a, b), val(c, d), forced=True).reasons


@given(RATES, RATES)
def test_what_must_gain_may_not_stay_the_same(before: float, after: float) -> None:
    assert of(Check("doubt", 9, before, after, 0.0, better=True)).written == (after < before)


def test_a_check_that_decides_nothing_is_told() -> None:
    few = Check("CER of held-out corrections", 3, 0.1, 0.9, None)
    assert of(few, val(0.1, 0.1)).written
    assert "90.00 %" in of(few, val(0.1, 0.1)).table()
    assert of(few).reasons == ("nothing could be checked",)
    assert not of().written


def test_the_table_names_before_after_and_why() -> None:
    refused = of(held(0.2, 0.1), val(0.1, 0.2))
    head, first, second, note, verdict = refused.table().splitlines()
    assert head.split() == ["judged", "by", "before", "after", "lines"]
    assert first.endswith("20.00 %  10.00 %     40")
    assert second.endswith("10.00 %  20.00 %  1,939")
    assert note == "learned from 100 corrected lines"
    assert verdict == "refused (CER of val: worse, more than 2% of it, 20.00 % instead of 10.00 %)"
    assert of(held(0.2, 0.1)).verdict == "accepted"
    assert of(held(0.1, 0.2), forced=True).verdict.endswith("but written, as --force was given")


@pytest.mark.parametrize("forced", [True, False])
def test_card_and_report_say_the_same(forced: bool) -> None:
    outcome = of(held(0.1, 0.2), forced=forced)
    told = outcome.as_json()
    assert told["verdict"] == outcome.verdict
    assert told["checks"][0] | {"before": 0.1, "after": 0.2, "lines": 40} == told["checks"][0]
    html = outcome.html()
    assert all(part in html for part in ("10.00 %", "20.00 %", "learned from 100", "The bundle was refused"))
