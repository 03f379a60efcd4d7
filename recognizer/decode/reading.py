"""A reading: the text of a line with its words, their places in the crop and how sure it is of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from recognizer.alphabet import Alphabet
from recognizer.decode.confidence import log_likelihoods
from recognizer.decode.greedy import Path, Posteriors, best_path


@dataclass(frozen=True)
class WordReading:
    """A word, the probability in 0..1 that it stands there, and its span [start, end) in frames or columns.

    `others` are other words that may stand there, the likeliest first, each with its probability.
    """

    text: str
    confidence: float
    start: float
    end: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Reading:
    """A line's text (single spaces between words) and the mean confidence of its words, weighted by their lengths.

    A line without words has confidence 0.
    """

    text: str
    confidence: float
    words: tuple[WordReading, ...]

    def later(self, by: float) -> "Reading":
        """The reading with the spans of its words moved to the right."""
        return replace(
            self, words=tuple(replace(word, start=word.start + by, end=word.end + by) for word in self.words)
        )

    def stretched(self, factor: float, width: int) -> "Reading":
        """The reading with the spans of its words multiplied by the factor and cut at the width."""
        limit = float(width)
        words = tuple(
            replace(word, start=min(word.start * factor, limit), end=min(word.end * factor, limit))
            for word in self.words
        )
        return replace(self, words=words)


@dataclass(frozen=True)
class _Stretch:
    """A word on the best path: its labels, their spans, and the frames between its two spaces."""

    labels: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    first: int
    last: int


def read_greedily(lines: Sequence[Posteriors], alphabet: Alphabet, letter: float) -> list[Reading]:
    """Posteriors of lines, each [frames, symbols], to their readings by their best paths; see `read_paths`."""
    return read_paths(lines, [best_path(line) for line in lines], alphabet, letter)


def read_paths(lines: Sequence[Posteriors], paths: Sequence[Path], alphabet: Alphabet, letter: float) -> list[Reading]:
    """The readings that paths through posteriors say; word spans are in frames, confidences the network's own.

    A word's only letter is taken to be `letter` frames wide.
    """
    stretches = [_stretches(path, alphabet, len(line)) for line, path in zip(lines, paths, strict=True)]
    chances = iter(_chances(lines, stretches))
    return [reading_of([_word(stretch, next(chances), alphabet, letter) for stretch in found]) for found in stretches]


def _chances(lines: Sequence[Posteriors], stretches: Sequence[Sequence[_Stretch]]) -> list[float]:
    """The probability of every stretch of every line, in order, in 32 bits."""
    logarithms = log_likelihoods(
        [line[word.first : word.last] for line, found in zip(lines, stretches, strict=True) for word in found],
        [word.labels for found in stretches for word in found],
    )
    return [float(chance) for chance in np.exp(logarithms).clip(0, 1).astype(np.float32)]


def _stretches(path: Path, alphabet: Alphabet, frames: int) -> list[_Stretch]:
    """The path cut at its spaces; spaces beside each other, or at an end, leave nothing between them."""
    space = alphabet.encode(" ")
    cuts = [-1, *(k for k, label in enumerate(path.labels) if label in space), len(path.labels)]
    found = []
    for before, after in pairwise(cuts):
        if after - before > 1:
            first = path.spans[before][1] if before >= 0 else 0
            last = path.spans[after][0] if after < len(path.labels) else frames
            found.append(_Stretch(path.labels[before + 1 : after], path.spans[before + 1 : after], first, last))
    return found


def reading_of(words: Sequence[WordReading]) -> Reading:
    """The line that words make."""
    if not words:
        return Reading("", 0.0, ())
    letters = sum(len(word.text) for word in words)
    mean = sum(word.confidence * len(word.text) for word in words) / letters
    return Reading(" ".join(word.text for word in words), float(np.float32(mean)), tuple(words))


def _word(word: _Stretch, chance: float, alphabet: Alphabet, lone: float) -> WordReading:
    """CTC marks a letter near its middle: the box is wider than the marks by half a letter on each side."""
    middles = [(start + end) / 2 for start, end in word.spans]
    letter = (middles[-1] - middles[0]) / (len(middles) - 1) if len(middles) > 1 else lone
    start = max(float(word.first), min(word.spans[0][0], middles[0] - letter / 2))
    end = min(float(word.last), max(word.spans[-1][1], middles[-1] + letter / 2))
    return WordReading(alphabet.decode(word.labels), chance, start, end)
