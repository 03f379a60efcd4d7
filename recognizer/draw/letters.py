"""Where each character of a real line stands in its crop: what a hand's letters are cut by.

The known text is laid on the network's posteriors: the likeliest path that says it (`decode.frames.align`). CTC marks a
letter somewhere in it; the cut between two letters is where, between their marks, there is least ink.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from recognizer.alphabet import Alphabet
from recognizer.bundle import Bundle
from recognizer.decode.decoding import Decoding
from recognizer.decode.frames import align
from recognizer.decode.greedy import Posteriors
from recognizer.draw.ink import MARGIN, Ints, core_rows, density, ink_beside, sheared, slant_of
from recognizer.infer import BUCKETS, LONE_LETTER, Reader
from recognizer.lines import Crop, Floats, width_at
from recognizer.samples import Sample

START: Final = "\x02"
END: Final = "\x03"
SURE: Final = 0.5
MOSTLY: Final = 0.85
TOGETHER: Final = 64
REACH: Final = 0.45
OFF_THE_MIDDLE: Final = 0.03


@dataclass(frozen=True, eq=False)
class CutLine:
    """A line cut into its characters: `text` is START, the characters and END, which stand for the room at the ends.

    `image` uint8 [80, width] leans by `slant` columns a row to the right; set upright, character k fills the columns
    [cuts[k], cuts[k + 1]). `sure` tells of each whether the network saw it there. `core` are the first and the last row
    that low letters fill, `sides` the ink on both sides of every cut (`ink.ink_beside`).
    """

    image: Crop
    slant: float
    text: str
    cuts: Ints
    sure: npt.NDArray[np.bool_]
    core: tuple[float, float]
    sides: Floats
    dataset: str
    page: str

    @property
    def high(self) -> float:
        """Rows that low letters fill."""
        return self.core[1] - self.core[0]

    def width(self, first: int, last: int) -> int:
        """Columns of the characters [first, last)."""
        return int(self.cuts[last] - self.cuts[first])


@dataclass(frozen=True)
class Aligner:
    """A bundle's network, as it finds known texts; it marks letters `early` frames before they stand."""

    reader: Reader
    early: float

    @classmethod
    def of(cls, bundle: Bundle) -> "Aligner":
        """Raises BundleError, ArithmeticMissing."""
        return cls(Reader.of(bundle, bundle.arithmetic()), (Decoding.of(bundle) or Decoding()).early)

    def cut(self, samples: Sequence[Sample]) -> Iterator[CutLine]:
        """The lines that can be cut, in order: those of which the network sees most characters where they must stand.

        Samples are of the height of crops, their texts under the bundle's policy.
        """
        with tqdm(total=len(samples), desc="cutting letters", unit="line", disable=None) as bar:
            for start in range(0, len(samples), TOGETHER):
                some = samples[start : start + TOGETHER]
                for sample, posteriors in zip(some, self.reader.posteriors([s.image for s in some]), strict=True):
                    if (line := self._cut(sample, posteriors)) is not None:
                        yield line
                bar.update(len(some))

    def seen(self, images: Sequence[Crop], texts: Sequence[str]) -> list[float]:
        """Which share of each text's characters the network sees in its image, 0..1."""
        found = zip(self.reader.posteriors(images), texts, strict=True)
        laid = [aligned(posteriors, text, self.reader.alphabet) for posteriors, text in found]
        return [float(each[1].mean()) if each else 0.0 for each in laid]

    def _cut(self, sample: Sample, posteriors: Posteriors) -> CutLine | None:
        laid = aligned(posteriors, sample.text, self.reader.alphabet)
        if laid is None or laid[1].mean() < MOSTLY:
            return None
        marks, sure = laid
        network = self.reader.network
        ratio = sample.image.shape[1] / width_at(sample.image, network.height, BUCKETS[-1])
        ink = density(sample.image)
        slant = slant_of(ink)
        ink = sheared(ink, -slant)
        cuts = between((marks + self.early) * network.stride * ratio, ink)
        core = core_rows(ink, sample.text, cuts[1:])
        if core is None or (np.diff(cuts) < 1).any():
            return None
        text, whole = f"{START}{sample.text}{END}", np.concatenate([[True], sure, [True]])
        sides = ink_beside(ink, cuts, core)
        return CutLine(sample.image, slant, text, cuts, whole, core, sides, sample.dataset, sample.page)


def aligned(
    posteriors: Posteriors, text: str, alphabet: Alphabet
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]] | None:
    """For each character of a text the frame in whose middle it is marked, and whether it has half of the probability.

    None for the empty text, and where the network does not know a character or the text is too long for the frames.
    """
    labels = np.array(alphabet.encode(text), np.int64)
    repeats = sum(a == b for a, b in pairwise(labels.tolist()))
    if not text or len(labels) != len(text) or len(labels) + repeats > len(posteriors):
        return None
    frames = posteriors.astype(np.float64)
    spans = align(frames, labels)
    best = [frames[first:last, label].max() for (first, last), label in zip(spans, labels, strict=True)]
    return spans.mean(1), np.exp(best) >= SURE


def between(marks: npt.NDArray[np.float64], ink: Floats) -> Ints:
    """Where characters with these marks, in columns of an upright line, are cut apart, int64 [marks + 3].

    The first cut is 0 and the last the width: what is before the first character and after the last is room.
    """
    letter = float(np.diff(marks).mean()) if len(marks) > 1 else LONE_LETTER * len(ink)
    profile = np.clip(ink[MARGIN:-MARGIN], 0, 1).mean(0)
    places = [marks[0] - letter, *marks, marks[-1] + letter]
    return np.array([0, *(_least_ink(profile, *pair) for pair in pairwise(places)), ink.shape[1]], np.int64)


def _least_ink(profile: Floats, left: float, right: float) -> int:
    """The column between two marks with least ink, the nearer to the middle the better."""
    middle, reach = (left + right) / 2, max(1.0, REACH * (right - left))
    first, last = (round(float(np.clip(end, 1, len(profile) - 1))) for end in (middle - reach, middle + reach))
    columns = np.arange(first, last + 1)
    off = (columns - middle) / reach
    return int(columns[np.argmin(profile[columns] + OFF_THE_MIDDLE * off**2)])
