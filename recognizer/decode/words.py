"""What the n best texts of a line say of each of its words: how likely it is, and what else may stand there."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

Shares = dict[str, float]


def shares(scores: Sequence[float], spread: float) -> npt.NDArray[np.float64]:
    """How much of the probability each of the n best texts has, from their scores; `spread` flattens (above 1)."""
    scaled = np.asarray(scores, np.float64) / spread
    weights = np.exp(scaled - scaled.max())
    return np.asarray(weights / weights.sum(), np.float64)


def votes(texts: Sequence[Sequence[str]], weights: Sequence[float] | npt.NDArray[np.float64]) -> list[Shares]:
    """For each word of the first text, the words that the texts have in its place, with the sums of their weights.

    Texts are lists of words, aligned with the first one by the fewest edits; what they leave out votes for nothing.
    """
    words = texts[0]
    found: list[Shares] = [{word: float(weights[0])} for word in words]
    for other, weight in zip(texts[1:], weights[1:], strict=True):
        for step in Levenshtein.opcodes(words, other):
            if step.tag in ("equal", "replace"):
                for place, voted in zip(
                    range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True
                ):
                    word = other[voted]
                    found[place][word] = found[place].get(word, 0.0) + float(weight)
    return found


def word_costs(text: str, costs: npt.NDArray[np.float64]) -> list[float]:
    """What each word of a text costs, from what each of its characters does, float64 [characters]; spaces are free."""
    ends = [*(place for place, character in enumerate(text) if character == " "), len(text)]
    starts = [0, *(end + 1 for end in ends)]
    return [float(costs[start:end].sum()) for start, end in zip(starts, ends, strict=False) if end > start]


def others(found: Shares, word: str, rest: float, most: int) -> tuple[tuple[str, float], ...]:
    """At most so many other words, the likeliest first, which share the probability `rest` by their weights.

    Words that nobody voted for take part in it too, as much as was voted for none.
    """
    against = 1.0 - found[word]
    ranked = sorted((item for item in found.items() if item[0] != word), key=lambda item: (-item[1], item[0]))
    return tuple((other, rest * weight / against) for other, weight in ranked[:most] if weight > 0)


def right_words(truth: Sequence[str], read: Sequence[str]) -> list[bool]:
    """Which of the words that were read are those of the truth, aligned by the fewest edits."""
    marks = [False] * len(read)
    for step in Levenshtein.opcodes(truth, read):
        if step.tag == "equal":
            marks[step.dest_start : step.dest_end] = [True] * (step.dest_end - step.dest_start)
    return marks
