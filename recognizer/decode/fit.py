"""Fitting of how a bundle's posteriors are decoded, on lines of val in three parts.

The temperature is that under which the truth is likeliest (CTC), on the first part; the weight of the language model
and the bonus are those with the fewest wrong characters, on the second; the calibration is a logistic regression of
whether a word is right (Platt 1999), on the third. Pages stay whole: their lines are alike.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from recognizer.alphabet import Alphabet
from recognizer.arithmetic import Arithmetic
from recognizer.bundle import Bundle, save_with
from recognizer.decode.beam import tempered
from recognizer.decode.confidence import log_likelihoods
from recognizer.decode.decoder import TEXTS, Decoder, beam_decoders, load_models
from recognizer.decode.decoding import FILE, PART, Decoding, a_letter, log_odds
from recognizer.decode.greedy import Path, Posteriors
from recognizer.decode.reading import Reading, read_greedily, read_paths
from recognizer.decode.words import shares, votes
from recognizer.infer import Reader
from recognizer.lm.automaton import Automaton
from recognizer.samples import Sample

TEMPERATURES: Final = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.45, 1.6)
WEIGHTS: Final = (0.3, 0.4, 0.5, 0.6, 0.7)
BONUSES: Final = (0.5, 1.0, 1.5, 2.0)
SPREADS: Final = (1.0, 1.5, 2.0, 3.0, 4.0)
PARTS: Final = 3
ROUNDS: Final = 30
RIDGE: Final = 1e-3

Floats = npt.NDArray[np.float64]


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
    found = fit(bundle.alphabet, load_models(bundle), lines, reader.letter)
    return save_with(bundle.folder, bundle, PART, FILE, found.dumps(), {"lines": len(lines), **asdict(found)})


@dataclass(frozen=True)
class FitLine:
    """A line to fit on: posteriors [frames, symbols], the truth under the bundle's policy, its page."""

    posteriors: Posteriors
    text: str
    page: str


def fit(alphabet: Alphabet, models: dict[str, Automaton], lines: Sequence[FitLine], letter: float) -> Decoding:
    """The decoding that reads the lines best and knows best how well. Without models only the temperature counts."""
    parts: list[dict[str, list[FitLine]]] = [defaultdict(list) for _ in range(PARTS)]
    for line in lines:
        parts[crc32(line.page.encode()) % PARTS][line.page].append(line)
    first, second, third = (list(part.values()) for part in parts)
    found = Decoding(temperature=_temperature([line for page in first for line in page], alphabet))
    if not models:
        return found
    languages = _languages(Decoder(alphabet, models, letter, found), [*second, *third])
    told = [(line, languages[line.page]) for page in second for line in page]
    grid = [replace(found, weight=weight, bonus=bonus) for weight, bonus in product(WEIGHTS, BONUSES)]
    found = min(grid, key=lambda decoding: _errors(alphabet, models, decoding, told))
    judged = [(line, languages[line.page]) for page in third for line in page]
    return _calibrated(alphabet, models, found, judged, letter)


Told = tuple[FitLine, str | None]


def _temperature(lines: Sequence[FitLine], alphabet: Alphabet) -> float:
    """The temperature under which the truths are likeliest, those left out that no path says."""
    labels = [alphabet.encode(line.text) for line in lines]

    def doubt(temperature: float) -> float:
        logs = log_likelihoods([tempered(line.posteriors, temperature) for line in lines], labels)
        return -float(np.clip(logs, -200, None).sum())

    return min(TEMPERATURES, key=doubt)


def _languages(decoder: Decoder, pages: Sequence[Sequence[FitLine]]) -> dict[str, str | None]:
    return {page[0].page: decoder.fitting([line.posteriors for line in page]) for page in pages}


def _errors(alphabet: Alphabet, models: dict[str, Automaton], decoding: Decoding, lines: Sequence[Told]) -> int:
    """Wrong characters of the lines whose language has a model."""
    beams = beam_decoders(alphabet, models, decoding, 1)
    texts = ((line.text, alphabet.decode(beams[name](line.posteriors)[0].labels)) for line, name in lines if name)
    return sum(Levenshtein.distance(truth, " ".join(text.split())) for truth, text in texts)


