"""A language model from prose and ground truth: how often the truth counts is what held-out truth says is best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recognizer.lm.automaton import compile_ngrams
from recognizer.lm.estimate import Ngrams, estimate
from recognizer.lm.symbols import Symbols
from recognizer.lm.text import Text

WEIGHTS: Final = (1, 2, 3, 5, 8, 13)
BLOCK: Final = 25  # lines that are held out together, since neighbours say the same things
EVERY: Final = 10


@dataclass(frozen=True)
class Fitted:
    """A model, how often it counted the lines of truth, and its bits a character on truth held out.

    None where there is too little truth to hold any out.
    """

    ngrams: Ngrams
    weight: int
    bits: float | None


def fit(text: Text, order: int, prune: Sequence[int]) -> Fitted:
    """The model of all text, its characters those of the text. Raises ValueError as `estimate` does."""
    symbols = Symbols(text.characters())
    text = text.within(symbols.characters)
    blocks = [(index // BLOCK % EVERY == EVERY - 1, line) for index, line in enumerate(text.truth)]
    learned, asked = [line for held, line in blocks if not held], [line for held, line in blocks if held]
    if not asked:
        return Fitted(estimate([*text.prose, *text.truth], symbols, order, prune), 1, None)
    weights = WEIGHTS if text.prose else WEIGHTS[:1]
    bits = {
        weight: compile_ngrams(estimate([*text.prose, *learned * weight], symbols, order, prune)).bits_a_character(
            asked
        )
        for weight in weights
    }
    best = min(weights, key=lambda weight: bits[weight])
    return Fitted(estimate([*text.prose, *text.truth * best], symbols, order, prune), best, bits[best])
