import pytest

from pipeline.hyphens import broken_words
from tests.pipeline.formats.test_hocr import line


@pytest.mark.parametrize("hyphen", ["-", "\u00ac", "\u2e17", "\u2010"])
def test_a_word_that_goes_on_is_one(hyphen: str) -> None:
    lines = [line(100, "the", f"govern{hyphen}"), line(150, "ment", "of")]
    assert broken_words(lines) == {(0, 1): ((1, 0), "government")}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("govern", "ment"),  # no hyphen
        ("govern-", "Ment"),  # a name
        ("1914-", "bis"),  # a date
        ("-", "ment"),  # a dash
        ("govern-", "18"),
    ],
)
def test_others_are_two(first: str, second: str) -> None:
    assert broken_words([line(100, first), line(150, second)]) == {}


def test_paragraphs_do_not_go_on() -> None:
    assert broken_words([line(100, "govern-"), line(150, "ment", paragraph=1)]) == {}
    assert broken_words([line(100, "govern-"), line(150, "ment", region=1)]) == {}


def test_a_line_of_one_word_may_go_on_and_be_gone_on_with() -> None:
    lines = [line(100, "in-"), line(150, "com-"), line(200, "plete")]
    assert broken_words(lines) == {(0, 0): ((1, 0), "incom-"), (1, 0): ((2, 0), "complete")}
