"""Fitting of how a bundle's posteriors are decoded, on lines of val in three parts.

The temperature is that under which the truth is likeliest (CTC), on the first part; the language model's weights and
the bonus are those with the fewest wrong characters, on the second; the calibration is a logistic regression of whether
a word is right (Platt 1999), on the third. Pages stay whole: their lines are alike. What too few lines would tell
stays as it was.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from math import sqrt
from typing import Final
from zlib import crc32

import numpy as np
from rapidfuzz.distance import Levenshtein

from recognizer.alphabet import Alphabet
from recognizer.arithmetic import Arithmetic
from recognizer.bundle import Bundle, save_with
from recognizer.decode.beam import BeamDecoder, tempered
from recognizer.decode.calibrate import Judged, calibrate
from recognizer.decode.confidence import log_likelihoods
from recognizer.decode.decoder import TEXTS, Decoder, beam_decoder, load_models
from recognizer.decode.decoding import FILE, PART, Decoding
from recognizer.decode.early import how_early
from recognizer.decode.greedy import Posteriors
from recognizer.decode.page_posteriors import PagePosteriors
from recognizer.decode.reading import read_greedily
from recognizer.infer import Reader
from recognizer.lm.automaton import Automaton
from recognizer.samples import Sample

TEMPERATURES: Final = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.45, 1.6)
WEIGHTS: Final = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
BONUSES: Final = (1.5, 2.0, 2.5, 3.0, 3.5)
HALVES: Final = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
FEW_LINES: Final = 20
PART_OF: Final = (0, 1, 1, 1, 1, 1, 2, 2, 2, 2)  # of ten pages one for the temperature, five for the weights


def refit(bundle: Bundle, samples: Sequence[Sample], arithmetic: Arithmetic) -> Bundle:
    """The bundle, where it lies, with its decoding fitted on lines of val that were loaded under its policy.

    Raises BundleError, ArithmeticMissing.
    """
    reader = Reader.of(bundle, arithmetic)
    posteriors = reader.posteriors([sample.image for sample in samples])
    lines = [
        FitLine(said, sample.text, f"{sample.dataset} {sample.page}")
        for said, sample in zip(posteriors, samples, strict=True)
    ]
    known = Decoding.of(bundle) or Decoding()
    plain = read_greedily(posteriors, bundle.alphabet, reader.letter)
    early = how_early(reader, [sample.image for sample in samples], plain)
    known = known if early is None else replace(known, early=early)
    found = fit(bundle.alphabet, load_models(bundle, bundle.languages), lines, reader.letter, known)
    return save_with(bundle.folder, bundle, PART, FILE, found.dumps(), {"lines": len(lines), **asdict(found)})


@dataclass(frozen=True)
class FitLine:
    """A line to fit on: posteriors [frames, symbols], the truth under the bundle's policy, its page."""

    posteriors: Posteriors
    text: str
    page: str


def fit(
    alphabet: Alphabet, models: Mapping[str, Automaton], lines: Sequence[FitLine], letter: float, known: Decoding
) -> Decoding:
    """The decoding that reads the lines best and knows best how well. Without models only the temperature counts.

    `known` is what was known before.
    """
    parts: list[dict[str, list[FitLine]]] = [defaultdict(list) for _ in range(3)]
    for line in lines:
        parts[PART_OF[crc32(line.page.encode()) % len(PART_OF)]][line.page].append(line)
    first, second, third = (list(part.values()) for part in parts)
    found = replace(known, temperature=_temperature(alphabet, known, [line for page in first for line in page]))
    if not models:
        return found
    decoder = Decoder(alphabet, models, letter, found)
    found = _fused(alphabet, models, found, [_told(decoder, page) for page in second])
    judged = [_told(decoder, page).judged(alphabet, models, found) for page in third]
    return calibrate(alphabet, found, judged, letter)


@dataclass(frozen=True)
class _Page:
    """A page with truth, and the language whose model fits it."""

    truths: Sequence[str]
    page: PagePosteriors
    language: str | None

    def beam(
        self, alphabet: Alphabet, models: Mapping[str, Automaton], decoding: Decoding, best: int
    ) -> BeamDecoder | None:
        """What decodes the lines, None where no model fits."""
        if self.language is None:
            return None
        return beam_decoder(alphabet, models[self.language], decoding, self.page.doubt, best)

    def judged(self, alphabet: Alphabet, models: Mapping[str, Automaton], decoding: Decoding) -> Judged:
        """The page as confidences are fitted on it."""
        return Judged(self.truths, self.page, self.beam(alphabet, models, decoding, TEXTS))


def _told(decoder: Decoder, lines: Sequence[FitLine]) -> _Page:
    page = PagePosteriors.of([line.posteriors for line in lines], decoder.decoding.temperature)
    return _Page([line.text for line in lines], page, decoder.fitting(page))


def _temperature(alphabet: Alphabet, known: Decoding, lines: Sequence[FitLine]) -> float:
    """The temperature under which the truths are likeliest, those left out that no path says."""
    if len(lines) < FEW_LINES:
        return known.temperature
    labels = [alphabet.encode(line.text) for line in lines]

    def unlikely(temperature: float) -> float:
        logs = log_likelihoods([tempered(line.posteriors, temperature) for line in lines], labels)
        return -float(np.clip(logs, -200, None).sum())

    return min(TEMPERATURES, key=unlikely)


def _fused(alphabet: Alphabet, models: Mapping[str, Automaton], decoding: Decoding, pages: Sequence[_Page]) -> Decoding:
    """The weight and the bonus with the fewest errors, then the doubt with half the weight."""
    if sum(len(page.truths) for page in pages if page.language) < FEW_LINES:
        return decoding

    def errors(tried: Decoding) -> float:
        return sum(sqrt(_errors(alphabet, models, tried, page)) for page in pages)

    found = min(
        (replace(decoding, weight=weight, bonus=bonus) for weight, bonus in product(WEIGHTS, BONUSES)), key=errors
    )
    return min((replace(found, half=half) for half in HALVES), key=errors)


def _errors(alphabet: Alphabet, models: Mapping[str, Automaton], decoding: Decoding, page: _Page) -> int:
    """Wrong characters of a page, none where no model fits it."""
    beam = page.beam(alphabet, models, decoding, 1)
    if beam is None:
        return 0
    texts = (alphabet.decode(beam(line)[0].labels) for line in page.page.frames)
    pairs = zip(page.truths, texts, strict=True)
    return sum(Levenshtein.distance(truth, " ".join(text.split())) for truth, text in pairs)
