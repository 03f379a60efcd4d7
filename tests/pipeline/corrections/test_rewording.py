"""Where the words of a corrected line stand."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corrections.rewording import LEAST, reworded
from pipeline.document import Line, Word, bounding_box, polyline
from tests.pipeline.corrections.made import line as bare
from tests.pipeline.index.made import line as made_line
from tests.pipeline.strategies import lines, word_texts

LINE = made_line(["the", "cut", "sat"], 3)  # words from 10, 60 and 110, 40 wide; 90 to 110 down the page


def boxes(line: Line, text: str) -> dict[str, tuple[float, float, float, float]]:
    return {word.text: bounding_box(word.polygon) for word in reworded(line, text)}


def test_words_that_stay_have_their_place() -> None:
    assert list(boxes(LINE, "the cat sat").values()) == list(boxes(LINE, "the cut sat").values())
    assert boxes(LINE, "the cat sat")["cat"] == (60, 90, 100, 110)


def test_one_word_that_becomes_two_is_shared_out() -> None:
    found = boxes(LINE, "the cu ta sat")
    assert found["the"] == (10, 90, 50, 110)
    assert found["sat"] == (110, 90, 150, 110)
    assert found["cu"] == (60, 90, 76, 110)
    assert found["ta"] == (84, 90, 100, 110)


def test_two_words_that_become_one_are_its_place() -> None:
    assert boxes(LINE, "thecut sat") == {"thecut": (10, 90, 100, 110), "sat": (110, 90, 150, 110)}


def test_a_word_that_was_missed_stands_in_the_gap() -> None:
    assert boxes(LINE, "the big cut sat")["big"] == (50, 90, 60, 110)
    assert boxes(LINE, "the cut sat down")["down"] == (150, 90, 500, 110)  # the line goes on
    assert boxes(LINE, "oh the cut sat")["oh"] == (9.5, 90, 10.5, 110)  # there is no room: one pixel


def test_a_word_that_is_none_goes() -> None:
    assert list(boxes(LINE, "the sat")) == ["the", "sat"]
    assert reworded(LINE, "") == ()


def test_a_line_without_words_gets_some_along_its_baseline() -> None:
    assert boxes(bare("abc", 100), "ab cdefg") == {"ab": (100, 70, 300, 110), "cdefg": (400, 70, 900, 110)}


def test_words_follow_a_bent_baseline() -> None:
    bent = Line(
        "x", 0.5, ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0)), ((0.0, -20.0), (100.0, -20.0), (0.0, 5.0)), (), 0, 0
    )
    first, second = (np.array(word.polygon) for word in reworded(bent, "aa bb"))
    assert first.tolist() == [[0, -20], [80, -20], [80, 5], [0, 5]]
    assert second.tolist() == [[120, 20], [120, 100], [95, 100], [95, 20]]


def test_a_baseline_of_one_point_does_no_harm() -> None:
    dot = Line(".", 0.5, ((5.0, 5.0), (5.0, 5.0)), ((4.0, 4.0), (6.0, 4.0), (6.0, 6.0)), (), 0, 0)
    assert [word.text for word in reworded(dot, "a b")] == ["a", "b"]
    assert reworded(replace(dot, baseline=((5.0, 5.0),)), "a b") == reworded(dot, "a b")


@given(lines(1), st.lists(word_texts, max_size=5))
def test_the_words_are_those_of_the_text(line: Line, said: list[str]) -> None:
    words = reworded(line, " ".join(said))
    assert [word.text for word in words] == said
    assert all(word.confidence == 1 and word.alternatives is None for word in words)
    assert all(polyline(word.polygon) == word.polygon and len(word.polygon) >= 3 for word in words)


@given(lines(1))
def test_the_same_text_has_the_same_places(line: Line) -> None:
    if line.words:
        assert [word.polygon for word in reworded(line, line.text)] == [word.polygon for word in line.words]


@given(st.lists(st.sampled_from(["the", "cut", "sat", "cat", "a", "longer"]), min_size=1, max_size=6))
def test_words_come_one_after_the_other(said: list[str]) -> None:
    words: tuple[Word, ...] = reworded(LINE, " ".join(said))
    lefts = [bounding_box(word.polygon)[0] for word in words]
    assert all(one <= other + LEAST for one, other in pairwise(lefts))
    assert all(bounding_box(word.polygon)[3] == pytest.approx(110) for word in words)
