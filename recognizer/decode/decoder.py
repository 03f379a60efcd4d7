"""From the posteriors of a page to its readings: the language whose model fits, then beam search with it.

Where no model fits, or there is none, pages are read greedily: a model of another language does more harm than good.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from recognizer.alphabet import Alphabet
from recognizer.bundle import COPY, MODEL, Bundle, BundleError
from recognizer.decode.beam import BeamDecoder, Hypothesis, Settings, spans
from recognizer.decode.decoding import AUTO, NONE, Decoding, evidence, more_evidence
from recognizer.decode.greedy import Path, Posteriors
from recognizer.decode.languages import NO_LANGUAGE, Choice, choose
from recognizer.decode.page_posteriors import PagePosteriors
from recognizer.decode.reading import Reading, WordReading, read_greedily, read_paths, reading_of
from recognizer.decode.words import Shares, others, shares, votes, word_costs
from recognizer.errors import RecognizerError
from recognizer.lm.automaton import Automaton, compile_ngrams
from recognizer.lm.store import BadModel, unpack

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


def load_models(bundle: Bundle, languages: Iterable[str]) -> dict[str, Automaton]:
    """The language models of a bundle by language; raises BundleError."""
    try:
        return {name: compile_ngrams(unpack(bundle.part(MODEL + name))) for name in languages}
    except BadModel as error:
        raise BundleError(f"{bundle.folder}: {error}; {COPY}") from error


def beam_decoder(alphabet: Alphabet, model: Automaton, decoding: Decoding, doubt: float, best: int) -> BeamDecoder:
    """What decodes lines of a page with so much doubt, with a language model, and gives the best so many texts."""
    weight = decoding.weight_in(doubt)
    return BeamDecoder(alphabet, model, Settings(best=best, weight=weight, bonus=weight * decoding.bonus))


def read_best(
    page: PagePosteriors, texts: Sequence[Sequence[Hypothesis]], alphabet: Alphabet, letter: float
) -> list[Reading]:
    """The readings of the best texts of a page's lines, with the network's own confidences."""
    best = [found[0].labels for found in texts]
    paths = [Path(labels, spans(frames, labels)) for frames, labels in zip(page.frames, best, strict=True)]
    return read_paths(page.lines, paths, alphabet, letter)


def said_of_words(
    texts: Sequence[Hypothesis], beam: BeamDecoder, alphabet: Alphabet, spread: float
) -> list[tuple[Shares, float]]:
    """For each word of a line's best text, how its n best texts vote, and the nats it costs the language model."""
    said = [alphabet.decode(text.labels) for text in texts]
    voted = votes([text.split() for text in said], shares([text.score for text in texts], spread))
    return list(zip(voted, word_costs(said[0], beam.costs(texts[0].labels)), strict=True))


class Decoder:
    """Decodes pages with language models. A page's readings depend on nothing but the page."""

    def __init__(
        self,
        alphabet: Alphabet,
        models: Mapping[str, Automaton],
        letter: float,
        decoding: Decoding | None = None,
        language: str = AUTO,
    ) -> None:
        """`letter` is how many frames wide a word's only letter is taken to be.

        `language` is one of the models', AUTO (for each page the one that fits) or NONE.
        """
        self.alphabet, self.letter, self.models, self.language = alphabet, letter, models, language
        self.decoding, self._fitted = decoding or Decoding(), decoding is not None

    @classmethod
    def of(cls, bundle: Bundle, letter: float, language: str = AUTO) -> Self:
        """The decoder of a bundle, with the language models that it needs; raises BundleError, NoSuchLanguage."""
        if language not in (AUTO, NONE, *bundle.languages):
            names = ", ".join((*bundle.languages, AUTO, NONE))
            raise NoSuchLanguage(f"language {language!r}: the bundle has {names}; add others with `inkbeam lm --from`")
        needed = [name for name in bundle.languages if language in (AUTO, name)]
        return cls(bundle.alphabet, load_models(bundle, needed), letter, Decoding.of(bundle), language)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that pages are read with."""
        return tuple(sorted(self.models))

    def page(self, lines: Sequence[Posteriors]) -> PageReadings:
        """Read the lines of a page, each [frames, symbols], word spans in frames. Raises NotANumber."""
        page = PagePosteriors.of(lines, self.decoding.temperature)
        beams = self._beams(page.doubt)
        choice = self._choice(page, beams)
        if choice.language is None:
            plain = read_greedily(lines, self.alphabet, self.letter)
            return self._page(None, [self._alone(reading, page.doubt) for reading in plain])
        beam = beams[choice.language]
        found = [choice.read[place] if place in choice.read else beam(line) for place, line in enumerate(page.frames)]
        plain = read_best(page, found, self.alphabet, self.letter)
        judged = [self._judged(*line, beam, page.doubt) for line in zip(plain, found, strict=True)]
        return self._page(choice.language, judged)

    def fitting(self, page: PagePosteriors) -> str | None:
        """The language whose model reads a page; None where none does."""
        return self._choice(page, self._beams(page.doubt)).language

    def _beams(self, doubted: float) -> dict[str, BeamDecoder]:
        """For each language what decodes the lines of a page with so much doubt."""
        return {
            name: beam_decoder(self.alphabet, self.models[name], self.decoding, doubted, TEXTS)
            for name in self.languages
        }

    def _choice(self, page: PagePosteriors, beams: Mapping[str, BeamDecoder]) -> Choice:
        if self.language == AUTO:
            return choose(page.frames, beams, self.models)
        return NO_LANGUAGE if self.language == NONE else Choice(self.language, {})

    def _page(self, language: str | None, readings: Iterable[Reading]) -> PageReadings:
        read = tuple(reading.later(self.decoding.early) for reading in readings)
        words = [word for reading in read for word in reading.words]
        letters = sum(len(word.text) for word in words)
        unsure = sum((1 - word.confidence) * len(word.text) for word in words)
        expected = self.decoding.expected_cer(unsure / letters) if letters and self._fitted else None
        return PageReadings(language, read, expected)

    def _alone(self, reading: Reading, doubted: float) -> Reading:
        """The reading without a model, its confidences as they were fitted, if they were."""
        if not self._fitted:
            return reading
        found = [evidence(word.confidence, len(word.text), doubted) for word in reading.words]
        return reading_of([self._word(*pair, {}) for pair in zip(reading.words, found, strict=True)])

    def _judged(self, reading: Reading, texts: Sequence[Hypothesis], beam: BeamDecoder, doubted: float) -> Reading:
        """The reading with what the n best texts and the language model say of its words."""
        words = []
        said = said_of_words(texts, beam, self.alphabet, self.decoding.spread)
        for word, (voted, cost) in zip(reading.words, said, strict=True):
            found = evidence(word.confidence, len(word.text), doubted) + more_evidence(voted[word.text], cost)
            words.append(self._word(word, found, voted))
        return reading_of(words)

    def _word(self, word: WordReading, found: Sequence[float], voted: Shares) -> WordReading:
        sure = self.decoding.confidence(found)
        alternatives = others(voted, word.text, 1 - sure, OTHERS) if voted else ()
        return replace(word, confidence=float(np.float32(sure)), others=alternatives)
