"""A reading: the text of a line with its words, their places in the crop and how sure the network is of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizer.alphabet import Alphabet
from recognizer.decode.confidence import log_likelihoods
from recognizer.decode.greedy import Path, Posteriors, best_path


@dataclass(frozen=True)
class WordReading:
    """A word, the probability in 0..1 that its frames say it, and its span in frames, with parts of a frame."""

    text: str
    confidence: float
    start: float
    end: float


@dataclass(frozen=True)
class Reading:
    """A line's text (single spaces between words) and the mean confidence of its words, weighted by their lengths."""

    text: str
    confidence: float
    words: tuple[WordReading, ...]


@dataclass(frozen=True)
class _Stretch:
    """A word on the best path: its labels, their spans, and the frames between its two spaces."""

    labels: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    first: int
    last: int


def read_greedily(lines: Sequence[Posteriors], alphabet: Alphabet) -> list[Reading]:
    """Posteriors of lines, each [frames, symbols], to their readings."""
    stretches = [_words(best_path(line), alphabet, len(line)) for line in lines]
    chances = np.exp(
        log_likelihoods(
            [line[word.first : word.last] for line, words in zip(lines, stretches, strict=True) for word in words],
            [word.labels for words in stretches for word in words],
        )
    ).clip(0, 1)
    chance = iter(chances.astype(np.float32))
    return [_reading([_word(word, float(next(chance)), alphabet) for word in words]) for words in stretches]


def _reading(words: Sequence[WordReading]) -> Reading:
    if not words:
        return Reading("", 0.0, ())
    letters = sum(len(word.text) for word in words)
    mean = sum(word.confidence * len(word.text) for word in words) / letters
    return Reading(" ".join(word.text for word in words), float(np.float32(mean)), tuple(words))


def _words(path: Path, alphabet: Alphabet, frames: int) -> list[_Stretch]:
    """The path cut at its spaces."""
    spaces = [k for k, label in enumerate(path.labels) if alphabet.decode([label]) == " "]
    cuts = [-1, *spaces, len(path.labels)]
    words = []
    for before, after in zip(cuts, cuts[1:], strict=False):
        if after - before > 1:
            first = path.spans[before][1] if before >= 0 else 0
            last = path.spans[after][0] if after < len(path.labels) else frames
            words.append(_Stretch(path.labels[before + 1 : after], path.spans[before + 1 : after], first, last))
    return words


def _word(word: _Stretch, chance: float, alphabet: Alphabet) -> WordReading:
    """CTC marks a letter near its middle: the box is wider than the marks by half a letter on each side."""
    middles = [(start + end) / 2 for start, end in word.spans]
    letter = (middles[-1] - middles[0]) / max(1, len(middles) - 1) if len(middles) > 1 else 4.0
    start = max(float(word.first), min(word.spans[0][0], middles[0] - letter / 2))
    end = min(float(word.last), max(word.spans[-1][1], middles[-1] + letter / 2))
    return WordReading(alphabet.decode(word.labels), chance, start, end)
