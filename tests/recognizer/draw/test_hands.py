from dataclasses import replace

import pytest

from recognizer.draw.hands import Hand, Hands
from tests.recognizer.draw.made import cut_line, hand, one_hand

TEXTS = ["the sun rose", "no one came", "we saw more"]


def test_lines_of_a_page_are_of_one_hand() -> None:
    lines = [cut_line(text, page=page) for text in TEXTS for page in ("p1", "p2")]
    lines += [cut_line("the same page", "theirs"), cut_line("once more", page="p3")]
    hands = Hands.of(lines).hands
    assert [(each.dataset, each.page, len(each.lines)) for each in hands] == [("ours", "p1", 3), ("ours", "p2", 3)]


def test_a_line_unlike_the_others_of_its_page_is_left_out() -> None:
    odd = cut_line("odd one out", core=(10.0, 60.0))
    (only,) = Hands.of([*(cut_line(text) for text in TEXTS), odd]).hands
    assert odd not in only.lines
    assert only.core == (30.0, 50.0)


def test_letters_are_known_by_their_places() -> None:
    only = hand(["anna", "banana"])
    assert [(line.text[k - 1], k) for line, k in only.letters["b"]] == [("\x02", 1)]
    assert len(only.letters["a"]) == 5
    assert "c" not in only.letters


def test_letters_that_were_not_surely_seen_are_not_taken() -> None:
    line = cut_line("abc")
    line.sure[2] = False
    assert "b" not in Hand("ours", "p1", (line,)).letters


def test_letters_much_wider_or_narrower_than_mostly_are_not_taken() -> None:
    line = cut_line("aaaaaaa")
    cuts = line.cuts.copy()
    cuts[3] -= 14  # the second is narrow then, the third wide
    places = Hand("ours", "p1", (replace(line, cuts=cuts),)).letters["a"]
    assert [k for _, k in places] == [1, 4, 5, 6, 7]


def test_of_two_places_as_different_as_can_be_one_is_taken() -> None:
    line = cut_line("aa")
    line.cuts[2] -= 20
    assert len(Hand("ours", "p1", (line,)).letters["a"]) == 1


def test_what_a_hand_lacks_the_hand_most_like_it_lends() -> None:
    own, narrow = hand(TEXTS), hand(["kiwi"] * 4, page="p2")
    alike = hand(["kilo"] * 4, page="p3")
    for line in narrow.lines:
        line.cuts[:] = line.cuts // 2
    hands = Hands((own, narrow, alike))
    assert {line.page for line, _ in hands.places(own, "k")} == {"p3"}
    assert {line.page for line, _ in hands.places(own, "e")} == {"p1"}
    assert hands.places(own, "z") == ()


def test_what_no_hand_has_is_told() -> None:
    hands = Hands((hand(["abc"]), hand(["bcd"])))
    assert hands.lacking("a bad cab") == {" "}
    assert hands.lacking("bad") == frozenset()


def test_the_hand_is_taken_that_borrows_least() -> None:
    hands = Hands((hand(["abc"], page="p1"), hand(["abcd"], page="p2"), hand(["dcba"], page="p3")))
    assert hands.fitting("dad", [0, 1, 2]).page == "p2"
    assert hands.fitting("dad", [2, 1]).page == "p3"
    assert hands.fitting("cab", [0, 2]).page == "p1"


def test_a_look_tells_slant_width_and_strokes() -> None:
    _, plain = one_hand(*TEXTS)
    slant, letter, stroke = plain.look
    assert slant == 0
    assert letter == pytest.approx(24 / 20, abs=0.15)
    assert 0.1 < stroke < 0.5
