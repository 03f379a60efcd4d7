"""Who reads better, by how much, and at what cost: rates of both on the same sheets, and whether they differ.

Characters are compared under the bundle's text policy, on whole pages with their order left free.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.agreement import Agreement, agree, baselines, free_pairs
from pipeline.comparison.engines import Engine
from pipeline.comparison.sheets import Sheet
from pipeline.document import Line, Page
from pipeline.evaluate import Count, words_found
from pipeline.truth import Facts
from recognizer.evaluation.rates import Counts, count, difference, rates_of
from recognizer.policy import TextPolicy

ENGINES: Final = ("inkbeam", "tesseract")
GROUPS: Final = ("script", "dataset", "language")


@dataclass(frozen=True)
class Judged:
    """What an engine made of a sheet: `counts` as `rates.count` does and words found of the true ones, where there is
    a truth; seconds.
    """

    page: Page
    counts: tuple[int, ...]
    words: Count
    cpu: float
    wall: float


@dataclass(frozen=True)
class Compared:
    """A sheet by both engines, in the order of ENGINES."""

    document_id: str
    facts: Facts
    truth: tuple[Line, ...] | None
    judged: tuple[Judged, Judged]
    agreement: Agreement

    @property
    def ours(self) -> Judged:
        """What Inkbeam made of it."""
        return self.judged[0]

    @property
    def theirs(self) -> Judged:
        """What Tesseract made of it."""
        return self.judged[1]


def compare(sheet: Sheet, policy: TextPolicy, engines: tuple[Engine, Engine]) -> Compared:
    """Let both engines read a sheet."""
    ours, theirs = (_judged(engine, sheet, policy) for engine in engines)
    agreement = agree(ours.page.lines, theirs.page.lines, policy)
    return Compared(sheet.ref.document_id, sheet.facts, sheet.truth, (ours, theirs), agreement)


def _judged(engine: Engine, sheet: Sheet, policy: TextPolicy) -> Judged:
    before = engine.spent.cpu, engine.spent.wall
    page = engine.read(sheet)
    cpu, wall = engine.spent.cpu - before[0], engine.spent.wall - before[1]
    truth = sheet.truth or ()
    true, read = ([policy(line.text) for line in lines] for lines in (truth, page.lines))
    counts = count(free_pairs(baselines(truth), true, baselines(page.lines), read))
    return Judged(page, tuple(counts.sum(0).tolist()), words_found(" ".join(true), " ".join(read)), cpu, wall)


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


def agreements(pages: Sequence[Compared]) -> dict[str, Any]:
    """Without truth: {"agreement": of all pages together, "pages": how many, "cpu_seconds": {engine: a page}}."""
    spent = {name: sum(page.judged[place].cpu for page in pages) / len(pages) for place, name in enumerate(ENGINES)}
    together = Agreement.together(page.agreement for page in pages)
    return {"agreement": together.share, "pages": len(pages), "cpu_seconds": spent}


def by_page(pages: Sequence[Compared]) -> list[dict[str, Any]]:
    """Of every page: which it is, its characters, those that each engine has wrong, CPU-seconds, agreement.

    Without truth there are no wrong characters. The pages on which both differ most come first.
    """
    return [
        {
            "document_id": page.document_id,
            "page": page.ours.page.number,
            "name": page.facts.name,
            **{kind: getattr(page.facts, kind) for kind in GROUPS},
            "agreement": page.agreement.share,
            **{name: _of_page(page, judged) for name, judged in zip(ENGINES, page.judged, strict=True)},
        }
        for page in sorted(pages, key=lambda page: page.agreement.share)
    ]


def _of_page(page: Compared, judged: Judged) -> dict[str, float]:
    wrong, characters = judged.counts[:2]
    errors = {} if page.truth is None else {"wrong": wrong, "characters": characters}
    return {**errors, "cpu_seconds": judged.cpu}