def _calibrated(
    alphabet: Alphabet, models: dict[str, Automaton], decoding: Decoding, lines: Sequence[Told], letter: float
) -> Decoding:
    """The spread and the calibrations under which what is known of the words' rightness is likeliest."""
    told = [(line, name) for line, name in lines if name]
    beams = beam_decoders(alphabet, models, decoding, TEXTS)
    found = [beams[name](line.posteriors) for line, name in told]
    best = [texts[0].labels for texts in found]
    said = zip(told, best, strict=True)
    paths = [Path(labels, beams[name].spans(line.posteriors, labels)) for (line, name), labels in said]
    readings = read_paths([line.posteriors for line, _ in told], paths, alphabet, letter)
    right, plain = _evidence([line.text for line, _ in told], readings)
    if not 0 < right.sum() < len(right):
        return decoding
    words = [[alphabet.decode(text.labels).split() for text in texts] for texts in found]
    fits = []
    for spread in SPREADS:
        weighed = (shares([text.score for text in texts], spread).tolist() for texts in found)
        voted = [votes(texts, share) for texts, share in zip(words, weighed, strict=True)]
        pairs = (pair for texts, line in zip(words, voted, strict=True) for pair in zip(texts[0], line, strict=True))
        odds = [log_odds(share[word]) for word, share in pairs]
        weights, loss = logistic(np.column_stack([plain[:, 0], odds, plain[:, 1]]), right)
        fits.append((loss, replace(decoding, spread=spread, calibration=tuple(weights.tolist()))))
    greedy = read_greedily([line.posteriors for line, _ in lines], alphabet, letter)
    right_alone, plain_alone = _evidence([line.text for line, _ in lines], greedy)
    alone, _ = logistic(plain_alone, right_alone)
    wrong = _wrong_letters([line.text for line, _ in told], readings)
    return replace(min(fits, key=lambda each: each[0])[1], alone=tuple(alone.tolist()), wrong=wrong)


def _evidence(truths: Sequence[str], readings: Sequence[Reading]) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Which of all words are right, [words], and features of them: 1 and the network's logarithm a letter."""
    right = [
        mark for truth, reading in zip(truths, readings, strict=True) for mark in _right(truth, reading.text.split())
    ]
    sure = [a_letter(word.confidence, len(word.text)) for reading in readings for word in reading.words]
    return np.array(right, bool), np.column_stack([np.ones(len(sure)), sure])


def _wrong_letters(truths: Sequence[str], readings: Sequence[Reading]) -> float:
    """Wrong characters for every letter of a wrong word."""
    errors = sum(Levenshtein.distance(truth, reading.text) for truth, reading in zip(truths, readings, strict=True))
    letters = sum(
        len(word)
        for truth, reading in zip(truths, readings, strict=True)
        for word, right in zip(reading.text.split(), _right(truth, reading.text.split()), strict=True)
        if not right
    )
    return errors / max(1, letters)


def _right(truth: str, read: Sequence[str]) -> list[bool]:
    """Which of the words that were read are those of the truth, aligned by the fewest edits."""
    marks = [False] * len(read)
    for step in Levenshtein.opcodes(truth.split(), read):
        if step.tag == "equal":
            marks[step.dest_start : step.dest_end] = [True] * (step.dest_end - step.dest_start)
    return marks


def logistic(features: Floats, right: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    """Weights [k] of a logistic regression on features [n, k], by Newton's method, and the mean loss."""
    weights = np.zeros(features.shape[1])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-features @ weights))
        slope = features.T @ (chance - right) + RIDGE * weights
        curve = (features * (chance * (1 - chance))[:, None]).T @ features + RIDGE * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    chance = np.clip(1 / (1 + np.exp(-features @ weights)), 1e-9, 1 - 1e-9)
    return weights, -float(np.where(right, np.log(chance), np.log(1 - chance)).mean())
