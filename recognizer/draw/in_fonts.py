"""Lines drawn in fonts."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from recognizer.draw.drawn import Drawn, Task
from recognizer.draw.fonts import Font, Fonts
from recognizer.draw.paper import scanned
from recognizer.draw.pen import pen
from recognizer.draw.script import reduced, script
from recognizer.policy import TextPolicy
from recognizer.samples import DRAWN

DATASET: Final = f"{DRAWN}fonts"


@dataclass(frozen=True)
class InFonts:
    """Draws every line in one of the fonts that have all of its characters, typographic ones as they stand."""

    fonts: Fonts
    policy: TextPolicy

    @classmethod
    def of(cls, folder: Path) -> "InFonts":
        """With the fonts of a folder. Raises NoFonts."""
        return cls(Fonts.find(folder), TextPolicy.named("diplomatic"))

    def lacking(self, text: str) -> frozenset[str]:
        """See Writer."""
        return self.fonts.lacking(text)

    def draw(self, tasks: Sequence[Task]) -> Iterator[Drawn | None]:
        """See Writer; None where every character is in some font, but no font has all."""
        for task in tasks:
            rng = task.rng()
            font = self.fonts.fitting(task.text, rng)
            yield _drawn(font, task, rng) if font else None

    def told(self) -> str:
        """See Writer."""
        return f"fonts: {len(self.fonts.families)}"


def _drawn(font: Font, task: Task, rng: np.random.Generator) -> Drawn:
    ink = pen(script(font, task.text, task.others, rng), rng)
    # Most fonts are narrower than hands.
    stretch = math.exp(rng.normal(0.1, 0.17))
    return Drawn(scanned(reduced(ink, stretch), rng), DATASET, font.family)
