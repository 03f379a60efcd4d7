"""A bundle taught by pages that nobody read: it learns from what it is sure of, in two rounds at most.

Noisy student training (Xie et al. 2020, Self-training with Noisy Student improves ImageNet classification, section 2):
a teacher labels clean pictures, a student learns the labels from varied ones, and becomes the teacher. Our student goes
on from its teacher, as fine-tuning does, and sees every line varied twice over, that it may have something to learn.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from recognizer.bundle import Bundle
from recognizer.errors import Refused, TrainingError
from recognizer.samples import UNREAD, Sample, load_unread
from recognizer.train.holdout import HELD_OUT, LEARNED, deal
from recognizer.train.outcome import Check, Outcome
from recognizer.train.pseudo import Labels, doubt, label, read_lines, write_labels
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job, Made, make, make_folder
from recognizer.train.teach import (
    CANDIDATE,
    NO_VAL,
    ROUND,
    Taught,
    begin,
    concluded,
    mixed_in,
    teaching,
    val_check,
)

FILE: Final = "unread.parquet"
ROUNDS: Final = 2
STRONG: Final = 2  # times that a line is varied
OWN_WORD: Final = "only its own confidence speaks for it, which grows with most trainings of this kind"


@dataclass(frozen=True)
class Unread:
    """Unread lines: those to label, and those held out, of which the `first` bundle leaves so much in `doubt`.

    `val` are lines with truth.
    """

    file: Path
    learned: Sequence[Sample]
    held: Sequence[Sample]
    val: Sequence[Sample]
    first: Bundle
    doubt: float


@dataclass(frozen=True)
class Round:
    """What came of a round: the bundle that was made, how it was judged, the doubt that it leaves on held-out lines."""

    made: Made
    outcome: Outcome
    doubt: float


def learn_unread(job: Job, bundle: Bundle, files: Sequence[Path], forced: bool) -> Taught:
    """Teach the bundle, which the job starts with, its own readings of lines; their texts in the files are not looked
    at. Goes on where a killed call stopped.

    A tenth of the lines is held out (`holdout`). A round counts if the bundle doubts less on these than before it, and
    reads the val lines of the job's files, if there are any, at most 2 % (relative) worse than the first bundle did;
    else it was the last one. If no round counted no bundle is written, unless `forced`. Raises RecognizerError as
    `train` does.
    """
    make_folder(job.output)
    unread = _dealt(job, bundle, files)
    best = _round(job, unread, bundle, 1, forced)
    if best is None:
        raise Refused(f"{job.output}: no bundle is written: none of the lines is read surely enough to learn from it")
    for number in range(2, ROUNDS + 1):
        found = None if best.outcome.reasons else _round(job, unread, best.made.bundle, number, forced)
        if found is None or found.outcome.reasons or found.doubt >= best.doubt:
            break
        best = found
    return concluded(best.made, best.outcome, job.output, unread.file, "val")


def _round(job: Job, unread: Unread, teacher: Bundle, number: int, forced: bool) -> Round | None:
    """Label, train and judge; None where no label is sure enough."""
    folder = job.output / f"{ROUND}{number}"
    labels = label(unread.learned, read_lines(teacher, unread.learned))
    file = folder / "labels.parquet"
    write_labels(unread.file, labels, file)
    job = replace(job, output=folder, fresh=(file,), start=replace(job.start, bundle=teacher))
    lesson = job.lesson()
    print(f"round {number}: {labels.told()}", file=sys.stderr)
    if not lesson.fresh:
        return None
    job = replace(job, recipe=_noisy(job.recipe, unread.val))
    made = make(job, lesson, unread.val, unread.val, folder / CANDIDATE)
    left = doubt(read_lines(made.bundle, unread.held))
    checks = [
        Check("characters in doubt, held-out lines", len(unread.held), unread.doubt, left, 0.0, better=True),
        *val_check(unread.first, made.bundle, unread.val),
    ]
    notes = _notes(labels, number, len(lesson.data.samples) - lesson.fresh, unread.val)
    return Round(made, Outcome(tuple(checks), notes, forced), left)


def _dealt(job: Job, bundle: Bundle, files: Sequence[Path]) -> Unread:
    """The lines of the files, dealt. Raises TrainingError where there are too few."""
    file = job.output / "lines" / FILE
    deal(files, file, UNREAD)
    begin(job.output, file)
    samples = load_unread(file, int(bundle.crop["height"])).samples[: job.limit]
    learned, held = ([each for each in samples if each.split == split] for split in (LEARNED, HELD_OUT))
    if not learned or not held:
        raise TrainingError(
            f"{len(learned)} unread lines to learn from and {len(held)} held out, but both are needed; give more pages"
        )
    return Unread(file, learned, held, job.lines("val").samples, bundle, doubt(read_lines(bundle, held)))


def _noisy(recipe: Recipe, watched: Sequence[Sample]) -> Recipe:
    """The recipe of one round, which has its share of the time."""
    shorter = replace(
        recipe,
        minutes=recipe.minutes and recipe.minutes / ROUNDS,
        epochs=recipe.epochs and recipe.epochs / ROUNDS,
        steps=recipe.steps and recipe.steps // ROUNDS,
        variations=STRONG,
    )
    return teaching(shorter, watched)


def _notes(labels: Labels, number: int, old: int, val: Sequence[Sample]) -> tuple[str, ...]:
    learned = f"learned from its own readings in round {number}: {labels.told()}; {mixed_in(old)}"
    return (learned,) if val else (learned, NO_VAL, OWN_WORD)
