import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.alphabet import BLANK, Alphabet


@given(st.lists(st.characters(), unique=True, max_size=20), st.data())
def test_encoding_and_decoding_give_the_text_back(symbols: list[str], data: st.DataObject) -> None:
    alphabet = Alphabet(symbols)
    text = data.draw(st.text(st.sampled_from(symbols), max_size=30) if symbols else st.just(""))
    indices = alphabet.encode(text)
    assert alphabet.decode(indices) == text
    assert all(BLANK < index < len(alphabet) for index in indices)


def test_unknown_characters_and_blanks_are_left_out() -> None:
    alphabet = Alphabet("ab")
    assert alphabet.encode("aXb") == [1, 2]
    assert alphabet.decode([BLANK, 1, BLANK, 2]) == "ab"
    assert len(alphabet) == 3


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_that_does_not_exist_is_an_error(index: int) -> None:
    with pytest.raises(KeyError):
        Alphabet("ab").decode([index])


@pytest.mark.parametrize("symbols", [["a", "a"], ["ab"], [""]])
def test_symbols_are_distinct_single_characters(symbols: list[str]) -> None:
    with pytest.raises(ValueError, match="distinct symbols of one character"):
        Alphabet(symbols)


def test_an_alphabet_of_texts_leaves_rare_characters_out_and_is_sorted() -> None:
    assert Alphabet.of(["bab", "abz"], at_least=2).symbols == ("a", "b")
    assert Alphabet.of([]).symbols == ()


def test_an_alphabet_is_extended_behind_its_own_symbols() -> None:
    extended = Alphabet("ba").extended(["zab", "yz", "x"], at_least=1)
    assert extended.symbols == ("b", "a", "x", "y", "z")
    assert Alphabet("ba").extended(["zab"], at_least=2).symbols == ("b", "a")
