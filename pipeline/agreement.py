"""Inkbeam and Tesseract on scans without truth: how far they agree, and where they differ most.

Where they differ, at least one of them is wrong, and people should look.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.compare import ENGINES, Engine
from pipeline.evaluate import free_pairs
from pipeline.every_page import every_page
from pipeline.files import display
from pipeline.pairing import Tally
from recognizer.policy import TextPolicy
from segmentation.layout import Gray

WORST: Final = 10


@dataclass(frozen=True)
class Agreed:
    """A page that both read: characters that differ, and those of the longer of both readings, line by line."""

    name: str
    differing: int
    characters: int
    texts: tuple[str, ...]
    cpu: tuple[float, ...]

    @property
    def agreement(self) -> float:
        """Share of the characters on which both agree; 1 where neither read any."""
        return 1 - self.differing / self.characters if self.characters else 1.0


def agreements(
    paths: Sequence[Path], policy: TextPolicy, engines: Sequence[Engine], left_out: Tally
) -> Iterator[Agreed]:
    """Let both read all pages of scans; what cannot be rendered is left out. Raises as `every_page` does."""
    for origin, number, gray in every_page(paths, left_out):
        yield agree(f"{display(origin.files[0].path)}, page {number}", gray, policy, engines)


def agree(name: str, gray: Gray, policy: TextPolicy, engines: Sequence[Engine]) -> Agreed:
    """Let both read a page uint8 [h, w]. Lines that lie on each other are compared, whatever the order."""
    before = [engine.spent.cpu for engine in engines]
    ours, theirs = ([(line, policy(text)) for line, text in engine.page(gray)] for engine in engines)
    spent = tuple(engine.spent.cpu - start for engine, start in zip(engines, before, strict=True))
    texts = [[text for _, text in found] for found in (ours, theirs)]
    pairs = free_pairs([line for line, _ in ours], texts[0], [line for line, _ in theirs], texts[1])
    return Agreed(
        name,
        sum(Levenshtein.distance(*pair) for pair in pairs),
        sum(max(map(len, pair)) for pair in pairs),
        tuple(map("\n".join, texts)),
        spent,
    )


def figures(pages: Sequence[Agreed]) -> dict[str, Any]:
    """{"agreement": of all pages together, "pages": how many, engine: {"cpu_seconds": a page}, "page": {name: ...}}."""
    together_of = Agreed("", sum(page.differing for page in pages), sum(page.characters for page in pages), (), ())
    seconds = np.mean([page.cpu for page in pages], axis=0).tolist()
    return {
        "agreement": together_of.agreement,
        "pages": len(pages),
        **{name: {"cpu_seconds": spent} for name, spent in zip(ENGINES, seconds, strict=True)},
        "page": {page.name: page.agreement for page in sorted(pages, key=lambda page: page.agreement)},
    }


def table(found: dict[str, Any]) -> list[str]:
    """The figures as lines of text, the pages that differ most first."""
    seconds = ", ".join(f"{name} {found[name]['cpu_seconds']:.2f}" for name in ENGINES)
    worst = list(found["page"].items())[:WORST]
    return [
        f"no truth; both agree on {found['agreement']:.1%} of the characters of {found['pages']} pages",
        f"CPU-seconds a page: {seconds}",
        "they differ most on",
        *(f"  {agreement:7.1%}  {name}" for name, agreement in worst),
    ]


def as_rows(pages: Sequence[Agreed]) -> list[dict[str, Any]]:
    """A row for every page with what each read there, for looking at."""
    return [
        {"name": page.name, "agreement": page.agreement, **dict(zip(ENGINES, page.texts, strict=True))}
        for page in pages
    ]
