import numpy as np
import pytest

from recognizer.alphabet import Alphabet
from recognizer.decode.beam import BeamDecoder, Settings
from recognizer.decode.calibrate import Judged, calibrate, chances, logistic
from recognizer.decode.decoding import Decoding
from recognizer.decode.page_posteriors import PagePosteriors

AB = Alphabet("ab ")


def test_logistic_regression_finds_the_odds() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=4000)
    right = rng.random(4000) < 1 / (1 + np.exp(-(0.5 + 2 * x)))
    features = np.column_stack([np.ones(4000), x])
    weights, loss = logistic(features, right)
    assert weights == pytest.approx([0.5, 2.0], abs=0.2)
    assert 0 < loss < np.log(2)
    assert chances(features, weights).mean() == pytest.approx(right.mean(), abs=1e-3)


def pages(wrong: float, count: int = 30, seed: int = 1) -> list[Judged]:
    """Pages of five lines of four letters a, b; the network is the surer the righter it is."""
    rng = np.random.default_rng(seed)
    beam = BeamDecoder(AB, None, Settings(best=16, weight=0.0, bonus=0.0))
    found = []
    for _ in range(count):
        truths, lines = [], []
        for _ in range(5):
            text = " ".join("".join(rng.choice(["a", "b"], 2)) for _ in range(3))
            rows = np.full((2 * len(text), len(AB)), 0.02)
            for place, label in enumerate(AB.encode(text)):
                misread = rng.random() < wrong and text[place] != " "
                said = 3 - label if misread else label
                rows[2 * place, said] += 0.5 if misread else rng.uniform(0.4, 0.9)
                rows[2 * place + 1, 0] += 0.9
            truths.append(text)
            lines.append(np.log(rows / rows.sum(1, keepdims=True)).astype(np.float16))
        found.append(Judged(truths, PagePosteriors.of(lines, 1.0), beam))
    return found


def test_what_is_expected_is_what_is_found() -> None:
    learned = calibrate(AB, Decoding(temperature=1.0), [*pages(0.05), *pages(0.3, seed=2)], 1.0)
    assert len(learned.calibration) == 7
    assert len(learned.alone) == 5
    factor, power = learned.wrong
    assert factor > 0
    assert 1 <= power <= 2
    assert learned.expected_cer(0.5) > learned.expected_cer(0.1)


def test_where_all_is_right_nothing_can_be_learned() -> None:
    decoding = Decoding(temperature=1.0)
    assert calibrate(AB, decoding, pages(0.0), 1.0) == decoding
