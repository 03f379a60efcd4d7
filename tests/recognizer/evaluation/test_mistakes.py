import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.evaluation.mistakes import CONFUSIONS, WORST, ClassErrors, Edit, Mistakes, edits_of
from recognizer.evaluation.rates import count
from recognizer.evaluation.texts import Pair

TEXTS = st.text("ab c.é", max_size=12).map(lambda text: " ".join(text.split()))
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=8)


def test_edits_say_what_was_read_as_what_and_where() -> None:
    assert edits_of([("same", "same"), ("abc", "axc"), ("abc", "ac"), ("ac", "abc"), ("", "x")]) == [
        Edit(1, "b", "x", 1, 1),
        Edit(2, "b", "", 1, 1),
        Edit(3, "", "b", 1, 1),
        Edit(4, "", "x", 0, 0),
    ]


def test_a_stretch_is_taken_apart_into_characters() -> None:
    assert edits_of([("xabcx", "xdefx")]) == [
        Edit(0, t, r, k, k) for k, t, r in [(1, "a", "d"), (2, "b", "e"), (3, "c", "f")]
    ]
    assert edits_of([("ab", "ab cd")]) == [Edit(0, "", r, 2, 2 + k) for k, r in enumerate(" cd")]
    assert edits_of([("ab cd", "ab")]) == [Edit(0, t, "", 2 + k, 2) for k, t in enumerate(" cd")]


@given(PAIRS)
def test_edits_turn_truths_into_readings_and_are_as_many_as_errors(pairs: list[Pair]) -> None:
    edits = edits_of(pairs)
    for line, (truth, reading) in enumerate(pairs):
        characters = list(truth)
        own = [edit for edit in edits if edit.line == line]
        for edit in reversed(own):
            characters[edit.truth_at : edit.truth_at + len(edit.truth)] = edit.read
            assert not edit.read or reading[edit.read_at] == edit.read
        assert "".join(characters) == reading
        assert len(own) == count(pairs)[line, 0]


def test_classes_count_the_characters_that_stand_there() -> None:
    found = Mistakes.of([("Ab 12.", "ab 1,"), ("a", "aa")])
    assert found.classes == (
        ClassErrors("lower", 2, 0),
        ClassErrors("upper", 1, 1),
        ClassErrors("digit", 2, 1),
        ClassErrors("space", 1, 0),
        ClassErrors("punctuation", 1, 1),
    )
    assert found.insertions == 1
    assert [c.rate for c in found.classes] == pytest.approx([0, 1, 0.5, 0, 1])


def test_the_rate_of_a_class_that_nowhere_stands_is_nought() -> None:
    assert ClassErrors("digit", 0, 0).rate == 0


def test_the_most_frequent_confusion_comes_first_with_three_lines_from_all_over() -> None:
    pairs = [("abab", "abab"), *[("nun", "uun")] * 9, ("aba", "aca"), ("a b", "ab")]
    found = Mistakes.of(pairs).confusions
    assert [(c.truth, c.read, c.count) for c in found] == [("n", "u", 9), (" ", "", 1), ("b", "c", 1)]
    assert [edit.line for edit in found[0].examples] == [1, 4, 7]


def test_examples_come_from_different_lines() -> None:
    (found,) = Mistakes.of([("nnn", "uuu"), ("nn", "uu")]).confusions
    assert found.count == 5
    assert [(edit.line, edit.truth_at) for edit in found.examples] == [(0, 0), (1, 0)]


def test_the_worst_lines_have_most_errors_and_are_long_enough() -> None:
    pairs = [("good", "good"), ("abcde", "xbcde"), ("abcd", ""), ("abc", "xxxxxxxx"), ("abcd", "xbcd")]
    worst = Mistakes.of(pairs).worst
    assert [(found.line, len(found.edits)) for found in worst] == [(2, 4), (4, 1), (1, 1)]


def test_lists_end_somewhere() -> None:
    letters = [chr(ord("a") + k) for k in range(26)]
    found = Mistakes.of([(f"1111{letter}", f"1111{other}") for letter in letters for other in "äöü"])
    assert (len(found.confusions), len(found.worst)) == (CONFUSIONS, WORST)


def test_nothing_read_wrongly_has_no_mistakes() -> None:
    found = Mistakes.of([("abc", "abc")])
    assert (found.confusions, found.worst, found.insertions) == ((), (), 0)
    assert Mistakes.of([]).confusions == ()
