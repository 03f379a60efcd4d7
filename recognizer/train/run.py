"""From data and a recipe to a bundle: starts the training processes, judges, writes the model card and the report.

The calling process trains as rank 0; the others start once it has found data and checkpoint in order.
"""

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from recognizer.alphabet import Alphabet
from recognizer.architectures import architecture, build
from recognizer.arithmetic import best
from recognizer.bundle import Bundle, save, with_card
from recognizer.decode.fit import refit
from recognizer.errors import TrainingError
from recognizer.evaluation.evaluation import evaluate
from recognizer.evaluation.rates import rates
from recognizer.evaluation.texts import paired
from recognizer.html import NOTHING, Markup
from recognizer.infer import Reader
from recognizer.measure import measure
from recognizer.samples import LineData, Sample, load_lines
from recognizer.train import checkpoint, history, team
from recognizer.train.bar import Bar
from recognizer.train.card import machine, made_from
from recognizer.train.data import trainable
from recognizer.train.loop import Trainer, Weights
from recognizer.train.recipe import Recipe
from recognizer.train.report import write_report
from recognizer.train.start import Start
from recognizer.train.statistics import describe

JUDGED_LINES = 800


@dataclass(frozen=True)
class Lesson:
    """The lines to train on and the alphabet; the first `fresh` lines are new to the network."""

    data: LineData
    alphabet: Alphabet
    fresh: int


@dataclass(frozen=True)
class Job:
    """What every process needs to know: line Parquet, where the bundle goes, how, from what, lines of a split at most.

    Data sets named in `without` are left out of training and of the choice of weights. `fresh` is line Parquet that is
    new to the network: its split train is learned, mixed with that of the `files`.
    """

    files: tuple[Path, ...]
    output: Path
    recipe: Recipe
    start: Start
    limit: int | None = None
    without: frozenset[str] = frozenset()
    fresh: tuple[Path, ...] = ()

    def lines(self, split: str) -> LineData:
        """The lines of a split at the network's height, without the data sets that are left out."""
        data = self._loaded(self.files, split)
        return replace(data, samples=tuple(sample for sample in data.samples if sample.dataset not in self.without))

    def fresh_lines(self, split: str) -> LineData:
        """The lines of a split that are new to the network, at its height."""
        return self._loaded(self.fresh, split)

    def lesson(self) -> Lesson:
        """What to train on, the same in every process."""
        fresh, old = self.fresh_lines("train"), self.lines("train")
        alphabet = self.start.alphabet(sample.text for data in (fresh, old) for sample in data.samples)
        stride = architecture(self.start.architecture).stride
        fresh, old = (trainable(data, alphabet, stride) for data in (fresh, old))
        return Lesson(fresh.joined(old), alphabet, len(fresh.samples))

    def trainer(self, rank: int, lesson: Lesson, watched: Sequence[Sample]) -> Trainer:
        """One process's trainer, where its checkpoint stands; only rank 0 judges and writes down how it goes."""
        network = self.start.network(lesson.alphabet)
        judge = partial(_judged, self.start.architecture, lesson.alphabet, watched, team.device_of(rank))
        samples = lesson.data.samples
        trainer = Trainer(rank, self.recipe, network, lesson.alphabet, samples, self.output, judge, fresh=lesson.fresh)
        trainer.resume()
        return trainer

    def _loaded(self, files: Sequence[Path], split: str) -> LineData:
        height = architecture(self.start.architecture).height
        return load_lines(files, height, {split}, self.start.policy, self.limit)


@dataclass(frozen=True)
class Made:
    """A bundle that was trained, what it learned from, and the lines that it was judged by."""

    bundle: Bundle
    job: Job
    data: LineData
    val: Sequence[Sample]

    def report(self, folder: Path, outcome: Markup = NOTHING) -> None:
        """Write the report into a folder, with what is to stand first in it (HTML)."""
        symbols, card = set(self.bundle.alphabet.symbols), self.bundle.card
        write_report(
            folder,
            f"Training of {folder.name}",
            history.read(self.job.output),
            describe(self.data.samples, symbols),
            describe(self.val, symbols),
            self.data.skipped,
            {name: str(card[name]) for name in ("command", "machine", "seconds", "lines_seen", "policy")},
            outcome,
        )


