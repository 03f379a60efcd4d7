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
class Job:
    """What every process needs to know: line Parquet, where the bundle goes, how, from what, lines of a split at most.

    Data sets named in `without` are left out of training and of the choice of weights.
    """

    files: tuple[Path, ...]
    output: Path
    recipe: Recipe
    start: Start
    limit: int | None = None
    without: frozenset[str] = frozenset()

    def lines(self, split: str) -> LineData:
        """The lines of a split at the network's height, without the data sets that are left out."""
        height = architecture(self.start.architecture).height
        data = load_lines(self.files, height, {split}, self.start.policy, self.limit)
        return replace(data, samples=tuple(sample for sample in data.samples if sample.dataset not in self.without))

    def trainable(self) -> tuple[LineData, Alphabet]:
        """The lines to train on and the alphabet, the same in every process."""
        data = self.lines("train")
        alphabet = self.start.alphabet(sample.text for sample in data.samples)
        return trainable(data, alphabet, architecture(self.start.architecture).stride), alphabet

    def trainer(self, rank: int, data: LineData, alphabet: Alphabet, val: Sequence[Sample]) -> Trainer:
        """One process's trainer, where its checkpoint stands; only rank 0 judges and writes down how it goes."""
        network = self.start.network(alphabet)
        judge = partial(_judged, self.start.architecture, alphabet, val, team.device_of(rank))
        trainer = Trainer(rank, self.recipe, network, alphabet, data.samples, self.output, judge)
        trainer.resume()
        return trainer


def train(job: Job) -> Bundle:
    """Train on the `train` split, choose by `val`, write bundle and report; goes on where a killed call stopped.

    Raises RecognizerError for data, bundle, architecture, policy or checkpoint.
    """
    began = time.monotonic()
    _make(job.output)
    job = replace(job, recipe=team.fitted(job.recipe))
    data, alphabet = job.trainable()
    val = job.lines("val")
    if not data.samples or not val.samples:
        raise TrainingError(
            f"{len(data.samples)} lines to train on and {len(val.samples)} of the split val, but both are needed; "
            f"left out: {_said(data)}"
        )
    trainer, weights = _trained(job, data, alphabet, val.samples)
    card = _facts(job, data, trainer, round(time.monotonic() - began))
    bundle = measure(_saved(job, alphabet, weights, card), data.samples)
    if bundle.languages:
        bundle = refit(bundle, val.samples, bundle.arithmetic())
    bundle = with_card(
        bundle, {**bundle.card, "val": evaluate(bundle, val.samples, bundle.arithmetic()).scores.as_json()}
    )
    symbols = set(alphabet.symbols)
    write_report(
        job.output,
        f"Training of {job.output.name}",
        history.read(job.output),
        describe(data.samples, symbols),
        describe(val.samples, symbols),
        data.skipped,
        {name: str(card[name]) for name in ("command", "machine", "seconds", "lines_seen", "policy")},
    )
    checkpoint.remove(job.output)
    return bundle


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder}: {error.strerror}; give another --output") from error


def _said(data: LineData) -> str:
    return ", ".join(f"{len(ids)} for {reason} ({ids[0]}, ...)" for reason, ids in data.skipped.items()) or "none"


def _saved(job: Job, alphabet: Alphabet, weights: Weights, card: dict[str, Any]) -> Bundle:
    return save(job.output, job.start.architecture, alphabet, weights, card, job.start.policy, job.start.bundle)


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


def _trained(job: Job, data: LineData, alphabet: Alphabet, val: Sequence[Sample]) -> tuple[Trainer, Weights]:
    """Train as rank 0, with the other ranks in processes of their own; the trainer and the weights it chose."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    trainer = job.trainer(0, data, alphabet, val)
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
    data, alphabet = job.trainable()
    trainer = job.trainer(rank, data, alphabet, ())
    team.join(rank, job.recipe.processes, address)
    trainer.run()
    team.leave()


def _facts(job: Job, data: LineData, trainer: Trainer, seconds: int) -> dict[str, Any]:
    """What the model card says of this training."""
    return {
        "command": shlex.join(["inkbeam", *sys.argv[1:]]),
        "data": [file.name for file in job.files],
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
