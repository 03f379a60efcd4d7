"""Pages judged from end to end: which lines were found, in which order, and what was read on them.

Page by page, against PAGE XML or ALTO: `Judge` compares, `figures` sums up. Characters and words are counted under the
bundle's text policy. A truth that is not good for something (`TruePage.judge`) is left out of those figures.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.agreement import free_pairs
from pipeline.truth import Facts, TruePage
from recognizer.evaluation.rates import count
from recognizer.evaluation.texts import without_punctuation
from recognizer.pages import PageReader
from recognizer.policy import TextPolicy
from segmentation import CropGeometry, Layout, Line, Segmentation, crop, segment
from segmentation.evaluate import Agreement, compare, f1, kendall_tau
from segmentation.learned import LineNetwork
from segmentation.skew import slope

GROUPS: Final = ("dataset", "script", "split")


@dataclass(frozen=True)
class Count:
    """So many of so many: wrong characters of characters, or words found of words."""

    some: int
    of: int


@dataclass(frozen=True)
class Texts:
    """What was read on a page. `ordered` is None where the truth has no good order.

    `ordered` and `free` are wrong characters of the whole page: lines one after the other, and lines that lie on each
    other compared with each other in whatever order. `line` are those of the true lines' own crops, `words` true words
    that were read anywhere.
    """

    ordered: Count | None
    free: Count
    line: Count
    words: Count


@dataclass(frozen=True)
class Result:
    """How a page's found lines compare with the true ones; None stands for what the truth is not good for.

    `tau` is Kendall's of the lines found one to one, `skew_error` in degrees, `cpu_seconds` those of finding lines.
    """

    facts: Facts
    agreement: Agreement | None
    tau: float | None
    skew_error: float | None
    texts: Texts | None
    cpu_seconds: float


@dataclass(frozen=True)
class LineReader:
    """What reads the crops of lines, under which policy their truths are seen."""

    reader: PageReader
    geometry: CropGeometry
    policy: TextPolicy

    def texts(self, page: TruePage, lines: Sequence[Line]) -> list[str]:
        """One text a line."""
        crops = [crop(page.gray, line, self.geometry).image for line in lines]
        return [reading.text for reading in self.reader.read([crops])[0].readings]


def judge(
    page: TruePage, settings: Segmentation, network: LineNetwork | None, reading: LineReader | None
) -> tuple[Layout, Result]:
    """Find the lines of a page and compare them with the true ones; read them too where there is what reads."""
    began = time.process_time()
    layout = segment(page.gray, settings, network)
    seconds = time.process_time() - began
    return layout, compared(page, layout, reading, seconds)


def compared(page: TruePage, layout: Layout, reading: LineReader | None, seconds: float) -> Result:
    """How a layout that was found in so many CPU seconds compares with the truth."""
    aspects = page.facts.judge
    true, found = [line.baseline for line in page.lines], [line.baseline for line in layout.lines]
    agreement = compare(true, found)
    lying = slope(true)
    texts = _texts(page, layout, reading) if reading and "text" in aspects and any(page.texts) else None
    return Result(
        facts=page.facts,
        agreement=agreement if "baselines" in aspects else None,
        tau=kendall_tau([place for _, place, _ in agreement.pairs]) if "order" in aspects else None,
        skew_error=None if lying is None or not found else abs(layout.skew_degrees - lying),
        texts=texts,
        cpu_seconds=seconds,
    )


def _texts(page: TruePage, layout: Layout, reading: LineReader) -> Texts:
    truths = [reading.policy(text) for text in page.texts]
    found = reading.texts(page, layout.lines)
    free = free_pairs([line.baseline for line in page.lines], truths, [line.baseline for line in layout.lines], found)
    inked = [number for number, truth in enumerate(truths) if truth]
    crops = reading.texts(page, [page.lines[number] for number in inked])
    return Texts(
        ordered=_wrong([(" ".join(truths), " ".join(found))]) if "order" in page.facts.judge else None,
        free=_wrong(free),
        line=_wrong([(truths[number], text) for number, text in zip(inked, crops, strict=True)]),
        words=words_found(" ".join(truths), " ".join(found)),
    )


def _wrong(pairs: Sequence[tuple[str, str]]) -> Count:
    wrong, characters, _, _ = count(pairs).sum(0).tolist()
    return Count(wrong, characters)


def words_found(truth: str, read: str) -> Count:
    """Words of the truth that were read, each as often as it stands there; without punctuation and case."""
    true, found = (Counter(without_punctuation(text).casefold().split()) for text in (truth, read))
    return Count((true & found).total(), true.total())


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """{"all": figures, "dataset": {name: figures}, "script": ..., "split": ...}."""
    groups: dict[str, dict[str, Any]] = {}
    for kind in GROUPS:
        names = sorted({getattr(result.facts, kind) for result in results})
        groups[kind] = {name: _figures([r for r in results if getattr(r.facts, kind) == name]) for name in names}
    return {"all": _figures(results), **groups}


def _figures(results: Sequence[Result]) -> dict[str, float | int | None]:
    """Precision and recall are means over pages and F1 is theirs, tau and skew error too; rates are of all characters
    (words) together."""
    agreements = [result.agreement for result in results if result.agreement]
    precision = _mean(agreement.precision for agreement in agreements)
    recall = _mean(agreement.recall for agreement in agreements)
    texts = [result.texts for result in results if result.texts]
    rates: Mapping[str, Callable[[Texts], Count | None]] = {
        "cer_ordered": lambda text: text.ordered,
        "cer_free": lambda text: text.free,
        "line_cer": lambda text: text.line,
        "word_recall": lambda text: text.words,
    }
    return {
        "precision": precision,
        "recall": recall,
        "f1": None if precision is None or recall is None else f1(precision, recall),
        "tau": _mean(result.tau for result in results),
        "skew_error": _mean(result.skew_error for result in results),
        **{name: _rate(map(of, texts)) for name, of in rates.items()},
        "cpu_seconds": _mean(result.cpu_seconds for result in results),
        "pages": len(results),
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _rate(counts: Iterable[Count | None]) -> float | None:
    known = [count for count in counts if count is not None]
    return sum(count.some for count in known) / max(1, sum(count.of for count in known)) if known else None
