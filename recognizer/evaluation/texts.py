"""Texts as they are compared: truth beside reading under a policy, without case, without punctuation."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from recognizer.policy import FOLDED
from recognizer.samples import Sample

Pair = tuple[str, str]  # truth, reading

CLASSES: Final = ("lower", "upper", "digit", "space", "punctuation")


def class_of(character: str) -> str:
    """The class of a character, one of CLASSES.

    Letters without case and combining marks count as lower, fractions and other numbers as digits, and all that is
    neither letter, number nor space as punctuation.
    """
    if character.isspace():
        return "space"
    match unicodedata.category(character):
        case "Lu" | "Lt":
            return "upper"
        case "Nd" | "Nl" | "No":
            return "digit"
        case letter if letter[0] in "LM":
            return "lower"
    return "punctuation"


def without_case(text: str) -> str:
    """The text in lower case."""
    return text.lower()


def without_punctuation(text: str) -> str:
    """The text without its punctuation; what stood around a lone mark is set apart by one space."""
    return " ".join("".join(c for c in text if class_of(c) != "punctuation").split())


def paired(samples: Sequence[Sample], texts: Sequence[str]) -> list[Pair]:
    """Truths under the policy that the samples were loaded with, beside what was read."""
    return [(sample.text, text) for sample, text in zip(samples, texts, strict=True)]


def variants(
    samples: Sequence[Sample], texts: Sequence[str], ignore_case: bool, ignore_punctuation: bool
) -> Iterator[tuple[str, list[Pair]]]:
    """Other ways to compare, by name: always `folded`, and what else is asked for, each alone and both together."""
    yield "folded", [(FOLDED(sample.raw), FOLDED(text)) for sample, text in zip(samples, texts, strict=True)]
    pairs = paired(samples, texts)
    if ignore_case:
        yield "ignore_case", _changed(pairs, without_case)
    if ignore_punctuation:
        yield "ignore_punctuation", _changed(pairs, without_punctuation)
    if ignore_case and ignore_punctuation:
        yield "ignore_case_and_punctuation", _changed(_changed(pairs, without_case), without_punctuation)


def _changed(pairs: Sequence[Pair], change: Callable[[str], str]) -> list[Pair]:
    return [(change(truth), change(reading)) for truth, reading in pairs]
