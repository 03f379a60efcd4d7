import itertools
import math
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizer.alphabet import Alphabet
from recognizer.decode import beam
from recognizer.decode import model as language_model
from recognizer.decode.beam import BeamDecoder, Hypothesis, NotANumber, Settings, tempered
from recognizer.decode.confidence import log_likelihoods
from recognizer.lm.automaton import Automaton, compile_ngrams
from recognizer.lm.estimate import estimate
from recognizer.lm.symbols import Symbols

AB = Alphabet("ab")
EVERYTHING = Settings(beam=400, best=400, weight=0.0, bonus=0.0)
Rows = list[list[float]]


def language(lines: tuple[str, ...] = ("abba", "ab", "ba", "aab")) -> Automaton:
    return compile_ngrams(estimate(list(lines) * 4, Symbols("ab"), 3, (0,)))


def logs(rows: Rows | np.ndarray) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(np.array(rows, np.float64).reshape(-1, 3))


def decoded(rows: Rows | np.ndarray, how: Settings = EVERYTHING, model: Automaton | None = None) -> list[Hypothesis]:
    return BeamDecoder(AB, model, how)(tempered(logs(rows), 1.0))


def spans(rows: Rows | np.ndarray, hypothesis: Hypothesis) -> tuple[tuple[int, int], ...]:
    return beam.spans(tempered(logs(rows), 1.0), hypothesis.labels)


def texts(found: list[Hypothesis]) -> dict[str, float]:
    return {AB.decode(hypothesis.labels): math.exp(hypothesis.path) for hypothesis in found}


def by_hand(rows: np.ndarray) -> dict[str, float]:
    """The probability of every text, by all paths."""
    sums: dict[str, float] = defaultdict(float)
    for path in itertools.product(range(3), repeat=len(rows)):
        labels = [label for label, _ in itertools.groupby(path) if label]
        sums[AB.decode(labels)] += float(np.prod([rows[frame, label] for frame, label in enumerate(path)]))
    return dict(sums)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[0.6, 0.4, 0], [0.6, 0.4, 0]], {"a": 0.64, "": 0.36}),
        ([[0.2, 0.8, 0], [0.8, 0.2, 0], [0.2, 0.8, 0]], {"aa": 0.512, "a": 0.456, "": 0.032}),
        ([[0.1, 0.9, 0]] * 3, {"a": 0.918, "aa": 0.081, "": 0.001}),
        ([[1, 0, 0]] * 4, {"": 1.0}),
        ([[0.3, 0.5, 0.2]], {"a": 0.5, "": 0.3, "b": 0.2}),
    ],
)
def test_known_sums(rows: Rows, expected: dict[str, float]) -> None:
    found = texts(decoded(rows))
    assert found == pytest.approx(expected)
    assert list(found) == list(expected)