def train(job: Job) -> Bundle:
    """Train on the `train` split, choose by `val`, write bundle and report; goes on where a killed call stopped.

    Raises RecognizerError for data, bundle, architecture, policy or checkpoint.
    """
    make_folder(job.output)
    lesson, val = job.lesson(), job.lines("val").samples
    if not lesson.data.samples or not val:
        raise TrainingError(
            f"{len(lesson.data.samples)} lines to train on and {len(val)} of the split val, but both are needed; "
            f"left out: {said(lesson.data)}"
        )
    made = make(job, lesson, val, val, job.output)
    made.report(job.output)
    checkpoint.remove(job.output)
    return made.bundle


def make(job: Job, lesson: Lesson, val: Sequence[Sample], watched: Sequence[Sample], folder: Path) -> Made:
    """Train, and write the bundle into a folder; goes on where a killed call stopped.

    `watched` are the lines that are judged by as it goes. On `val` decoding is fitted, and the bundle judged; the lines
    may be none. Raises RecognizerError for bundle, architecture, or checkpoint.
    """
    began = time.monotonic()
    job = replace(job, recipe=team.fitted(job.recipe))
    trainer, weights = _trained(job, lesson, watched)
    card = _facts(job, lesson.data, trainer, round(time.monotonic() - began))
    start = job.start
    bundle = save(folder, start.architecture, lesson.alphabet, weights, card, start.policy, start.bundle)
    bundle = measure(bundle, lesson.data.samples)
    if val:
        bundle = _judged_whole(refit(bundle, val, bundle.arithmetic()) if bundle.languages else bundle, val)
    return Made(bundle, job, lesson.data, val)


def _judged_whole(bundle: Bundle, val: Sequence[Sample]) -> Bundle:
    """The bundle with what it reads of the val lines in its card."""
    scores = evaluate(bundle, val, bundle.arithmetic()).scores
    return with_card(bundle, {**bundle.card, "val": scores.as_json()})


def make_folder(folder: Path) -> None:
    """Make the folder of a bundle; raises TrainingError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder}: {error.strerror}; give another --output") from error


def said(data: LineData) -> str:
    """Why lines were left out, for messages."""
    return ", ".join(f"{len(ids)} for {reason} ({ids[0]}, ...)" for reason, ids in data.skipped.items()) or "none"


def _judged(
    name: str, alphabet: Alphabet, val: Sequence[Sample], device: torch.device, weights: Weights
) -> tuple[float, float]:
    """CER and WER of the weights on an even choice of the val lines."""
    chosen = val[:: -(-len(val) // JUDGED_LINES)]
    reader = Reader(
        build(name, len(alphabet)).with_weights(weights), alphabet, "gpu" if device.type == "cuda" else best(), device
    )
    found = rates(paired(chosen, reader.texts([sample.image for sample in chosen])))
    return found.cer, found.wer


def _trained(job: Job, lesson: Lesson, watched: Sequence[Sample]) -> tuple[Trainer, Weights]:
    """Train as rank 0, with the other ranks in processes of their own; the trainer and the weights it chose."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    trainer = job.trainer(0, lesson, watched)
    history.rewind(job.output, trainer.progress.step)
    try:
        with team.team(job.recipe.processes, partial(_help, job)), Bar(trainer, job.output) as bar:
            trainer.follow = bar.follow
            return trainer, trainer.run()
    finally:
        torch.set_num_threads(threads)


def _help(job: Job, rank: int, address: str) -> None:
    """What the process of another rank does."""
    torch.set_num_threads(1)
    trainer = job.trainer(rank, job.lesson(), ())
    team.join(rank, job.recipe.processes, address)
    trainer.run()
    team.leave()


def _facts(job: Job, data: LineData, trainer: Trainer, seconds: int) -> dict[str, Any]:
    """What the model card says of this training."""
    return {
        "command": shlex.join(["inkbeam", *sys.argv[1:]]),
        "data": [file.name for file in (*job.fresh, *job.files)],
        "start": job.start.bundle.id if job.start.bundle else None,
        "policy": job.start.policy.name,
        "recipe": asdict(job.recipe),
        "seconds": seconds,
        "lines_seen": trainer.progress.lines,
        "lines_seen_before": _seen_before(job.start.bundle),
        "steps": trainer.progress.step,
        "machine": machine(job.recipe.processes),
        **made_from(data),
    }


def _seen_before(start: Bundle | None) -> int:
    """Lines that the network had seen in all trainings that its weights come from."""
    return sum(int(start.card.get(name, 0)) for name in ("lines_seen", "lines_seen_before")) if start else 0
