import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from recognizer.decode.confidence import IMPOSSIBLE, TOGETHER, log_likelihoods

Floats = npt.NDArray[np.float64]


def posteriors(frames: int, symbols: int, seed: int) -> Floats:
    chances = np.random.default_rng(seed).dirichlet(np.full(symbols, 0.5), frames)
    return np.asarray(np.log(np.maximum(chances, 1e-12)), np.float64)


def collapsed(path: Sequence[int]) -> tuple[int, ...]:
    return tuple(label for label, _ in itertools.groupby(path) if label)


def by_all_paths(line: Floats, labels: tuple[int, ...]) -> float:
    frames, symbols = line.shape
    return sum(
        float(np.exp(sum(line[t, symbol] for t, symbol in enumerate(path))))
        for path in itertools.product(range(symbols), repeat=frames)
        if collapsed(path) == labels
    )


LABELS = st.lists(st.integers(1, 2), max_size=4).map(tuple)


@given(st.integers(0, 5), LABELS, st.integers(0, 10**6))
def test_probability_is_the_sum_over_all_paths(frames: int, labels: tuple[int, ...], seed: int) -> None:
    line = posteriors(frames, 3, seed)
    chance = float(np.exp(log_likelihoods([line], [labels])[0]))
    assert chance == pytest.approx(by_all_paths(line, labels), rel=1e-9, abs=1e-15)


@given(st.lists(st.tuples(st.integers(0, 30), LABELS, st.integers(0, 10**6)), max_size=12))
def test_stretches_do_not_depend_on_their_neighbours(cases: list[tuple[int, tuple[int, ...], int]]) -> None:
    lines = [posteriors(frames, 3, seed) for frames, _, seed in cases]
    labels = [line for _, line, _ in cases]
    together = log_likelihoods(lines, labels)
    alone = [log_likelihoods([line], [label])[0] for line, label in zip(lines, labels, strict=True)]
    assert together.tolist() == alone


def test_more_stretches_than_are_counted_together() -> None:
    lines = [posteriors(k % 9, 3, k) for k in range(2 * TOGETHER + 3)]
    labels = [(1,) * (k % 3) for k in range(len(lines))]
    alone = [log_likelihoods([line], [label])[0] for line, label in zip(lines, labels, strict=True)]
    assert log_likelihoods(lines, labels).tolist() == alone


@given(st.integers(8, 40), st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 10**6))
def test_equals_the_loss_that_networks_are_trained_with(frames: int, labels: list[int], seed: int) -> None:
    line = posteriors(frames, 6, seed)
    loss = functional.ctc_loss(
        torch.from_numpy(line)[:, None],
        torch.tensor([labels]),
        torch.tensor([frames]),
        torch.tensor([len(labels)]),
        reduction="sum",
    )
    assert log_likelihoods([line], [labels])[0] == pytest.approx(-loss.item(), rel=1e-9)


@pytest.mark.parametrize(
    ("rows", "answers"),
    [
        ([(0.6, 0.4, 0.0)] * 2, {(1,): 0.64, (): 0.36}),
        ([(0.2, 0.8, 0), (0.8, 0.2, 0), (0.2, 0.8, 0)], {(1, 1): 0.512, (1,): 0.456, (): 0.032}),
        ([(0.1, 0.9, 0)] * 3, {(1,): 0.918, (1, 1): 0.081, (): 0.001}),
        ([(1.0, 0.0, 0.0)] * 4, {(): 1.0, (1,): 0.0, (1, 2): 0.0}),
        ([(0.3, 0.5, 0.2)], {(1,): 0.5, (): 0.3, (2,): 0.2, (1, 2): 0.0}),
    ],
)
def test_known_answers(rows: list[tuple[float, ...]], answers: dict[tuple[int, ...], float]) -> None:
    with np.errstate(divide="ignore"):
        line = np.log(np.array(rows))
    chances = np.exp(log_likelihoods([line] * len(answers), list(answers)))
    assert chances.tolist() == pytest.approx(list(answers.values()))


def test_no_frames_say_nothing_with_certainty() -> None:
    empty = np.zeros((0, 3))
    assert log_likelihoods([empty, empty], [(), (1,)]).tolist() == [0.0, IMPOSSIBLE]


def test_no_stretches() -> None:
    assert log_likelihoods([], []).shape == (0,)


def test_half_precision_posteriors_and_texts_longer_than_their_frames() -> None:
    line = posteriors(4, 3, 1).astype(np.float16)
    assert log_likelihoods([line], [(1, 2, 1, 2, 1)])[0] == IMPOSSIBLE
    assert log_likelihoods([line], [(1, 1, 1)])[0] == IMPOSSIBLE
