import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.alphabet import Alphabet
from recognizer.decode.greedy import Posteriors
from recognizer.decode.reading import Reading, WordReading, read_greedily

ALPHABET = Alphabet(" ab")
SPACE, A, B = 1, 2, 3


def posteriors(path: list[int], sure: float = 0.97) -> Posteriors:
    chances = np.full((len(path), len(ALPHABET)), (1 - sure) / 3)
    chances[np.arange(len(path)), path] = sure
    return np.asarray(np.log(chances), np.float16)


def read(path: list[int], sure: float = 0.97) -> Reading:
    return read_greedily([posteriors(path, sure)], ALPHABET, 4.0)[0]


PATHS = st.lists(st.integers(0, 3), max_size=40)


@given(PATHS, st.floats(0.3, 0.999))
def test_words_are_ordered_inside_the_line_and_probable(path: list[int], sure: float) -> None:
    reading = read(path, sure)
    assert reading.text == " ".join(word.text for word in reading.words)
    assert all(word.text and " " not in word.text for word in reading.words)
    assert all(0 <= word.confidence <= 1 for word in reading.words)
    assert 0 <= reading.confidence <= 1
    ends = [0.0]
    for word in reading.words:
        assert ends[-1] <= word.start < word.end <= len(path)
        ends.append(word.end)


@given(st.lists(PATHS, max_size=8))
def test_lines_do_not_depend_on_their_neighbours(paths: list[list[int]]) -> None:
    lines = [posteriors(path) for path in paths]
    assert read_greedily(lines, ALPHABET, 4.0) == [read_greedily([line], ALPHABET, 4.0)[0] for line in lines]


def test_two_words_with_their_places() -> None:
    reading = read([0, A, 0, B, 0, SPACE, 0, A, A, 0])
    assert reading.text == "ab a"
    first, second = reading.words
    assert (first.start, first.end) == (0.5, 4.5)
    assert (second.start, second.end) == (6.0, 10.0)
    assert 0.8 < first.confidence < 1


@pytest.mark.parametrize(
    "path",
    [[SPACE, A], [A, SPACE], [SPACE, 0, SPACE, A, SPACE, 0, SPACE], [0, SPACE, A, SPACE, 0]],
)
def test_spaces_at_the_ends_and_beside_each_other_make_no_words(path: list[int]) -> None:
    reading = read(path)
    assert reading.text == "a"
    assert len(reading.words) == 1


@pytest.mark.parametrize("path", [[], [0, 0], [SPACE], [SPACE, 0, SPACE]])
def test_lines_without_words_have_no_confidence(path: list[int]) -> None:
    assert read(path) == Reading("", 0.0, ())


def test_an_alphabet_without_a_space_reads_one_word() -> None:
    line = np.log(np.array([[0.1, 0.9], [0.9, 0.1], [0.1, 0.9]])).astype(np.float16)
    assert read_greedily([line], Alphabet("a"), 4.0)[0].text == "aa"


def test_doubt_in_one_word_stays_in_that_word() -> None:
    line = posteriors([A, A, SPACE, B, B])
    line[3:] = np.log([0.02, 0.02, 0.46, 0.5])
    sure, doubtful = read_greedily([line], ALPHABET, 4.0)[0].words
    assert sure.confidence > 0.9
    assert doubtful.confidence < 0.6


def test_confidence_is_weighted_by_length() -> None:
    reading = read([A, B, A, B, SPACE, A])
    long, short = reading.words
    assert reading.confidence == pytest.approx((4 * long.confidence + short.confidence) / 5)


def test_stretching_keeps_words_inside_the_width() -> None:
    reading = Reading("a b", 1.0, (WordReading("a", 1.0, 0.0, 2.0), WordReading("b", 1.0, 3.0, 5.0)))
    spans = [(word.start, word.end) for word in reading.stretched(4.0, 18).words]
    assert spans == [(0.0, 8.0), (12.0, 18.0)]
    assert [(word.start, word.end) for word in reading.stretched(0.0, 0).words] == [(0.0, 0.0)] * 2
