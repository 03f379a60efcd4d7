import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.evaluation.texts import CLASSES, class_of, paired, variants, without_case, without_punctuation
from recognizer.policy import TextPolicy
from tests.recognizer.evaluation.made import sample

DIPLOMATIC = TextPolicy.named("diplomatic")


@pytest.mark.parametrize(
    ("name", "characters"),
    [
        ("lower", "aéßſªøħ\u0303"),
        ("upper", "AÉŒǅ"),
        ("digit", "07½²Ⅳ"),
        ("space", " \u00a0\t"),
        ("punctuation", ".,-'\"§&+=€°/"),
    ],
)
def test_every_character_has_its_class(name: str, characters: str) -> None:
    assert {class_of(character) for character in characters} == {name}


@given(st.characters())
def test_no_character_is_without_class(character: str) -> None:
    assert class_of(character) in CLASSES


def test_punctuation_goes_and_spaces_stay_single() -> None:
    assert without_punctuation("Mr. D'Arcy - (50 £), indeed!") == "Mr DArcy 50 indeed"
    assert without_punctuation("-- .") == ""


@given(st.text())
def test_ignoring_twice_ignores_no_more(text: str) -> None:
    assert without_punctuation(without_punctuation(text)) == without_punctuation(text)
    assert without_case(without_case(text)) == without_case(text)


def test_truths_are_those_of_the_policy_and_folded_ones_come_from_what_was_transcribed() -> None:
    samples = [sample("x", raw="Deſſen “Wort”", policy=DIPLOMATIC)]
    texts = ['Deſſen "Wort']
    assert paired(samples, texts) == [("Deſſen “Wort”", 'Deſſen "Wort')]
    assert dict(variants(samples, texts, False, False)) == {"folded": [('Dessen "Wort"', 'Dessen "Wort')]}


def test_variants_are_made_when_asked_for_and_both_together_too() -> None:
    found = dict(variants([sample("The End.")], ["the, end"], True, True))
    assert found == {
        "folded": [("The End.", "the, end")],
        "ignore_case": [("the end.", "the, end")],
        "ignore_punctuation": [("The End", "the end")],
        "ignore_case_and_punctuation": [("the end", "the end")],
    }
    assert set(dict(variants([], [], True, False))) == {"folded", "ignore_case"}


def test_a_reading_too_few_is_no_evaluation() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired([sample("a"), sample("b")], ["a"])
