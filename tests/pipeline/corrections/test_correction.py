"""What a correction keeps of what somebody said."""

import pytest

from pipeline.corrections.correction import Correction, cleaned
from tests.pipeline.corrections.made import column, document, say

MADE = document(column("first", "second"))


def test_it_says_of_which_line_and_what_was_read_there() -> None:
    said = say(MADE, 1, text="  the \n second ", time=2.25, who="Ann")
    line = MADE.pages[0].lines[1]
    assert (said.page, said.line, said.before, said.text) == (1, 2, "second", "the second")
    assert (said.baseline, said.polygon, said.width, said.height) == (line.baseline, line.polygon, 1000, 2000)
    assert (said.bundle, said.time, said.who, said.tool) == ("b1", 2.25, "Ann", "inkbeam correct")


def test_a_line_that_is_left_as_it_was_read_is_right() -> None:
    assert say(MADE, 0, "right", "whatever").text == "first"
    assert say(MADE, 0, "corrected", " first ").verdict == "right"


@pytest.mark.parametrize("verdict", ["unreadable", "withdrawn"])
def test_others_have_no_text(verdict: str) -> None:
    assert say(MADE, 0, verdict, "whatever").text == ""  # type: ignore[arg-type]


def test_a_line_on_which_nothing_stands_has_the_empty_text() -> None:
    said = say(MADE, 0, "corrected", "")
    assert (said.verdict, said.text) == ("corrected", "")


def test_times_are_told_to_the_microsecond() -> None:
    said = Correction.of(MADE, MADE.pages[0], 0, "right", time=1_700_000_000.123456789)
    assert said.time == 1_700_000_000.123457


@pytest.mark.parametrize(
    ("typed", "kept"), [("e\u0301te\u0301", "été"), ("a\u00a0b\t c\n", "a b c"), ("a\ud800b", "a?b"), ("", "")]
)
def test_texts_are_composed_and_have_single_spaces(typed: str, kept: str) -> None:
    assert cleaned(typed) == kept
