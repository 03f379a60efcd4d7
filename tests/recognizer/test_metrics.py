import pytest

from recognizer.metrics import error_rates


def test_rates_are_weighted_by_characters_and_grouped() -> None:
    triples = [("abcd", "abxd", ("one",)), ("abcdef", "abcdef", ("one", "two")), ("ab", "", ("three",))]
    rates = error_rates(triples)
    assert rates == pytest.approx({"all": 3 / 12, "one": 1 / 10, "two": 0.0, "three": 1.0})
    assert list(rates) == sorted(rates)


def test_what_was_read_for_an_empty_truth_counts_as_errors() -> None:
    assert error_rates([("", "x", ()), ("ab", "ab", ())]) == pytest.approx({"all": 1 / 2})


def test_reading_too_much_can_cost_more_than_everything() -> None:
    assert error_rates([("a", "axyz", ())])["all"] == pytest.approx(3.0)


def test_no_lines_have_no_rates() -> None:
    assert error_rates([]) == {}
