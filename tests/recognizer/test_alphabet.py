import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.alphabet import BLANK, FOLDS, Alphabet, fold

FOLDED = st.sampled_from([*map(chr, FOLDS), "\u0301", "\u0307", "\u1e9b", "\u1fef"])
TRICKY = st.text(st.one_of(st.characters(), FOLDED))


@given(TRICKY)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TRICKY)
def test_folded_text_is_nfc_with_single_inner_spaces_and_nothing_that_is_folded(text: str) -> None:
    folded = fold(text)
    assert unicodedata.is_normalized("NFC", folded)
    assert folded == " ".join(folded.split())
    assert not any(ord(character) in FOLDS for character in folded)


@pytest.mark.parametrize(
    ("written", "taught"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("  a\t\u00a0b\u2003\nc ", "a b c"),
        ("Haſe Waſſer", "Hase Wasser"),
        ("\u1e9b", "\u1e61"),
        ("l’homme ‘a’ ‚b‘ ‹c›", "l'homme 'a' 'b' 'c'"),
        ("“a” „b“ « c »", '"a" "b" " c "'),
        ("1914–1918 — fin¬", "1914-1918 - fin-"),
        ("M^r 2^e", "Mr 2e"),
        ("Wort\u00adteil \ufeffx\u200by", "Wortteil xy"),
        ("e^\u0301", "\u00e9"),
        ("^ ^", ""),
        ("", ""),
    ],
)
def test_text_policy(written: str, taught: str) -> None:
    assert fold(written) == taught


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
