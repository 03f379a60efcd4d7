"""A bundle judged on lines with truth: read, compared, and told as table, JSON and HTML."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from tqdm import tqdm

from recognizer.arithmetic import Arithmetic, processor
from recognizer.bundle import Bundle
from recognizer.decode.decoding import AUTO, NONE
from recognizer.decode.reading import Reading
from recognizer.errors import RecognizerError
from recognizer.evaluation import report, terminal
from recognizer.evaluation.mistakes import Mistakes
from recognizer.evaluation.page_quality import (
    JudgedPage,
    PageRead,
    judge_pages,
    languages,
    rank_correlation,
    readings_of,
)
from recognizer.evaluation.rates import Scores, count, score
from recognizer.evaluation.reliability import Reliability, reliabilities
from recognizer.evaluation.texts import paired, variants
from recognizer.pages import PageReader
from recognizer.policy import TextPolicy
from recognizer.samples import Sample

LINES_AT_ONCE: Final = 256


class NothingToEvaluate(RecognizerError):
    """No line with truth is left."""


@dataclass(frozen=True)
class Run:
    """What read the lines, and how long it took: seconds of reading alone, on one thread."""

    bundle: str
    architecture: str
    policy: TextPolicy
    arithmetic: Arithmetic
    decoder: str
    processor: str
    wall: float
    cpu: float


@dataclass(frozen=True)
class Evaluation:
    """Rates and mistakes of readings, one a sample; what became of the pages, and how far confidences can be trusted.

    `variants` are rates by other ways to compare: always "folded", and those that were asked for. `skipped` says which
    lines were left out, by reason.
    """

    samples: Sequence[Sample]
    readings: Sequence[Reading]
    pages: Sequence[JudgedPage]
    run: Run
    scores: Scores
    reliability: Mapping[str, Reliability]
    variants: Mapping[str, Scores]
    mistakes: Mistakes
    skipped: Mapping[str, Sequence[str]]

    @property
    def lines_per_second(self) -> float:
        """Lines read in a second of wall time by one thread."""
        return len(self.samples) / self.run.wall if self.run.wall > 0 else 0.0

    def table(self) -> str:
        """The figures, for a terminal."""
        return terminal.table(self)

    def html(self) -> str:
        """The report: a page that needs nothing beside it."""
        return report.html(self)

    def as_json(self) -> dict[str, Any]:
        """Rates as fractions: {"all": ..., "script": {name: ...}, "dataset": ..., "language": ...}, and more beside."""
        scripts = sorted({page.script for page in self.pages})
        return {
            **self.scores.as_json(),
            **{name: scores.as_json() for name, scores in self.variants.items()},
            "class": {found.name: {**asdict(found), "rate": found.rate} for found in self.mistakes.classes},
            "insertions": self.mistakes.insertions,
            "confusions": [{"truth": c.truth, "read": c.read, "count": c.count} for c in self.mistakes.confusions],
            "confidence": {name: {"error": of.error, **asdict(of)} for name, of in self.reliability.items()},
            "pages": {
                "languages": languages(self.pages),
                "rank_correlation": rank_correlation(self.pages),
                "rank_correlation_by_script": {
                    script: rank_correlation([page for page in self.pages if page.script == script])
                    for script in scripts
                },
                "expected": [asdict(page) for page in self.pages],
            },
            "policy": self.run.policy.manifest(),
            "bundle": self.run.bundle,
            "architecture": self.run.architecture,
            "arithmetic": self.run.arithmetic,
            "processor": self.run.processor,
            "decoder": self.run.decoder,
            "lines_per_second": self.lines_per_second,
            "seconds": {"wall": self.run.wall, "processor": self.run.cpu},
            "skipped": {reason: len(ids) for reason, ids in self.skipped.items()},
        }


def evaluate(
    bundle: Bundle,
    samples: Sequence[Sample],
    arithmetic: Arithmetic,
    ignore_case: bool = False,
    ignore_punctuation: bool = False,
    skipped: Mapping[str, Sequence[str]] | None = None,
    greedy: bool = False,
) -> Evaluation:
    """Read the samples, which were loaded under the bundle's policy, and judge the readings.

    `greedy` leaves the bundle's language models alone.
    `skipped` is what LineData tells of lines left out, for the reports. Raises BundleError, ArithmeticMissing, and
    NothingToEvaluate when there are no samples.
    """
    if not samples:
        left_out = ", ".join(f"{len(ids)} with {reason}" for reason, ids in (skipped or {}).items())
        raise NothingToEvaluate(f"no line to evaluate (left out: {left_out or 'none'}); name data with lines and truth")
    reader = PageReader.of(bundle, arithmetic, NONE if greedy else AUTO)
    pages, wall, cpu = read(reader, samples)
    decoder = " ".join(["beam with", *reader.decoder.languages]) if reader.decoder.languages else "greedy"
    run = Run(bundle.id, bundle.architecture, bundle.text_policy, arithmetic, decoder, processor()[0], wall, cpu)
    return judge(samples, pages, run, ignore_case, ignore_punctuation, skipped or {})


def read(reader: PageReader, samples: Sequence[Sample]) -> tuple[list[PageRead], float, float]:
    """The samples' pages as they were read, and the seconds of wall and processor time that reading took.

    Lines of a page are read together, so that its language is told as where pages are digitized.
    """
    read: list[PageRead] = []
    wall = cpu = 0.0
    with tqdm(total=len(samples), unit=" lines", desc="reading", disable=None) as bar:
        for pages in _together(samples):
            crops = [[samples[index].image for index in page] for page in pages]
            before = time.perf_counter(), time.process_time()
            found = reader.read(crops)
            wall += time.perf_counter() - before[0]
            cpu += time.process_time() - before[1]
            read += [PageRead(tuple(page), said) for page, said in zip(pages, found, strict=True)]
            bar.update(sum(map(len, pages)))
    return read, wall, cpu


def _together(samples: Sequence[Sample]) -> Iterator[list[list[int]]]:
    """Indices of the samples by pages, of so many pages that their lines are worth a call."""
    by_page: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, sample in enumerate(samples):
        by_page[sample.dataset, sample.page].append(index)
    pages: list[list[int]] = []
    for page in by_page.values():
        pages.append(page)
        if sum(map(len, pages)) >= LINES_AT_ONCE:
            yield pages
            pages = []
    if pages:
        yield pages


def judge(
    samples: Sequence[Sample],
    pages: Sequence[PageRead],
    run: Run,
    ignore_case: bool,
    ignore_punctuation: bool,
    skipped: Mapping[str, Sequence[str]],
) -> Evaluation:
    """Compare the readings of pages, which have all samples, with their truth."""
    readings = readings_of(pages)
    texts = [reading.text for reading in readings]
    pairs = paired(samples, texts)
    others = variants(samples, texts, ignore_case, ignore_punctuation)
    return Evaluation(
        tuple(samples),
        tuple(readings),
        judge_pages(samples, pages, count(pairs)),
        run,
        score(samples, pairs),
        reliabilities(samples, readings),
        {name: score(samples, changed) for name, changed in others},
        Mistakes.of(pairs),
        skipped,
    )
