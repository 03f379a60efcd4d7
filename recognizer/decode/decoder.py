"""From the posteriors of a page to its readings: the language whose model fits, then beam search with it.

Where no model fits, or there is none, pages are read greedily: a model of another language does more harm than good.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from recognizer.alphabet import Alphabet
from recognizer.bundle import COPY, MODEL, Bundle, BundleError
from recognizer.decode.beam import BeamDecoder, Hypothesis, Settings
from recognizer.decode.decoding import AUTO, NONE, PART, Decoding
from recognizer.decode.greedy import Path, Posteriors
from recognizer.decode.reading import Reading, WordReading, read_greedily, read_paths, reading_of
from recognizer.decode.words import Shares, others, shares, votes
from recognizer.errors import RecognizerError
from recognizer.lm.automaton import Automaton, compile_ngrams
from recognizer.lm.store import BadModel, unpack

ASKED: Final = 10  # lines of a page, the longest, that tell its language
TEXTS: Final = 16
OTHERS: Final = 4


class NoSuchLanguage(RecognizerError):
    """A language was asked for that the bundle has no model of."""


@dataclass(frozen=True)
class PageReadings:
    """The readings of a page's lines, in order, and the language whose model read them; None for no model.

    `expected_cer` is the share of wrong characters, 0..1, that the confidences let expect; None for a page without
    words, and where no confidences were fitted.
    """

    language: str | None
    readings: tuple[Reading, ...]
    expected_cer: float | None = None


def load_models(bundle: Bundle) -> dict[str, Automaton]:
    """The language models of a bundle by language; raises BundleError."""
    try:
        return {name: compile_ngrams(unpack(bundle.part(MODEL + name))) for name in bundle.languages}
    except BadModel as error:
        raise BundleError(f"{bundle.folder}: {error}; {COPY}") from error


def beam_decoders(
    alphabet: Alphabet, models: Mapping[str, Automaton], decoding: Decoding, best: int
) -> dict[str, BeamDecoder]:
    """For each language, by name, what decodes with its model and gives the best so many texts."""
    settings = Settings(best=best, weight=decoding.weight, bonus=decoding.bonus, temperature=decoding.temperature)
    return {name: BeamDecoder(alphabet, models[name], settings) for name in sorted(models)}


class Decoder:
    """Decodes pages with language models. A page's readings depend on nothing but the page."""

    def __init__(
        self, alphabet: Alphabet, models: Mapping[str, Automaton], letter: float, decoding: Decoding | None = None
    ) -> None:
        """`letter` is how many frames wide a word's only letter is taken to be."""
        self.alphabet, self.letter = alphabet, letter
        self.decoding, self._fitted = decoding or Decoding(), decoding is not None
        self._beams = beam_decoders(alphabet, models, self.decoding, TEXTS)
        alone = Settings(best=1, weight=0.0, bonus=0.0, temperature=self.decoding.temperature)
        self._alone = BeamDecoder(alphabet, None, alone)

    @classmethod
    def of(cls, bundle: Bundle, letter: float) -> Self:
        """The decoder of a bundle, with all its language models; raises BundleError."""
        try:
            decoding = Decoding.loads(bundle.part(PART)) if PART in bundle.parts else None
        except (ValueError, TypeError, KeyError) as error:
            raise BundleError(f"{bundle.path(PART)}: {error}; {COPY}") from error
        return cls(bundle.alphabet, load_models(bundle), letter, decoding)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that there are models of."""
        return tuple(self._beams)

    def page(self, lines: Sequence[Posteriors], language: str = AUTO) -> PageReadings:
        """Read the lines of a page, each [frames, symbols], word spans in frames.

        `language` is one of `languages`, AUTO or NONE. Raises NoSuchLanguage.
        """
        if language not in (AUTO, NONE, *self._beams):
            names = ", ".join((*self._beams, AUTO, NONE))
            raise NoSuchLanguage(f"language {language!r}: the bundle has {names}; add others with `inkbeam lm --from`")
        chosen: str | None = language
        tried: dict[int, list[Hypothesis]] = {}
        if language == AUTO:
            chosen, tried = self._tried(lines)
        if chosen is None or chosen == NONE:
            return self._page(None, map(self._alone_judged, read_greedily(lines, self.alphabet, self.letter)))
        beam = self._beams[chosen]
        found = [tried[place] if place in tried else beam(line) for place, line in enumerate(lines)]
        best = [texts[0].labels for texts in found]
        paths = [Path(labels, beam.spans(line, labels)) for line, labels in zip(lines, best, strict=True)]
        plain = read_paths(lines, paths, self.alphabet, self.letter)
        return self._page(chosen, map(self._judged, plain, found))

    def fitting(self, lines: Sequence[Posteriors]) -> str | None:
        """The language whose model makes the most of a page; None where reading without any is likelier."""
        return self._tried(lines)[0]

    def _tried(self, lines: Sequence[Posteriors]) -> tuple[str | None, dict[int, list[Hypothesis]]]:
        """The language that fits, and what its model made of the lines that told, by their places."""
        asked = sorted(range(len(lines)), key=lambda place: len(lines[place]), reverse=True)[:ASKED]
        read = {name: {place: beam(lines[place]) for place in asked} for name, beam in self._beams.items()}
        if not read or not asked:
            return None, {}
        scores = {name: sum(texts[0].score for texts in found.values()) for name, found in read.items()}
        best = max(scores, key=lambda name: scores[name])
        alone = sum(self._alone(lines[place])[0].score for place in asked)
        return (best, read[best]) if scores[best] > alone else (None, {})

    def _page(self, language: str | None, readings: Iterable[Reading]) -> PageReadings:
        read = tuple(readings)
        words = [word for reading in read for word in reading.words]
        letters = sum(len(word.text) for word in words)
        unsure = sum((1 - word.confidence) * len(word.text) for word in words)
        expected = self.decoding.wrong * unsure / letters if letters and self._fitted else None
        return PageReadings(language, read, expected)

    def _alone_judged(self, reading: Reading) -> Reading:
        """The reading without a model, its confidences as they were fitted, if they were."""
        if not self._fitted:
            return reading
        sure = [self.decoding.confidence_alone(word.confidence, len(word.text)) for word in reading.words]
        return reading_of([_sure(word, value) for word, value in zip(reading.words, sure, strict=True)])

    def _judged(self, reading: Reading, texts: Sequence[Hypothesis]) -> Reading:
        """The reading with what the n best texts say of its words."""
        words = [self.alphabet.decode(text.labels).split() for text in texts]
        found = votes(words, shares([text.score for text in texts], self.decoding.spread).tolist())
        return reading_of([self._word(word, voted) for word, voted in zip(reading.words, found, strict=True)])

    def _word(self, word: WordReading, voted: Shares) -> WordReading:
        sure = self.decoding.confidence(voted[word.text], word.confidence, len(word.text))
        return replace(_sure(word, sure), others=others(voted, word.text, 1 - sure, OTHERS))


def _sure(word: WordReading, confidence: float) -> WordReading:
    return replace(word, confidence=float(np.float32(confidence)))
