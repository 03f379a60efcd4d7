"""Confidences that mean something: how likely words are right, from words with truth.

A logistic regression (Platt 1999, Probabilistic Outputs for Support Vector Machines) of whether a word is right, on
what the n best texts and the network say of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from recognizer.alphabet import Alphabet
from recognizer.decode.beam import BeamDecoder, Hypothesis
from recognizer.decode.decoder import read_best, said_of_words
from recognizer.decode.decoding import Decoding, evidence, more_evidence
from recognizer.decode.page_posteriors import PagePosteriors
from recognizer.decode.reading import Reading, read_greedily
from recognizer.decode.words import right_words

SPREADS: Final = (1.0, 1.5, 2.0, 3.0)
POWERS: Final = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
FEW_WORDS: Final = 200
ROUNDS: Final = 30
RIDGE: Final = 1e-3

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """A page with truth, and what decodes it, None if no model fits."""

    truths: Sequence[str]
    page: PagePosteriors
    beam: BeamDecoder | None


def calibrate(alphabet: Alphabet, decoding: Decoding, pages: Sequence[Judged], letter: float) -> Decoding:
    """The decoding with the spread and the calibrations under which the rightness of the pages' words is likeliest.

    As it is where there are too few words, or all are right, or none.
    """
    fitting = [_read(alphabet, judged, judged.beam, letter) for judged in pages if judged.beam]
    right = _marks(fitting)
    if len(right) < FEW_WORDS or not 0 < right.sum() < len(right):
        return decoding
    found = {spread: _evidence(alphabet, fitting, spread) for spread in SPREADS}
    fits = {spread: logistic(features, right) for spread, features in found.items()}
    best = min(fits, key=lambda spread: fits[spread][1])
    weights = fits[best][0]
    alone = [_Read(judged, read_greedily(judged.page.lines, alphabet, letter)) for judged in pages]
    return replace(
        decoding,
        spread=best,
        calibration=tuple(weights.tolist()),
        alone=tuple(logistic(np.concatenate([_plain(read) for read in alone]), _marks(alone))[0].tolist()),
        wrong=_wrong(fitting, chances(found[best], weights)),
    )


@dataclass(frozen=True)
class _Read:
    """A page with its readings, and the n best texts they are from, if a model read it."""

    judged: Judged
    readings: Sequence[Reading]
    texts: Sequence[Sequence[Hypothesis]] = ()


def _read(alphabet: Alphabet, judged: Judged, beam: BeamDecoder, letter: float) -> _Read:
    texts = [beam(line) for line in judged.page.frames]
    return _Read(judged, read_best(judged.page, texts, alphabet, letter), texts)


def _marks(pages: Sequence[_Read]) -> Marks:
    """Which of all words are right, [words]."""
    lines = (line for read in pages for line in zip(read.judged.truths, read.readings, strict=True))
    return np.array(
        [mark for truth, reading in lines for mark in right_words(truth.split(), reading.text.split())], bool
    )


def _plain(read: _Read) -> Floats:
    """The evidence of words without a model, [words, k]."""
    words = [word for reading in read.readings for word in reading.words]
    found = [evidence(word.confidence, len(word.text), read.judged.page.doubt) for word in words]
    return np.array(found, np.float64).reshape(len(words), -1)


def _evidence(alphabet: Alphabet, pages: Sequence[_Read], spread: float) -> Floats:
    """All evidence of all words, [words, k]."""
    more = [
        more_evidence(voted[word.text], cost)
        for read in pages
        if read.judged.beam
        for reading, texts in zip(read.readings, read.texts, strict=True)
        for word, (voted, cost) in zip(
            reading.words, said_of_words(texts, read.judged.beam, alphabet, spread), strict=True
        )
    ]
    return np.column_stack([np.concatenate([_plain(read) for read in pages]), np.array(more)])


def _wrong(pages: Sequence[_Read], sure: Floats) -> tuple[float, float]:
    """Factor and power by which a page's share of unsure letters, by the confidences of all words, tells its CER.

    With a power, since a wrong word of a clean page has one wrong letter, and of others many. With any power the factor
    is that which tells all errors together; the power is that with the nearest CERs.
    """
    rows, start = [], 0
    for read in pages:
        lengths = np.array([len(word.text) for reading in read.readings for word in reading.words])
        unsure = (1 - sure[start : start + len(lengths)]) @ lengths / max(1, lengths.sum())
        start += len(lengths)
        pairs = list(zip(read.judged.truths, read.readings, strict=True))
        errors = sum(Levenshtein.distance(truth, reading.text) for truth, reading in pairs)
        rows.append((unsure, errors, sum(len(truth) for truth, _ in pairs)))
    unsure, errors, letters = np.array(rows).T
    laws = [(float(errors.sum() / (letters @ unsure**power)), power) for power in POWERS]
    return min(laws, key=lambda law: float(np.abs(law[0] * unsure ** law[1] * letters - errors).sum()))


def logistic(features: Floats, right: Marks) -> tuple[Floats, float]:
    """Weights [k] of a logistic regression on features [n, k], by Newton's method, and the mean loss."""
    weights = np.zeros(features.shape[1])
    for _ in range(ROUNDS):
        chance = chances(features, weights)
        slope = features.T @ (chance - right) + RIDGE * weights
        curve = (features * (chance * (1 - chance))[:, None]).T @ features + RIDGE * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    chance = np.clip(chances(features, weights), 1e-9, 1 - 1e-9)
    return weights, -float(np.where(right, np.log(chance), np.log(1 - chance)).mean())


def chances(features: Floats, weights: Floats) -> Floats:
    """Probabilities [n] by a logistic regression with weights [k] of features [n, k]."""
    return np.asarray(1 / (1 + np.exp(-features @ weights)), np.float64)
