from collections.abc import Sequence

import pytest

from recognizer.decode.decoder import PageReadings
from recognizer.evaluation.page_quality import (
    JudgedPage,
    PageRead,
    judge_pages,
    languages,
    rank_correlation,
    readings_of,
)
from recognizer.evaluation.rates import count
from recognizer.evaluation.texts import paired
from tests.recognizer.evaluation.made import reading, sample

SAMPLES = [sample("abcd", page="1"), sample("efgh", page="2", language="fra"), sample("ijkl", page="1")]
PAGES = [
    PageRead((0, 2), PageReadings("eng", (reading("abcx"), reading("ijkl")), 0.2)),
    PageRead((1,), PageReadings(None, (reading("efgh"),), None)),
]


def test_pages_have_their_lines_errors() -> None:
    texts = [said.text for said in readings_of(PAGES)]
    assert texts == ["abcx", "efgh", "ijkl"]
    first, second = judge_pages(SAMPLES, PAGES, count(paired(SAMPLES, texts)))
    assert (first.name, first.language, first.read_in, first.expected, first.cer) == ("1", "eng", "eng", 0.2, 1 / 8)
    assert (second.language, second.read_in, second.expected, second.cer) == ("fra", "none", None, 0.0)
    assert languages([first, second]) == {"eng": {"eng": 1}, "fra": {"none": 1}}


def judged(pairs: Sequence[tuple[float | None, float]]) -> list[JudgedPage]:
    return [JudgedPage("", "hand", "fra", "fra", expected, cer) for expected, cer in pairs]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(0.1, 0.2), (0.2, 0.3), (0.5, 0.9)], 1.0),
        ([(0.1, 0.9), (0.2, 0.3), (0.5, 0.2)], -1.0),
        ([(0.1, 0.1), (0.1, 0.2), (0.3, 0.3), (0.4, 0.4)], 0.9487),
        ([(0.1, 0.2), (0.2, 0.3), (None, 0.9)], None),
        ([(0.1, 0.2), (0.1, 0.3), (0.1, 0.9)], None),
    ],
)
def test_rank_correlation(pairs: Sequence[tuple[float | None, float]], expected: float | None) -> None:
    assert rank_correlation(judged(pairs)) == (None if expected is None else pytest.approx(expected, abs=1e-4))
