import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.evaluation.reliability import reliabilities, reliability
from tests.recognizer.evaluation.made import reading, sample


def test_a_known_case() -> None:
    sure = np.array([0.95, 0.95, 0.95, 0.95, 0.2, 0.3])
    found = reliability(sure, np.array([True, True, True, False, False, True]))
    assert [each.words for each in found.bins] == [1, 1, 4]
    assert (found.bins[-1].confidence, found.bins[-1].right) == pytest.approx((0.95, 0.75))
    assert found.error == pytest.approx((0.2 + 0.7 + 4 * 0.2) / 6)
    assert found.mean("confidence") == pytest.approx(sure.mean())
    assert found.mean("right") == pytest.approx(4 / 6)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80))
def test_the_error_lies_between_the_means_and_one(pairs: list[tuple[float, bool]]) -> None:
    found = reliability(np.array([sure for sure, _ in pairs]), np.array([right for _, right in pairs]))
    assert found.words == len(pairs)
    assert abs(found.mean("confidence") - found.mean("right")) - 1e-9 <= found.error <= 1
    assert [each.confidence for each in found.bins] == sorted(each.confidence for each in found.bins)


def test_confidences_that_come_true_have_no_error() -> None:
    rng = np.random.default_rng(1)
    sure = rng.random(20000)
    assert reliability(sure, rng.random(20000) < sure).error < 0.015


def test_without_words_there_is_no_error() -> None:
    found = reliability(np.zeros(0), np.zeros(0, bool))
    assert (found.words, found.error, found.mean("right")) == (0, 0.0, 0.0)


def test_scripts_are_judged_apart() -> None:
    samples = [sample("ab cd", script="hand"), sample("ef"), sample("gh", script="")]
    found = reliabilities(samples, [reading("ab cx"), reading("ef"), reading("")])
    assert {name: (of.words, of.mean("right")) for name, of in found.items()} == {
        "all": (3, pytest.approx(2 / 3)),
        "hand": (2, 0.5),
        "print": (1, 1.0),
        "unknown": (0, 0.0),
    }
    assert next(iter(found)) == "all"
