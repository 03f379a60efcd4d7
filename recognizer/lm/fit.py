"""A language model from prose and ground truth: how often the truth counts is what held-out truth says is best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from recognizer.lm.automaton import compile_ngrams
from recognizer.lm.estimate import Ngrams, estimate
from recognizer.lm.symbols import Symbols
from recognizer.lm.text import Text

WEIGHTS: Final = (1, 2, 3, 5, 8, 13)
BLOCK: Final = 25  # lines that are held out together, since neighbours say the same things
EVERY: Final = 10
ASKED: Final = 2000  # held-out lines are enough


@dataclass(frozen=True)
class Fitted:
    """A model with its bits a character, and how often it counted the lines of truth.

    The bits are those of lines held out, of truth if there are enough, else of prose.
    """

    ngrams: Ngrams
    weight: int


def fit(text: Text, order: int, prune: Sequence[int]) -> Fitted:
    """The model of all text, its characters those of the text. Raises ValueError as `estimate` does."""
    symbols = Symbols(text.characters())
    text = text.within(symbols.characters)
    prose, truth = _parted(text.prose), _parted(text.truth)
    asked = truth.held_out or prose.held_out
    if not asked:
        return Fitted(estimate([*text.prose, *text.truth], symbols, order, prune), 1)
    known = text.prose if truth.held_out else prose.learned
    weights = WEIGHTS if text.prose and truth.held_out else WEIGHTS[:1]
    bits = {
        weight: compile_ngrams(estimate([*known, *truth.learned * weight], symbols, order, prune)).bits_a_character(
            asked
        )
        for weight in weights
    }
    best = min(weights, key=lambda weight: bits[weight])
    whole = estimate([*text.prose, *text.truth * best], symbols, order, prune)
    return Fitted(replace(whole, held_out_bits=bits[best]), best)


@dataclass(frozen=True)
class _Parted:
    """Lines to learn from, and lines to ask."""

    learned: tuple[str, ...]
    held_out: tuple[str, ...]


def _parted(lines: Sequence[str]) -> _Parted:
    """Every tenth block of lines is held out, of long texts not all of its lines."""
    blocks = [(index // BLOCK % EVERY == EVERY - 1, line) for index, line in enumerate(lines)]
    held_out = [line for held, line in blocks if held]
    step = -(-len(held_out) // ASKED) or 1
    return _Parted(tuple(line for held, line in blocks if not held), tuple(held_out[::step]))
