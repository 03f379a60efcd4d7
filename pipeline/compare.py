"""Inkbeam and Tesseract on the same images with truth: who reads better, by how much, and at what cost.

Both get the pixels that Inkbeam renders, and one thread; rendering counts for neither. Characters are compared under
the bundle's text policy, on whole pages with their order left free.
"""

import resource
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Final, Protocol

import numpy as np

from pipeline.bundles import Tools
from pipeline.evaluate import Count, free_pairs, words_found
from pipeline.tesseract import Spent, Tesseract
from pipeline.truth import UNKNOWN, Facts, TruePage
from recognizer.evaluation.rates import Counts, count, difference, rates_of
from recognizer.evaluation.wording import span
from recognizer.policy import TextPolicy
from recognizer.samples import Sample
from segmentation import Segmentation, crop, segment
from segmentation.layout import Gray, Points

ENGINES: Final = ("inkbeam", "tesseract")
GROUPS: Final = ("script", "dataset", "language")
SCRIPTS: Final[Mapping[str, str]] = {"hand": "handwriting", "register": "registers"}
Found = Sequence[tuple[Points, str]]


class Engine(Protocol):
    """What reads pages and line crops, and counts what it spends."""

    @property
    def spent(self) -> Spent:
        """All that its reading took so far."""

    def page(self, gray: Gray) -> Found:
        """Baselines and texts of the lines of a page uint8 [h, w]."""

    def lines(self, crops: Sequence[Gray]) -> list[str]:
        """Texts of the crops of a page."""


@dataclass(frozen=True)
class Ours:
    """Inkbeam with a bundle."""

    tools: Tools
    settings: Segmentation
    spent: Spent = field(default_factory=Spent)

    def page(self, gray: Gray) -> Found:
        """Find, cut and read."""
        with self.spent.counting(resource.RUSAGE_SELF):
            layout = segment(gray, self.settings, self.tools.finder)
            upright = np.ascontiguousarray(np.rot90(gray, -layout.quarters))
            texts = self._read([crop(upright, line, self.tools.geometry).image for line in layout.lines])
        return [(line.baseline, text) for line, text in zip(layout.lines, texts, strict=True) if text]

    def lines(self, crops: Sequence[Gray]) -> list[str]:
        """Read."""
        with self.spent.counting(resource.RUSAGE_SELF):
            return self._read(crops)

    def _read(self, crops: Sequence[Gray]) -> list[str]:
        return [reading.text for reading in self.tools.reader.read([crops])[0].readings]


@dataclass(frozen=True)
class Theirs:
    """Tesseract with automatic layout analysis; line crops as raw lines."""

    tesseract: Tesseract

    @property
    def spent(self) -> Spent:
        """That of its processes."""
        return self.tesseract.spent

    def page(self, gray: Gray) -> Found:
        """One process a page."""
        page = self.tesseract.page(gray)
        lines = page.lines if page else ()
        return [(np.array(line.baseline, np.float32), line.text) for line in lines]

    def lines(self, crops: Sequence[Gray]) -> list[str]:
        """One process for the lines of a page."""
        return self.tesseract.lines(crops)


@dataclass(frozen=True)
class Judged:
    """What an engine made of a page: `counts` as `rates.count` does, words found of the true ones, seconds."""

    texts: tuple[str, ...]
    counts: tuple[int, ...]
    words: Count
    cpu: float
    wall: float


@dataclass(frozen=True)
class Compared:
    """A page by every engine, in the order of ENGINES."""

    facts: Facts
    truth: tuple[str, ...]
    judged: tuple[Judged, ...]


def compare_page(page: TruePage, policy: TextPolicy, engines: Sequence[Engine]) -> Compared:
    """Let every engine read a page."""
    lines, truths = [line.baseline for line in page.lines], [policy(text) for text in page.texts]

    def read(engine: Engine) -> tuple[list[str], Counts]:
        found = engine.page(page.gray)
        texts = [policy(text) for _, text in found]
        return texts, count(free_pairs(lines, truths, [baseline for baseline, _ in found], texts))

    return Compared(page.facts, tuple(truths), tuple(_judged(engine, truths, read) for engine in engines))


