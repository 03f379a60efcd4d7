"""A bundle taught by the lines that people corrected, and judged by those of them that it never saw."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from recognizer.bundle import Bundle
from recognizer.errors import TrainingError
from recognizer.samples import Sample
from recognizer.train.holdout import HELD_OUT, deal
from recognizer.train.outcome import Check, Outcome
from recognizer.train.run import Job, make, make_folder, said
from recognizer.train.teach import CANDIDATE, NO_VAL, Taught, begin, cer, concluded, mixed_in, teaching, val_check

FILE: Final = "corrections.parquet"
FEW_CHARACTERS: Final = 500


def learn_corrections(job: Job, bundle: Bundle, corrected: Sequence[Path], forced: bool) -> Taught:
    """Teach the bundle, which the job starts with, the corrected lines; goes on where a killed call stopped.

    A tenth of them is held out (`holdout`). The new bundle is written if it reads these no worse than the old one, and
    the val lines of the job's files, if there are any, at most 2 % (relative) worse; or if `forced`. Fewer than 500
    characters held out decide nothing. Raises RecognizerError as `train` does.
    """
    make_folder(job.output)
    dealt = job.output / "lines" / FILE
    deal(corrected, dealt)
    begin(job.output, dealt)
    job = replace(job, fresh=(dealt,))
    held, val, lesson = job.fresh_lines(HELD_OUT).samples, job.lines("val").samples, job.lesson()
    if not lesson.fresh:
        raise TrainingError(f"no corrected line to learn from; left out: {said(lesson.data)}")
    notes = _notes(held, lesson.fresh, len(lesson.data.samples) - lesson.fresh, val)
    print("\n".join(notes), file=sys.stderr)
    job = replace(job, recipe=teaching(job.recipe, held))
    made = make(job, lesson, val, held, job.output / CANDIDATE)
    checks = [*_held_check(bundle, made.bundle, held), *val_check(bundle, made.bundle, val)]
    return concluded(made, Outcome(tuple(checks), notes, forced), job.output, dealt, "the held-out corrections")


def _held_check(before: Bundle, after: Bundle, held: Sequence[Sample]) -> list[Check]:
    """What was learned; no check where nothing is held out."""
    if not held:
        return []
    allowed = 0.0 if _enough(held) else None
    return [Check("CER of held-out corrections", len(held), cer(before, held), cer(after, held), allowed)]


def _enough(held: Sequence[Sample]) -> bool:
    return sum(len(sample.text) for sample in held) >= FEW_CHARACTERS


def _notes(held: Sequence[Sample], fresh: int, old: int, val: Sequence[Sample]) -> tuple[str, ...]:
    learned = f"learned from {fresh:,} corrected lines, {len(held):,} more were held out; {mixed_in(old)}"
    few = f"fewer than {FEW_CHARACTERS} corrected characters are held out: only val decides"
    return tuple(note for note in (learned, "" if _enough(held) else few, "" if val else NO_VAL) if note)
