"""Beam search with a language model: posteriors to the likeliest texts, with their scores and the frames they take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recognizer.alphabet import BLANK, Alphabet
from recognizer.decode.frames import align, log_add, sharpened
from recognizer.decode.greedy import Posteriors
from recognizer.decode.model import Model, costs, step
from recognizer.decode.prefixes import Beam, Candidates, Limits, Tree, search, symbols_of
from recognizer.errors import RecognizerError
from recognizer.lm.automaton import Automaton
from recognizer.lm.symbols import END, UNKNOWN

CERTAIN: Final = math.log(0.999)
FLOOR, BEHIND = -12.0, 18.0
SYMBOLS: Final = 16

Frames = npt.NDArray[np.float64]


class NotANumber(RecognizerError):
    """The network gave posteriors that are no numbers."""


@dataclass(frozen=True)
class Settings:
    """How to decode: `beam` prefixes, the `best` texts, the weight of the language model and the bonus of a symbol."""

    beam: int = 32
    best: int = 5
    weight: float = 0.5
    bonus: float = 1.5


@dataclass(frozen=True)
class Hypothesis:
    """A text as labels, with its score and the logarithms it is made of: of the paths, and of the language model."""

    labels: tuple[int, ...]
    score: float
    path: float
    language: float


class BeamDecoder:
    """Decodes lines of one alphabet with one language model, or none. The same line gives the same texts anywhere."""

    def __init__(self, alphabet: Alphabet, language: Automaton | None, settings: Settings) -> None:
        self.settings = settings
        self._model = _model(alphabet, language, settings)
        self._limits = Limits(settings.beam, SYMBOLS, FLOOR, CERTAIN, BEHIND, settings.weight, settings.bonus)

    def __call__(self, frames: Frames) -> list[Hypothesis]:
        """The best texts of one line, the best first, from its log-probabilities float64 [frames, symbols].

        One empty text for no frames.
        """
        size = self.settings.beam
        tree = Tree(*(np.zeros(len(frames) * size + 1, np.int64) for _ in range(4)))
        beam, count = search(frames, self._model, self._limits, _beam(size), _beam(size), _candidates(size), tree)
        found = [self._hypothesis(beam, place, tree) for place in range(count)]
        return sorted(found, key=lambda hypothesis: -hypothesis.score)[: self.settings.best]

    def costs(self, labels: Sequence[int]) -> npt.NDArray[np.float64]:
        """Nats that each label of a line's text costs the language model, float64 [labels]; none without a model."""
        if not self._model.weighs:
            return np.zeros(len(labels))
        return costs(self._model, np.array(labels, np.int64))

    def _hypothesis(self, beam: Beam, place: int, tree: Tree) -> Hypothesis:
        """The prefix as a text, with what the language model says of its end; an empty line has no end to speak of."""
        labels = tuple(symbols_of(tree, beam.node[place], beam.length[place]).tolist())
        language = float(beam.likely[place])
        if labels and self._model.weighs:
            language += step(self._model, int(beam.state[place]), END)[0]
        path = log_add(float(beam.blank[place]), float(beam.spoken[place]))
        score = path + self.settings.weight * language + self.settings.bonus * len(labels)
        return Hypothesis(labels, score, path, language)


def _model(alphabet: Alphabet, language: Automaton | None, settings: Settings) -> Model:
    symbols = np.full(len(alphabet), UNKNOWN, np.int64)
    if language is None or settings.weight <= 0:
        nothing = np.zeros(2, np.int32)
        return Model(
            nothing,
            nothing.astype(np.int16),
            nothing.astype(np.float32),
            nothing,
            nothing,
            nothing.astype(np.float32),
            symbols,
            0,
            False,
        )
    symbols[BLANK + 1 :] = language.symbols.ids("".join(alphabet.symbols))
    return Model(
        language.first_arc,
        language.arc_symbol,
        language.arc_log_probability,
        language.arc_state,
        language.backoff_state,
        language.backoff_weight,
        symbols,
        language.start,
        True,
    )


def spans(frames: Frames, labels: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """For each label of a text, its frames [first, last + 1) on the likeliest path through a line that says it."""
    return tuple((first, last) for first, last in align(frames, np.array(labels, np.int64)).tolist())


def tempered(posteriors: Posteriors, temperature: float) -> Frames:
    """Log-probabilities float64 [frames, symbols], sharper or flatter. Raises NotANumber."""
    frames = sharpened(posteriors.astype(np.float64), temperature)
    if np.isnan(frames).any():
        raise NotANumber("the network gave no numbers for a line; its weights are damaged: copy the bundle again")
    return frames


def _beam(size: int) -> Beam:
    whole, real = np.zeros((4, size), np.int64), np.zeros((3, size))
    return Beam(whole[0], whole[1], whole[2], real[0], real[1], real[2], whole[3])


def _candidates(size: int) -> Candidates:
    whole, real = np.zeros((3, size), np.int64), np.zeros((4, size))
    return Candidates(real[0], whole[0], whole[1], real[1], real[2], real[3], whole[2])
