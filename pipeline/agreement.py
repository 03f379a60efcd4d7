"""How far two engines agree on a page, whatever the truth is. Where they differ, at least one of them is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.document import Line, Page
from recognizer.evaluation.texts import Pair
from recognizer.policy import TextPolicy
from segmentation.evaluate import together
from segmentation.layout import Points


@dataclass(frozen=True)
class Agreement:
    """Characters that differ, of those of the longer of both readings, line by line."""

    differing: int
    characters: int

    @classmethod
    def together(cls, pages: Iterable["Agreement"]) -> Self:
        """That of several pages."""
        known = list(pages)
        return cls(sum(page.differing for page in known), sum(page.characters for page in known))

    @property
    def share(self) -> float:
        """Share of the characters on which both agree; 1 where neither read any; fits 32 bits."""
        return float(np.float32(1 - self.differing / self.characters)) if self.characters else 1.0


def agree(ours: Sequence[Line], theirs: Sequence[Line], policy: TextPolicy) -> Agreement:
    """Compare the texts of lines that lie on each other, in whatever order, under a policy."""
    texts = [[policy(line.text) for line in lines] for lines in (ours, theirs)]
    pairs = free_pairs(baselines(ours), texts[0], baselines(theirs), texts[1])
    return Agreement(sum(Levenshtein.distance(*pair) for pair in pairs), sum(max(map(len, pair)) for pair in pairs))


def beside(page: Page, theirs: Sequence[Line], policy: TextPolicy) -> Page:
    """The page with its agreement."""
    return replace(page, agreement=agree(page.lines, theirs, policy).share)


def baselines(lines: Sequence[Line]) -> list[Points]:
    """Baselines float32 [n, 2] of lines."""
    return [np.array(line.baseline, np.float32) for line in lines]


def free_pairs(
    true: Sequence[Points], truths: Sequence[str], found: Sequence[Points], read: Sequence[str]
) -> list[Pair]:
    """Lines that lie on each other, by baselines, as pairs of texts, whatever the order; others beside nothing."""
    groups = together(true, found)
    pairs = [(_joined(truths, first), _joined(read, second)) for first, second in groups]
    return [pair for pair in pairs if any(pair)]


def _joined(texts: Sequence[str], members: Sequence[int]) -> str:
    return " ".join(texts[member] for member in members if texts[member])
