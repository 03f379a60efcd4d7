"""Character and word error rates, as jiwer counts them, with intervals by bootstrap over pages.

A rate is the errors of a group of lines by the characters (words) of their truths. It exceeds 1 where more was read
than stands there. A group whose truths are all empty has as its rate the number of its errors, as in jiwer.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import jiwer
import numpy as np
import numpy.typing as npt

from recognizer.evaluation.texts import Pair
from recognizer.samples import Sample

Counts = npt.NDArray[np.int64]  # [lines or pages, 4]: wrong characters, characters, wrong words, words
Pages = npt.NDArray[np.int64]
Interval = tuple[float, float]

RESAMPLES: Final = 1000
LIMITS: Final = (0.025, 0.975)
UNKNOWN: Final = "unknown"
GROUPS: Final[Mapping[str, Callable[[Sample], str]]] = {
    "script": lambda sample: sample.script or UNKNOWN,
    "dataset": lambda sample: sample.dataset or UNKNOWN,
    "language": lambda sample: sample.language or UNKNOWN,
}


@dataclass(frozen=True)
class Rates:
    """Error rates of a group of lines, as fractions; `characters` are those of the truths.

    The intervals hold 95 % of the rates of resampled pages; None for a group of one page, which says nothing of others.
    """

    cer: float
    wer: float
    lines: int
    characters: int
    cer_interval: Interval | None = None
    wer_interval: Interval | None = None


@dataclass(frozen=True)
class Scores:
    """Rates of all lines, and of the groups by script, dataset and language: kind -> name -> rates."""

    all: Rates
    groups: Mapping[str, Mapping[str, Rates]]

    def as_json(self) -> dict[str, Any]:
        """{"all": rates, "script": {name: rates}, "dataset": ..., "language": ...}."""
        groups = {kind: {name: asdict(rates) for name, rates in named.items()} for kind, named in self.groups.items()}
        return {"all": asdict(self.all), **groups}


def rates(pairs: Sequence[Pair]) -> Rates:
    """Rates of these truths and readings, without intervals: what a training asks for again and again."""
    return rates_of(count(pairs))


def score(samples: Sequence[Sample], pairs: Sequence[Pair]) -> Scores:
    """Rates with intervals of the pairs, which are those of the samples, in all and by group."""
    counts, pages = count(pairs), page_numbers(samples)
    groups: dict[str, dict[str, Rates]] = {kind: {} for kind in GROUPS}
    for kind, name, rows in _groups(samples):
        groups[kind][name] = rates_of(counts[rows], pages[rows])
    return Scores(rates_of(counts, pages), {kind: dict(sorted(named.items())) for kind, named in groups.items()})


def count(pairs: Sequence[Pair]) -> Counts:
    """Errors and lengths of every line, int64 [lines, 4]: wrong characters, characters, wrong words, words."""
    if not pairs:
        return np.zeros((0, 4), np.int64)
    truths, readings = [truth for truth, _ in pairs], [reading for _, reading in pairs]
    characters = jiwer.process_characters(truths, readings)
    words = jiwer.process_words(truths, readings)
    columns = [column for output in (characters, words) for column in (_errors(output), _lengths(output))]
    return np.array(columns, np.int64).T


def difference(ours: Counts, theirs: Counts, pages: Pages) -> tuple[float, Interval | None]:
    """How much higher our CER is on the same lines, and its 95 % interval by bootstrap over pages, drawn in pairs.

    `pages`: a number for each line's page.
    """
    sums = np.stack([_by_page(ours, pages), _by_page(theirs, pages)], 1)
    found = float(_differences(sums.sum(0)))
    if len(sums) < 2:
        return found, None
    low, high = np.quantile(_differences(np.array(list(_resampled(sums)))), LIMITS).tolist()
    return found, (low, high)


def _differences(sums: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """[..., 2, 4] -> [...]: the CER of the first counts minus that of the second."""
    cer = _quotients(sums)[..., 0]
    return np.asarray(cer[..., 0] - cer[..., 1], np.float64)


def _errors(output: Any) -> list[int]:
    """Edits of every line: the longer side of every stretch where truth and reading differ."""
    return [
        sum(
            max(chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx)
            for chunk in line
            if chunk.type != "equal"
        )
        for line in output.alignments
    ]


def _lengths(output: Any) -> list[int]:
    return [len(truth) for truth in output.references]


def _groups(samples: Sequence[Sample]) -> Iterable[tuple[str, str, list[int]]]:
    """Kind, name and rows of every group."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, sample in enumerate(samples):
        for kind, name in GROUPS.items():
            rows[kind, name(sample)].append(row)
    return ((kind, name, members) for (kind, name), members in rows.items())


def page_numbers(samples: Sequence[Sample]) -> Pages:
    """A number for every line's page, int64 [lines]; a line that names no page is its own."""
    names: Iterable[Any] = ((s.dataset, s.page) if s.page else row for row, s in enumerate(samples))
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)


def rates_of(counts: Counts, pages: Pages | None = None) -> Rates:
    """Rates of counted lines; with intervals where their pages are given, a number for each line."""
    total = counts.sum(0)
    cer, wer = _quotients(total).tolist()
    intervals = (None, None) if pages is None else _intervals(_by_page(counts, pages))
    return Rates(cer, wer, len(counts), int(total[1]), *intervals)


def _quotients(totals: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """[..., 4] -> [..., 2]: CER and WER."""
    return np.asarray(totals[..., 0::2] / np.maximum(totals[..., 1::2], 1), np.float64)


def _by_page(counts: Counts, pages: Pages) -> Counts:
    _, numbers = np.unique(pages, return_inverse=True)
    sums = np.zeros((numbers.max(initial=-1) + 1, 4), np.int64)
    np.add.at(sums, numbers, counts)
    return sums


def _intervals(sums: Counts) -> tuple[Interval | None, Interval | None]:
    """Percentile bootstrap (Efron 1979) of CER and WER from counts by page. Seeded: the same counts, the same interval.

    Pages and not lines are drawn, since the lines of one page share hand and paper. One resample at a time, so that
    memory stays small where there are many pages.
    """
    if len(sums) < 2:
        return None, None
    low, high = np.quantile(_quotients(np.array(list(_resampled(sums)))), LIMITS, axis=0).tolist()
    return (low[0], high[0]), (low[1], high[1])


def _resampled(sums: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """Sums over pages drawn with replacement, as many as there are."""
    random, pages = np.random.default_rng(0), len(sums)
    for _ in range(RESAMPLES):
        times = np.bincount(random.integers(pages, size=pages), minlength=pages)
        yield np.tensordot(times, sums, 1)