def compare_lines(samples: Sequence[Sample], policy: TextPolicy, engines: Sequence[Engine]) -> Compared:
    """Let every engine read the line crops of one page."""
    first, truths = samples[0], [sample.text for sample in samples]

    def read(engine: Engine) -> tuple[list[str], Counts]:
        texts = [policy(text) for text in engine.lines([sample.image for sample in samples])]
        return texts, count(list(zip(truths, texts, strict=True)))

    facts = Facts(
        first.page or first.id,
        first.dataset or UNKNOWN,
        first.script or UNKNOWN,
        first.split or UNKNOWN,
        frozenset(),
        first.language or UNKNOWN,
    )
    return Compared(facts, tuple(truths), tuple(_judged(engine, truths, read) for engine in engines))


def pages_of(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    """The lines of each page together; a line that names no page is its own."""

    def page(sample: Sample) -> tuple[str, str]:
        return sample.dataset, sample.page or sample.id

    for _, members in groupby(sorted(samples, key=page), key=page):
        yield list(members)


def _judged(engine: Engine, truths: Sequence[str], read: Callable[[Engine], tuple[list[str], Counts]]) -> Judged:
    before = engine.spent.cpu, engine.spent.wall
    texts, counts = read(engine)
    spent = engine.spent.cpu - before[0], engine.spent.wall - before[1]
    words = words_found(" ".join(truths), " ".join(texts))
    return Judged(tuple(texts), tuple(counts.sum(0).tolist()), words, *spent)


def figures(pages: Sequence[Compared]) -> dict[str, Any]:
    """{"all": X, "script": {name: X}, "dataset": ..., "language": ...}, X as `_figures` gives it."""
    groups: dict[str, dict[str, list[Compared]]] = {kind: defaultdict(list) for kind in GROUPS}
    for page in pages:
        for kind, named in groups.items():
            named[getattr(page.facts, kind)].append(page)
    return {"all": _figures(pages)} | {
        kind: {name: _figures(members) for name, members in sorted(named.items())} for kind, named in groups.items()
    }


def _figures(pages: Sequence[Compared]) -> dict[str, Any]:
    """For each engine CER, WER, word recall and seconds a page; the difference of the CERs with its 95 % interval."""
    counts = [np.array([page.judged[place].counts for page in pages], np.int64) for place in range(len(ENGINES))]
    found: dict[str, Any] = {
        name: _engine([page.judged[place] for page in pages], counts[place]) for place, name in enumerate(ENGINES)
    }
    gap, interval = difference(counts[0], counts[1], np.arange(len(pages)))
    return {**found, "difference": [gap, *(interval or (None, None))], "pages": len(pages)}


def _engine(judged: Sequence[Judged], counts: Counts) -> dict[str, float]:
    rates = rates_of(counts)
    found, of = (sum(getattr(page.words, name) for page in judged) for name in ("some", "of"))
    seconds = {f"{name}_seconds": sum(getattr(page, name) for page in judged) / len(judged) for name in ("cpu", "wall")}
    return {"cer": rates.cer, "wer": rates.wer, "word_recall": found / max(1, of), **seconds}


def verdict(name: str, of: Mapping[str, Any]) -> str:
    """In a sentence who reads this better, and whether that is sure."""
    gap, low, high = of["difference"]
    ours, theirs = (f"{100 * of[engine]['cer']:.1f}" for engine in ENGINES)
    figures = f"CER {ours} against {theirs}"
    if low is None:
        return f"{name}: one page alone tells nothing of others; {figures}"
    better, worse = ("Inkbeam", f"{ours} against {theirs}") if gap < 0 else ("Tesseract", f"{theirs} against {ours}")
    shown = f"difference {100 * gap:+.1f} [{span((low, high))}]"
    if low <= 0 <= high:
        return f"No sure difference in {SCRIPTS.get(name, name)}: {figures}, {shown}"
    return f"{better} reads {SCRIPTS.get(name, name)} better: CER {worse}, {shown}"


def as_rows(pages: Sequence[Compared]) -> list[dict[str, Any]]:
    """A row for every page: its facts, the truth and what each engine read there, for looking at."""
    return [
        {
            **{key: value for key, value in asdict(page.facts).items() if key != "judge"},
            "truth": "\n".join(page.truth),
            **{name: "\n".join(judged.texts) for name, judged in zip(ENGINES, page.judged, strict=True)},
            **{f"{name}_wrong": judged.counts[0] for name, judged in zip(ENGINES, page.judged, strict=True)},
            "characters": page.judged[0].counts[1],
        }
        for page in pages
    ]