rows_of = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(rows_of, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_a_wide_beam_finds_all_texts_with_the_sums_of_all_paths(rng: np.random.Generator, frames: int) -> None:
    rows = 0.99 * rng.dirichlet([0.7, 0.7, 0.7], frames) + 0.01 / 3  # no symbol so rare that it is passed over
    truth = by_hand(rows)
    found = texts(decoded(rows, Settings(400, 400, 0.0, 0.0)))
    for text, probability in found.items():
        assert probability == pytest.approx(truth[text], rel=1e-9)
    assert sum(found.values()) > 0.999
    best = max(truth.values())
    assert truth[next(iter(found))] == pytest.approx(best)


@given(rows_of, st.integers(1, 40), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_a_narrow_beam_never_claims_more_than_all_paths_and_says_nothing_twice(
    rng: np.random.Generator, frames: int, beam: int
) -> None:
    rows = rng.dirichlet([1.5, 0.4, 0.4], frames)
    found = decoded(rows, Settings(beam, 5, 0.3, 0.5), language())
    assert len({hypothesis.labels for hypothesis in found}) == len(found)
    assert [hypothesis.score for hypothesis in found] == sorted((h.score for h in found), reverse=True)
    exact = log_likelihoods([np.log(rows)] * len(found), [hypothesis.labels for hypothesis in found])
    for hypothesis, whole in zip(found, exact, strict=True):
        assert hypothesis.path <= whole + 1e-9
        taken = spans(rows, hypothesis)
        assert len(taken) == len(hypothesis.labels)
        assert [*itertools.chain(*taken)] == sorted(itertools.chain(*taken))
        assert all(0 <= first < last <= frames for first, last in taken)


def test_one_prefix_without_a_model_is_hardly_ever_less_likely_than_the_best_path() -> None:
    """It can be, where its paths part into "a" and "aa" and it follows the likelier half: 4 times in 20,000."""
    rng = np.random.default_rng(1)
    worse = []
    for _ in range(1000):
        rows = np.log(rng.dirichlet([1.0, 0.5, 0.5], rng.integers(1, 31)))
        (found,) = BeamDecoder(AB, None, Settings(1, 1, 0.0, 0.0))(rows)
        (ours,) = log_likelihoods([rows], [found.labels])
        worse.append(float(rows.max(1).sum()) - ours)
    assert sum(gap > 1e-9 for gap in worse) <= 2
    assert max(worse) < math.log(2)


def test_frames_that_say_nothing_part_equal_letters() -> None:
    rows = [[0.05, 0.95, 0], [0.9995, 0.0005, 0], [0.05, 0.95, 0]]
    best = decoded(rows, Settings(4, 1, 0.0, 0.0))[0]
    assert AB.decode(best.labels) == "aa"
    assert math.exp(best.path) == pytest.approx(0.902, abs=1e-3)
    assert spans(rows, best) == ((0, 1), (2, 3))


def test_the_span_of_a_letter_is_all_its_frames() -> None:
    rows = [[0.1, 0.9, 0]] * 3
    assert spans(rows, decoded(rows)[0]) == ((0, 3),)


def test_no_frames_are_one_empty_text() -> None:
    found = BeamDecoder(AB, language(), Settings())(np.zeros((0, 3)))
    assert [(hypothesis.labels, hypothesis.score) for hypothesis in found] == [((), 0.0)]


def test_an_empty_crop_stays_empty() -> None:
    rng = np.random.default_rng(1)
    rows = 0.005 * rng.dirichlet([1, 1], 60)
    found = decoded(np.column_stack([np.full(60, 0.995), rows]), Settings(16, 1, 0.5, 0.0), language())
    assert found[0].labels == ()


def test_a_model_without_weight_changes_nothing() -> None:
    rows = np.random.default_rng(3).dirichlet([1, 1, 1], 20)
    without = decoded(rows, Settings(8, 5, 0.0, 0.5))
    assert decoded(rows, Settings(8, 5, 0.0, 0.5), language()) == without


def test_the_model_decides_between_what_looks_alike() -> None:
    model = language(("abab", "abab", "ab"))
    rows = [[0.02, 0.96, 0.02], [0.9, 0.05, 0.05], [0.02, 0.58, 0.4]]
    assert AB.decode(decoded(rows)[0].labels) == "aa"
    assert AB.decode(decoded(rows, Settings(16, 1, 1.0, 0.0), model)[0].labels) == "ab"


def test_scores_are_made_of_their_parts() -> None:
    rows = np.random.default_rng(5).dirichlet([1, 1, 1], 12)
    model = language()
    for hypothesis in decoded(rows, Settings(16, 5, 0.7, 1.1), model):
        expected = hypothesis.path + 0.7 * hypothesis.language + 1.1 * len(hypothesis.labels)
        assert hypothesis.score == pytest.approx(expected)
        if hypothesis.labels:
            assert hypothesis.language == pytest.approx(model.score(AB.decode(hypothesis.labels)), rel=1e-6)


def test_a_constant_changes_no_text() -> None:
    rows = np.log(np.random.default_rng(7).dirichlet([1, 1, 1], 15))
    one = BeamDecoder(AB, language(), Settings())(tempered(rows, 1.0))
    other = BeamDecoder(AB, language(), Settings())(tempered(rows - 3.0, 1.0))  # type: ignore[arg-type]
    assert [h.labels for h in one] == [h.labels for h in other]
    assert [h.score for h in one] == pytest.approx([h.score for h in other])


@pytest.mark.parametrize("frames", [1, 4000])
def test_lines_of_any_length(frames: int) -> None:
    rows = np.random.default_rng(9).dirichlet([5, 1, 1], frames)
    assert decoded(rows, Settings(16, 5, 0.5, 1.0), language())


@pytest.mark.parametrize("model", [None, language()])
@pytest.mark.parametrize("frames", [1, 4000])
def test_frames_that_are_all_blank_say_nothing(frames: int, model: Automaton | None) -> None:
    rows = np.zeros((frames, 3))
    rows[:, 0] = 1
    (found,) = decoded(rows, Settings(16, 5, 0.9, 2.5), model)
    assert (found.labels, found.path) == ((), 0.0)


def test_frames_that_are_certain_say_what_they_say() -> None:
    rows = np.eye(3)[[1, 0, 1, 1, 2, 0, 2, 1]]
    found = decoded(rows, Settings(16, 5, 0.9, 0.0), language())
    assert AB.decode(found[0].labels) == "aabba"
    assert spans(rows, found[0]) == ((0, 1), (2, 4), (4, 5), (6, 7), (7, 8))


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from([0.01, 1.0, 30.0, 60000.0]))
@settings(max_examples=60, deadline=None)
def test_any_numbers_give_sorted_distinct_texts(seed: int, frames: int, scale: float) -> None:
    values = (np.random.default_rng(seed).normal(size=(frames, 3)) * scale).clip(-65000, 65000).astype(np.float16)
    found = BeamDecoder(AB, language(), Settings(16, 5, 0.9, 2.5))(tempered(values, 1.1))
    assert 1 <= len(found) <= 5
    assert len({hypothesis.labels for hypothesis in found}) == len(found)
    assert [hypothesis.score for hypothesis in found] == sorted((h.score for h in found), reverse=True)
    assert all(math.isfinite(hypothesis.score) for hypothesis in found)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number_is_refused(wrong: float) -> None:
    with pytest.raises(NotANumber, match="copy the bundle again"):
        tempered(np.array([[wrong, 0.5, 0.5]], np.float16), 1.0)
    with pytest.raises(NotANumber, match="copy the bundle again"):
        tempered(np.full((2, 3), -math.inf, np.float16), 1.0)


def test_threads_find_the_same() -> None:
    rng = np.random.default_rng(11)
    lines = [np.log(rng.dirichlet([4, 1, 1], 80)) for _ in range(40)]
    decoder = BeamDecoder(AB, language(), Settings())
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(decoder, lines)) == [decoder(line) for line in lines]


def test_the_model_is_asked_as_its_automaton_says() -> None:
    model = language()
    arrays = BeamDecoder(AB, model, Settings())._model
    for state in range(len(model.backoff_state)):
        for symbol in range(len(model.symbols)):
            said, after = language_model.step(arrays, state, symbol)
            expected, state_after = model.step(state, symbol)
            assert said == pytest.approx(expected)
            assert after == state_after
