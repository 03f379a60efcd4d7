"""Pseudo-labels: what a bundle reads on unread lines, kept where it is sure of the whole line.

Lee 2013 (Pseudo-Label, section 2) takes the likeliest class of every example for its truth. In reading lines a wrong
label costs more than a missing one, so Kahn et al. 2020 (Self-Training for End-to-End Speech Recognition, section 3)
decode with a language model and filter by confidence. Theirs is the likelihood by length, with a limit found by trial;
ours are calibrated probabilities, of which the limit follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final

from recognizer.bundle import Bundle
from recognizer.decode.reading import Reading
from recognizer.evaluation.evaluation import read
from recognizer.evaluation.page_quality import readings_of
from recognizer.pages import PageReader
from recognizer.samples import UNREAD, Sample, rows, write_rows
from recognizer.train.holdout import LEARNED

MOST_WRONG: Final = 0.03


@dataclass(frozen=True)
class Labels:
    """The texts of lines that are kept, by id, of so many `read`; the lowest probability that one is wholly right
    (`limit`, 0..1), and the CER to expect of them (`wrong`, 0..1), which is no more than MOST_WRONG.
    """

    texts: Mapping[str, str]
    read: int
    limit: float
    wrong: float

    def told(self) -> str:
        """For people."""
        if not self.texts:
            return f"of {self.read:,} lines none is sure enough"
        sure = f"right with {self.limit:.0%} or more, at most {self.wrong:.1%} of their characters wrong"
        return f"{len(self.texts):,} of {self.read:,} lines kept: {sure}"


def read_lines(bundle: Bundle, samples: Sequence[Sample]) -> list[Reading]:
    """What the bundle reads, with its language models, page by page. Raises BundleError, ArithmeticMissing."""
    pages, _, _ = read(PageReader.of(bundle, bundle.arithmetic()), samples)
    return readings_of(pages)


def label(samples: Sequence[Sample], readings: Sequence[Reading]) -> Labels:
    """The readings that are kept: the surest lines, as many as leave the CER to expect at MOST_WRONG or below.

    A line is as sure as all its words are together: the product of their confidences. The CER to expect takes all
    characters of a wrong word for wrong, and so is too high rather than too low.
    """
    order = sorted(range(len(readings)), key=lambda index: -whole(readings[index]))
    doubted = letters = wrong = 0.0
    kept = 0
    for place, index in enumerate(order, 1):
        doubted += expected_errors(readings[index])
        letters += sum(len(word.text) for word in readings[index].words)
        if letters and whole(readings[index]) > 0 and doubted / letters <= MOST_WRONG:
            kept, wrong = place, doubted / letters
    texts = {samples[index].id: readings[index].text for index in order[:kept]}
    return Labels(texts, len(readings), whole(readings[order[kept - 1]]) if kept else 1.0, wrong)


def whole(reading: Reading) -> float:
    """The probability, 0..1, that a line is right in all its words; 0 for one without words."""
    return prod(word.confidence for word in reading.words) if reading.words else 0.0


def expected_errors(reading: Reading) -> float:
    """The characters of a line that stand in words expected to be wrong."""
    return sum((1 - word.confidence) * len(word.text) for word in reading.words)


def doubt(readings: Sequence[Reading]) -> float:
    """The share, 0..1, of the characters of lines that stand in words expected to be wrong; 1 where nothing is read."""
    letters = sum(len(word.text) for reading in readings for word in reading.words)
    return sum(map(expected_errors, readings)) / letters if letters else 1.0


def write_labels(source: Path, labels: Labels, target: Path) -> None:
    """Write the lines of a file that have a label, with it as their text, as lines to learn from. TrainingError."""
    write_rows(
        target,
        (
            {**row, "text": labels.texts[row["id"]], "raw": None, "split": LEARNED}
            for row in rows(source, UNREAD)
            if row["id"] in labels.texts
        ),
    )
