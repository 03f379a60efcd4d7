import json
from collections.abc import Sequence

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizer.evaluation.rates import Rates, count, difference, page_numbers, rates, score
from recognizer.evaluation.texts import Pair, paired
from recognizer.samples import Sample
from tests.recognizer.evaluation.made import sample

TEXTS = st.text("ab c.é", max_size=12).map(lambda text: " ".join(text.split()))
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8)


def of_pages(pairs: Sequence[Pair], pages: Sequence[str]) -> Rates:
    samples = [sample(truth, page=page) for (truth, _), page in zip(pairs, pages, strict=True)]
    return score(samples, pairs).all


@given(PAIRS)
def test_rates_are_those_of_jiwer(pairs: list[Pair]) -> None:
    truths, readings = map(list, zip(*pairs, strict=True))
    found = rates(pairs)
    assert found.cer == pytest.approx(float(jiwer.cer(truths, readings)))
    assert found.wer == pytest.approx(float(jiwer.wer(truths, readings)))


@given(PAIRS)
def test_lines_are_counted_each_by_itself(pairs: list[Pair]) -> None:
    alone = [count([pair])[0] for pair in pairs]
    assert (count(pairs) == np.array(alone)).all()


def test_rates_are_weighted_by_characters_and_words() -> None:
    found = rates([("abcd ef", "abxd ef"), ("abc", "abc")])
    assert (found.cer, found.wer) == pytest.approx((1 / 10, 1 / 3))
    assert (found.lines, found.characters) == (2, 10)


def test_reading_too_much_can_cost_more_than_everything() -> None:
    assert rates([("a", "axyz")]).cer == pytest.approx(3.0)


def test_what_was_read_for_an_empty_truth_counts_as_errors() -> None:
    assert rates([("", "x"), ("ab", "ab")]).cer == pytest.approx(1 / 2)
    assert rates([("", "xy")]).cer == pytest.approx(2.0)
    assert rates([("", "")]) == Rates(0.0, 0.0, 1, 0)


def test_no_lines_have_no_errors() -> None:
    assert rates([]) == Rates(0.0, 0.0, 0, 0)
    assert score([], []).all == Rates(0.0, 0.0, 0, 0)


SAMPLES = [
    sample("abcd", script="hand", dataset="one", language="fra"),
    sample("efgh", script="print", dataset="two", language=""),
]


def test_scores_are_told_by_script_dataset_and_language() -> None:
    told = score(SAMPLES, paired(SAMPLES, ["abxd", "efgh"])).as_json()
    assert set(told) == {"all", "script", "dataset", "language"}
    assert {kind: list(named) for kind, named in told.items() if kind != "all"} == {
        "script": ["hand", "print"],
        "dataset": ["one", "two"],
        "language": ["fra", "unknown"],
    }
    assert told["script"]["hand"]["cer"] == pytest.approx(0.25)
    assert told["script"]["hand"]["lines"] == 1
    assert json.loads(json.dumps(told))["all"]["characters"] == 8


def test_one_page_has_no_interval() -> None:
    found = of_pages([("ab", "ab"), ("cd", "xx")], ["1", "1"])
    assert found.cer_interval is found.wer_interval is None


def test_lines_without_a_page_are_their_own() -> None:
    assert of_pages([("ab", "ab"), ("cd", "xx")], ["", ""]).cer_interval == (0.0, 1.0)


def test_pages_of_one_name_in_two_data_sets_are_two() -> None:
    samples = [sample("ab", dataset=name, page="1") for name in ("one", "two")]
    assert score(samples, paired(samples, ["ab", "xx"])).all.cer_interval == (0.0, 1.0)


def test_pages_are_drawn_and_not_lines() -> None:
    pairs = [("abcd", "abcx")] * 50 + [("abcd", "xxxx")] * 50
    lines = of_pages(pairs, [""] * 100).cer_interval
    pages = of_pages(pairs, ["good"] * 50 + ["bad"] * 50).cer_interval
    assert pages == (0.25, 1.0)
    assert lines is not None
    assert lines[1] - lines[0] < 0.2


def test_the_interval_of_many_pages_is_that_of_the_normal_distribution() -> None:
    pairs: list[Pair] = [("a", "b" if k % 5 == 0 else "a") for k in range(1000)]
    found = of_pages(pairs, [""] * 1000).cer_interval
    spread = 1.96 * (0.2 * 0.8 / 1000) ** 0.5
    assert found == pytest.approx((0.2 - spread, 0.2 + spread), abs=0.004)


@settings(max_examples=15)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from("123")), min_size=1, max_size=8))
def test_intervals_are_ordered_and_the_same_again(rows: list[tuple[str, str, str]]) -> None:
    samples: list[Sample] = [sample(truth or "a", page=page) for truth, _, page in rows]
    texts = [text for _, text, _ in rows]
    found = score(samples, paired(samples, texts))
    assert found == score(samples, paired(samples, texts))
    for interval in (found.all.cer_interval, found.all.wer_interval):
        assert interval is None or 0 <= interval[0] <= interval[1]


def differing(ours: Sequence[str], theirs: Sequence[str], pages: int) -> tuple[float, tuple[float, float] | None]:
    samples = [sample("abcd", page=str(index % pages)) for index in range(len(ours))]
    first, second = (count(paired(samples, read)) for read in (ours, theirs))
    return difference(first, second, page_numbers(samples))


def test_a_difference_that_every_page_shows_is_sure() -> None:
    found, interval = differing(["abcd"] * 40, ["abxd"] * 40, 10)
    assert found == pytest.approx(-0.25)
    assert interval == pytest.approx((-0.25, -0.25))


def test_a_difference_that_some_pages_show_and_others_turn_round_is_chance() -> None:
    found, interval = differing(["abcd", "abxd"] * 20, ["abxd", "abcd"] * 20, 40)
    assert found == 0
    assert interval is not None
    assert interval[0] < -0.02 < 0.02 < interval[1]


def test_pages_are_drawn_in_pairs() -> None:
    """What is hard for both says nothing of the difference."""
    hard = ["axxx" if index % 2 else "abcd" for index in range(40)]
    worse = ["xxxx" if index % 2 else "abxd" for index in range(40)]
    _, paired_interval = differing(hard, worse, 40)
    assert paired_interval is not None
    assert paired_interval[1] - paired_interval[0] < 0.01


def test_one_page_tells_no_interval_of_a_difference() -> None:
    found, interval = differing(["abcd"], ["abxd"], 1)
    assert found == pytest.approx(-0.25)
    assert interval is None
