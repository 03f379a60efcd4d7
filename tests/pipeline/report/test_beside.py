from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.beside import SAME_AS_ABOVE, beside, marked
from tests.pipeline.test_agreement import lines

WORDS = st.lists(st.sampled_from(["the", "a", "first", "second", "of"]), max_size=8)


def test_words_that_differ_are_marked() -> None:
    assert marked("the first line", "the fxrst line") == [(False, "the"), (True, "fxrst"), (False, "line")]
    assert marked("", "all new") == [(True, "all new")]
    assert marked("all gone", "") == []


@given(WORDS, WORDS)
def test_marking_loses_no_word(reference: list[str], words: list[str]) -> None:
    cell = marked(" ".join(reference), " ".join(words))
    assert " ".join(text for _, text in cell).split() == words
    assert all(text for _, text in cell)


@given(WORDS)
def test_equal_texts_are_not_marked(words: list[str]) -> None:
    assert not any(differs for differs, _ in marked(" ".join(words), " ".join(words)))


def test_of_two_columns_both_are_marked() -> None:
    assert beside([lines("the first", "a second"), lines("the fxrst", "a second")]) == [
        [[(False, "the"), (True, "first")], [(False, "the"), (True, "fxrst")]],
        [[(False, "a second")], [(False, "a second")]],
    ]


def test_the_truth_is_never_marked() -> None:
    (row, _) = beside([lines("the first", "x"), lines("the first", "x"), lines("", "x")])
    assert row == [[(False, "the first")], [(False, "the first")], []]


def test_lines_that_lie_on_none_come_last() -> None:
    rows = beside([lines("one"), lines("one"), lines("one", "", "noise")])
    assert rows == [[[(False, "one")]] * 3, [[], [], [(True, "noise")]]]


def test_two_lines_read_as_one_stand_beside_the_first() -> None:
    left, right = lines("left", "right")
    halves = (
        left,
        type(right)(right.text, 0.5, ((920.0, 100.0), (1700.0, 100.0)), right.polygon, (), 0, 0),
    )
    (whole,) = lines("left right")
    whole = type(whole)(whole.text, 0.5, ((100.0, 100.0), (1700.0, 100.0)), whole.polygon, (), 0, 0)
    rows = beside([halves, (whole,), ()])
    assert [row[1] for row in rows] == [[(False, "left right")], [(False, SAME_AS_ABOVE)]]
