import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.index.tokens import LONGEST, tokens

CASES = {
    "Élève,": ["eleve"],
    "L'Élève": ["l", "eleve"],
    "Straße": ["strasse"],
    "ſein": ["sein"],
    "ﬁn": ["fin"],
    "Œuvre": ["oeuvre"],
    "Ærø": ["aero"],
    "Łódź": ["lodz"],
    "43/232": ["43", "232"],
    "co\u00adoperate": ["cooperate"],
    "¬ - …": [],
    "a_b": ["a", "b"],
    "Ἀθῆναι": ["αθηναι"],
    "ВОЙНА": ["воина"],
    "हिन्दी": ["हिन्दी"],
    "שָׁלוֹם": ["שָׁלוֹם"],
    "": [],
}


@pytest.mark.parametrize("text", CASES)
def test_known_words(text: str) -> None:
    assert tokens(text) == CASES[text]


def test_long_runs_are_cut() -> None:
    assert tokens("x" * 10_000) == ["x" * LONGEST]


@given(st.text(max_size=80))
def test_tokens_are_their_own_tokens_in_any_case_and_spelling(text: str) -> None:
    found = tokens(text)
    assert all(found)
    assert [tokens(token)[:1] for token in found] == [[token] for token in found]
    assert tokens(text.casefold()) == found


@given(st.text(max_size=20), st.text(max_size=20))
def test_white_space_parts_tokens(first: str, second: str) -> None:
    assert tokens(f"{first} {second}") == tokens(first) + tokens(second)
