import pytest

from recognizer.evaluation.wording import other_rates, percent, span
from recognizer.policy import TextPolicy
from tests.recognizer.evaluation.made import evaluation, sample


def test_figures_are_percentages_with_two_decimals() -> None:
    assert percent(0.12345) == "12.35 %"
    assert percent(1.5) == "150.00 %"


def test_no_interval_is_a_dash() -> None:
    assert span((0.1, 0.25)) == "10.00 to 25.00"
    assert span(None) == "–"


@pytest.mark.parametrize(
    ("policy", "names"), [("folded", ["case ignored"]), ("diplomatic", ["folded", "case ignored"])]
)
def test_folded_rates_stand_only_beside_those_of_another_policy(policy: str, names: list[str]) -> None:
    found = evaluation([sample("Abc.")], ["abc."], TextPolicy.named(policy), ignore_case=True)
    assert [name for name, _ in other_rates(found)] == names
