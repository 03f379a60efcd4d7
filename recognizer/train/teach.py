"""What teaching a bundle from an archive's own lines needs, whoever wrote their texts: a candidate, and its way into
place when it reads no worse.

Corrections and unread pages are learned alike: weights are not chosen by lines that judge them, but the last are kept,
which the cosine has brought to rest; old lines are mixed in; the new bundle is made in a folder of its own.
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from recognizer.bundle import MANIFEST, Bundle, with_card
from recognizer.errors import Refused
from recognizer.evaluation.evaluation import evaluate
from recognizer.html import Markup
from recognizer.samples import Sample
from recognizer.train import checkpoint
from recognizer.train.outcome import FORGOTTEN, Check, Outcome
from recognizer.train.recipe import Recipe
from recognizer.train.run import Made

CANDIDATE: Final = "candidate"
ROUND: Final = "round-"
REFUSED: Final = "refused"
"""A file that says which lines a training was of that is over, and refused."""
NO_VAL: Final = "forgetting could not be checked: give the old training lines as DATA, with a split val"
NO_OLD: Final = "no old lines were mixed in"
JUDGINGS: Final = 10


@dataclass(frozen=True)
class Taught:
    """What came of teaching: how it was judged, and the bundle, None where it was refused."""

    outcome: Outcome
    bundle: Bundle | None
    output: Path

    def told(self) -> str:
        """Where the bundle lies. Raises Refused."""
        if self.bundle is None:
            reasons = "; ".join(self.outcome.reasons)
            raise Refused(
                f"{self.output}: no bundle is written: {reasons}. report.html there tells more. Correct or give more "
                "lines, or give --force to have it all the same, without training again"
            )
        return f"{self.output}: bundle {self.bundle.id}; see report.html there"


def teaching(recipe: Recipe, watched: Sequence[Sample]) -> Recipe:
    """The recipe for lines that must not choose the weights: they, or others, are only watched."""
    judgings = JUDGINGS if watched else 0
    return replace(recipe, keep="last", judgings=judgings, judge_first=bool(watched))


def mixed_in(old: int) -> str:
    """What people must know of the old lines at hand."""
    return f"as many old lines were mixed in, drawn from {old:,}" if old else NO_OLD


def val_check(before: Bundle, after: Bundle, val: Sequence[Sample]) -> list[Check]:
    """How much was forgotten; no check where there are no val lines. `after` has its own figures in its card."""
    if not val:
        return []
    return [Check("CER of val", len(val), cer(before, val), after.card["val"]["all"]["cer"], FORGOTTEN)]


def cer(bundle: Bundle, samples: Sequence[Sample]) -> float:
    """Character error rate of a bundle with all it has, on lines loaded under its policy."""
    return evaluate(bundle, samples, bundle.arithmetic()).scores.all.cer


def begin(output: Path, lines: Path) -> None:
    """Clear away a training that was refused and learned from other lines than these: with more of them it is tried
    anew. One that was killed stays, and is gone on with or refused as another's.
    """
    mark = output / REFUSED
    if mark.exists() and mark.read_text(encoding="ascii") != _digest(lines):
        clear(output)
    mark.unlink(missing_ok=True)


def clear(output: Path) -> None:
    """Remove checkpoints, and the folders of rounds and candidates."""
    checkpoint.remove(output)
    for folder in (*output.glob(f"{ROUND}*"), output / CANDIDATE):
        shutil.rmtree(folder, ignore_errors=True)


def concluded(made: Made, outcome: Outcome, output: Path, lines: Path, watched: str) -> Taught:
    """Write the report, and put the bundle in its place if it may be written. `watched`: whose lines the course is of.

    What a training that is refused left stays there, so that `--force` need not train again.
    """
    bundle = with_card(made.bundle, {**made.bundle.card, "taught": outcome.as_json()})
    made.report(output, Markup(f"{outcome.html()}<p>The course below is that of {watched}, read greedily.</p>"))
    if not outcome.written:
        (output / REFUSED).write_text(_digest(lines), encoding="ascii")
        return Taught(outcome, None, output)
    placed = publish(bundle, output)
    clear(output)
    return Taught(outcome, placed, output)


def publish(bundle: Bundle, folder: Path) -> Bundle:
    """Move a bundle from a folder of its own into another; its manifest last, which names the rest."""
    for path in sorted(bundle.folder.iterdir(), key=lambda path: path.name == MANIFEST):
        path.replace(folder / path.name)
    return Bundle.load(folder)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
