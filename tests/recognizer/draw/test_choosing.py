import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.draw.choosing import choose
from recognizer.draw.hands import Hands
from recognizer.draw.letters import END, START
from tests.recognizer.draw.made import hand, one_hand

LETTERS = "aehnorst "
HANDS, HAND = one_hand("the north store", "a nest on her hat", "he shot ten hens", "rats eat toast")


def chosen(text: str, seed: int = 1, hands: Hands = HANDS) -> list[str]:
    pieces = choose(hands, hands.hands[0], text, np.random.default_rng(seed))
    return [piece.line.text[piece.first : piece.last] for piece in pieces]


@given(st.text(LETTERS, min_size=1, max_size=30), st.integers(0, 9))
def test_pieces_say_the_text(text: str, seed: int) -> None:
    assert "".join(chosen(text, seed)) == f"{START}{text}{END}"


@pytest.mark.parametrize("text", ["the north store", "a nest on her hat"])
def test_what_the_hand_wrote_is_taken_whole(text: str) -> None:
    assert chosen(text) == [f"{START}{text}{END}"]


def test_groups_of_letters_are_taken_together() -> None:
    pieces = chosen("the rats on toast")
    assert len(pieces) < 8
    assert any("rats" in piece for piece in pieces)


def test_words_begin_and_end_with_letters_that_did() -> None:
    for seed in range(5):
        *_, last = chosen("tor", seed)
        assert last.endswith(f"r{END}") or last == END
        first, *_ = chosen("ear", seed)
        assert len(first) == 1 or first[1] == "e"


def test_the_same_choice_is_not_always_made() -> None:
    pieces = {tuple(chosen("stern atoner", seed)) for seed in range(12)}
    assert len(pieces) > 1
    assert chosen("stern atoner", 3) == chosen("stern atoner", 3)


def test_what_is_lacking_is_borrowed_and_nothing_else() -> None:
    hands = Hands((HAND, hand(["a wave", "kites"], page="p2")))
    pieces = choose(hands, HAND, "a knot", np.random.default_rng(1))
    assert [piece.line.text[piece.first : piece.last] for piece in pieces if piece.line.page == "p2"] == ["k"]


def test_what_nobody_has_raises() -> None:
    with pytest.raises(KeyError, match="z"):
        choose(HANDS, HAND, "zero", np.random.default_rng(1))


def test_a_piece_is_as_wide_as_its_characters() -> None:
    (piece,) = choose(HANDS, HAND, "the north store", np.random.default_rng(1))
    assert piece.width == piece.line.image.shape[1]
