"""The choice of a page's language, by decoders that are made up."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recognizer.decode.beam import Hypothesis
from recognizer.decode.languages import ASKED, NO_LANGUAGE, choose
from recognizer.lm.automaton import Automaton, compile_ngrams
from recognizer.lm.estimate import estimate
from recognizer.lm.symbols import Symbols

MODEL = compile_ngrams(estimate(["ab"] * 5, Symbols("ab"), 2, (0,)))
LINES: list[Any] = [np.zeros((frames, 3)) for frames in (4, 9, 2, 7)]


class Spy:
    """Gives a text of eleven labels with this score and these bits a character, and notes the lines it was asked."""

    def __init__(self, score: float, bits: float = 2.0, labels: int = 11) -> None:
        self.text = Hypothesis((1,) * labels, score, 0.0, -bits * float(np.log(2)) * (labels + 1))
        self.asked: list[int] = []

    def __call__(self, line: Any) -> list[Hypothesis]:
        self.asked.append(len(line))
        return [self.text]


def chosen(beams: dict[str, Any], lines: Sequence[Any] = LINES, held_out_bits: float | None = 2.0) -> str | None:
    models: dict[str, Automaton] = {name: replace(MODEL, held_out_bits=held_out_bits) for name in beams}
    return choose(lines, beams, models).language


def test_the_model_that_likes_the_lines_best_is_chosen_as_soon_as_it_leads() -> None:
    beams = {"one": Spy(-10.0), "two": Spy(-40.0), "three": Spy(-41.0)}
    assert chosen(beams) == "one"
    assert beams["one"].asked == [9, 7, 4, 2]
    assert beams["two"].asked == beams["three"].asked == [9]


def test_lines_are_asked_until_one_leads() -> None:
    beams = {"one": Spy(-10.0), "two": Spy(-18.0)}
    assert chosen(beams) == "one"
    assert beams["two"].asked == [9, 7, 4]


def test_no_line_is_decoded_twice_and_not_all_of_a_long_page() -> None:
    beams = {"one": Spy(-10.0), "two": Spy(-10.0)}
    assert chosen(beams, LINES * 5) == "one"
    assert len(beams["one"].asked) == len(beams["two"].asked) == ASKED


@pytest.mark.parametrize(
    ("bits", "held_out_bits", "expected"), [(2.9, 2.0, "one"), (3.1, 2.0, None), (3.1, 2.2, "one"), (3.1, None, "one")]
)
def test_what_is_odd_to_the_best_model_is_in_none(bits: float, held_out_bits: float | None, expected: str) -> None:
    assert chosen({"one": Spy(-10.0, bits), "two": Spy(-90.0, bits)}, LINES, held_out_bits) == expected


def test_a_lone_model_is_asked_whether_it_fits() -> None:
    assert chosen({"one": Spy(-10.0)}) == "one"
    assert chosen({"one": Spy(-10.0, 5.0)}) is None


def test_pages_without_lines_or_text_have_none() -> None:
    assert choose([], {"one": Spy(0.0)}, {"one": MODEL}) == NO_LANGUAGE  # type: ignore[dict-item]
    assert choose(LINES, {}, {}) == NO_LANGUAGE
    assert chosen({"one": Spy(0.0, labels=0)}) is None
