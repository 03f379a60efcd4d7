"""Whether confidences mean what they say: of the words read with 80 % confidence 80 % should be right.

Reliability curves (DeGroot and Fienberg 1983) and the expected calibration error (Naeini et al. 2015, Obtaining Well
Calibrated Probabilities Using Bayesian Binning): the mean distance between confidence and share of right words, over
ten bins of equal width, weighted by their words.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recognizer.decode.reading import Reading
from recognizer.decode.words import right_words
from recognizer.evaluation.rates import UNKNOWN
from recognizer.samples import Sample

BINS: Final = 10
ALL: Final = "all"


@dataclass(frozen=True)
class Bin:
    """Words of about one confidence: how many, their mean confidence, and the share of them that is right."""

    words: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Reliability:
    """The bins that have words, by rising confidence, and their expected calibration error in 0..1."""

    bins: tuple[Bin, ...]

    @property
    def words(self) -> int:
        """Words in all bins."""
        return sum(each.words for each in self.bins)

    @property
    def error(self) -> float:
        """The expected calibration error; 0 without words."""
        return sum(each.words * abs(each.confidence - each.right) for each in self.bins) / max(1, self.words)

    def mean(self, name: str) -> float:
        """The mean over all words of `confidence` or `right`."""
        return float(sum(each.words * getattr(each, name) for each in self.bins) / max(1, self.words))


def reliability(confidences: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> Reliability:
    """The reliability of words [n] with these confidences in 0..1, which are right or not."""
    places = np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
    chosen = (places == place for place in range(BINS))
    return Reliability(
        tuple(Bin(int(of.sum()), float(confidences[of].mean()), float(right[of].mean())) for of in chosen if of.any())
    )


def reliabilities(samples: Sequence[Sample], readings: Sequence[Reading]) -> dict[str, Reliability]:
    """The reliability of all words ("all") and of those of each script, by name."""
    marks: Mapping[str, list[tuple[float, bool]]] = defaultdict(list)
    for sample, reading in zip(samples, readings, strict=True):
        right = right_words(sample.text.split(), reading.text.split())
        pairs = [(word.confidence, mark) for word, mark in zip(reading.words, right, strict=True)]
        marks[ALL].extend(pairs)
        marks[sample.script or UNKNOWN].extend(pairs)
    return {
        name: reliability(np.array([sure for sure, _ in pairs]), np.array([mark for _, mark in pairs], bool))
        for name, pairs in sorted(marks.items(), key=lambda item: (item[0] != ALL, item[0]))
    }
