"""Samples, readings and evaluations made up for the tests of this folder."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizer.decode.decoder import PageReadings
from recognizer.decode.reading import Reading, WordReading
from recognizer.evaluation.evaluation import Evaluation, Run, judge
from recognizer.evaluation.page_quality import PageRead
from recognizer.policy import FOLDED, TextPolicy
from recognizer.samples import Sample
from tests.recognizer.drawn import line

PLACE = 20  # columns a character, as in drawn lines
FACTS: Mapping[str, Any] = {"dataset": "drawn", "script": "print", "language": "eng", "page": "", "split": "test"}


def sample(text: str, raw: str | None = None, policy: TextPolicy = FOLDED, **facts: str) -> Sample:
    """A line drawn with this text; facts may give dataset, script, language, page."""
    raw = text if raw is None else raw
    return Sample(f"line {text}", line(text, 80), policy(raw), raw, **{**FACTS, **facts})


def reading(text: str) -> Reading:
    """A reading whose characters are PLACE columns wide, beginning at column 8."""
    words, at = [], 8
    for word in text.split():
        words.append(WordReading(word, 0.5, at, at + PLACE * len(word)))
        at += PLACE * (len(word) + 1)
    return Reading(" ".join(text.split()), 0.5 if words else 0.0, tuple(words))


def evaluation(
    samples: Sequence[Sample],
    texts: Sequence[str],
    policy: TextPolicy = FOLDED,
    ignore_case: bool = False,
    ignore_punctuation: bool = False,
    skipped: Mapping[str, Sequence[str]] | None = None,
) -> Evaluation:
    """The evaluation of texts that a made-up run read from samples in half a second."""
    run = Run("0123456789abcdef", "small", policy, "fp32", "greedy", "A Processor", 0.5, 0.4)
    pages = [PageRead((index,), PageReadings("eng", (reading(text),), 0.1)) for index, text in enumerate(texts)]
    return judge(samples, pages, run, ignore_case, ignore_punctuation, skipped or {})
