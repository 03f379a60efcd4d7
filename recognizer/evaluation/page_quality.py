"""Pages as they were read: in which language, and whether the CER that was expected ranks them as the true one does."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recognizer.decode.decoder import PageReadings
from recognizer.decode.reading import Reading
from recognizer.evaluation.rates import UNKNOWN, Counts
from recognizer.samples import Sample

NO_LANGUAGE = "none"


@dataclass(frozen=True)
class PageRead:
    """A page's lines, as indices of samples, and their readings."""

    lines: tuple[int, ...]
    found: PageReadings


@dataclass(frozen=True)
class JudgedPage:
    """A page's script and language, the one it was read in, its expected CER (None: not estimated) and true CER."""

    name: str
    script: str
    language: str
    read_in: str
    expected: float | None
    cer: float


def readings_of(pages: Sequence[PageRead]) -> list[Reading]:
    """The readings of all lines in the order of the samples."""
    by_line = {line: said for page in pages for line, said in zip(page.lines, page.found.readings, strict=True)}
    return [by_line[line] for line in sorted(by_line)]


def judge_pages(samples: Sequence[Sample], pages: Sequence[PageRead], counts: Counts) -> list[JudgedPage]:
    """The pages with what `rates.count` counted on their lines."""
    return [_judged([samples[line] for line in page.lines], page, counts[list(page.lines)]) for page in pages]


def _judged(samples: Sequence[Sample], page: PageRead, counts: Counts) -> JudgedPage:
    first, found = samples[0], page.found
    wrong, characters = counts[:, :2].sum(0).tolist()
    names = first.script or UNKNOWN, first.language or UNKNOWN, found.language or NO_LANGUAGE
    return JudgedPage(first.page or first.id, *names, found.expected_cer, wrong / max(1, characters))


def languages(pages: Sequence[JudgedPage]) -> dict[str, dict[str, int]]:
    """How many pages in each language were read in which: {language: {read in: pages}}."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for page in pages:
        found[page.language][page.read_in] += 1
    return {language: dict(sorted(read.items())) for language, read in sorted(found.items())}


def rank_correlation(pages: Sequence[JudgedPage]) -> float | None:
    """Spearman's of expected and true CER, -1..1; None where fewer than three pages tell it, or all are alike.

    Spearman 1904, The Proof and Measurement of Association between Two Things; ties share their mean rank.
    """
    told = [(page.expected, page.cer) for page in pages if page.expected is not None]
    if len(told) < 3:
        return None
    expected, true = (_ranks(np.array(column)) for column in zip(*told, strict=True))
    if not expected.std() or not true.std():
        return None
    return float(np.corrcoef(expected, true)[0, 1])


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places], np.float64)
