"""From data and a recipe to a bundle: starts the training processes, evaluates, writes the model card.

The calling process trains as rank 0 and starts the others once it has found data and checkpoint in order. Standard
output gets one JSON object a line.
"""

import json
import multiprocessing
import platform
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from recognizer.alphabet import Alphabet
from recognizer.architectures import architecture as find_architecture
from recognizer.arithmetic import best, processor
from recognizer.bundle import SHIPPED, Bundle, save
from recognizer.errors import TrainingError
from recognizer.evaluate import evaluate
from recognizer.train import checkpoint
from recognizer.train.data import LineData, find_parquet, load_lines, trainable
from recognizer.train.loop import Recipe, Trainer


@dataclass(frozen=True)
class Job:
    """What every process needs to know; `start` is the bundle to start from."""

    sources: tuple[Path, ...]
    output: Path
    architecture: str
    recipe: Recipe
    start: Bundle | None
    limit: int | None


def train(
    sources: Sequence[Path],
    output: Path,
    architecture: str,
    recipe: Recipe,
    start: str | None = None,
    limit: int | None = None,
) -> Bundle:
    """Train on the `train` split, judge on `val`, write the bundle to `output`; goes on where a killed call stopped.

    With `start`, a bundle's folder or name, the network begins with its weights and keeps its alphabet. `limit` is how
    many lines of each split are used at most. Raises RecognizerError for sources, bundle, architecture or checkpoint.
    """
    began = time.monotonic()
    height = find_architecture(architecture).height
    first = Bundle.load(start) if start else None
    if first and first.architecture != architecture:
        raise TrainingError(f"{first.folder} is of another architecture; give --architecture {first.architecture}")
    val_files = find_parquet(sources, "val")
    _make(output)
    job = Job(tuple(sources), output, architecture, recipe, first, limit)
    data, alphabet = _lines(job)
    print(json.dumps({**data.counts(), "symbols": len(alphabet)}), flush=True)
    trainer = _trained(job, data, alphabet)
    val = load_lines(val_files, height, limit)
    card = _card(job, data, trainer, round(time.monotonic() - began))
    bundle = save(output, architecture, alphabet, trainer.average, card)
    card["val_cer"] = evaluate(bundle, val.samples, best())
    bundle = save(output, architecture, alphabet, trainer.average, card)
    checkpoint.remove(output)
    return bundle


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder}: {error.strerror}; give another --output") from error


def _lines(job: Job) -> tuple[LineData, Alphabet]:
    """The lines to train on and the alphabet, the same in every process."""
    network = find_architecture(job.architecture)
    data = load_lines(find_parquet(job.sources, "train"), network.height, job.limit)
    alphabet = job.start.alphabet if job.start else Alphabet.of(sample.text for sample in data.samples)
    return trainable(data, alphabet, network.stride), alphabet


def _trained(job: Job, data: LineData, alphabet: Alphabet) -> Trainer:
    """Train as rank 0, with the other ranks in processes of their own, and return the trainer when all are done."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    trainer = _trainer(0, job, data, alphabet)
    trainer.resume()
    helpers = _start_helpers(job) if job.recipe.processes > 1 else []
    try:
        trainer.run()
    finally:
        if helpers:
            distributed.destroy_process_group()
        torch.set_num_threads(threads)
    for helper in helpers:
        helper.join()
    return trainer


def _trainer(rank: int, job: Job, data: LineData, alphabet: Alphabet) -> Trainer:
    return Trainer(rank, job.recipe, job.architecture, alphabet, data.samples, job.output, job.start)


def _start_helpers(job: Job) -> list[BaseProcess]:
    """Start ranks 1 and up; they end with this process."""
    address = f"tcp://127.0.0.1:{_free_port()}"
    context = multiprocessing.get_context("spawn")
    helpers = [
        context.Process(target=_help, args=(rank, address, job), daemon=True) for rank in range(1, job.recipe.processes)
    ]
    for helper in helpers:
        helper.start()
    distributed.init_process_group("gloo", address, rank=0, world_size=job.recipe.processes)
    return list(helpers)


def _help(rank: int, address: str, job: Job) -> None:
    torch.set_num_threads(1)
    data, alphabet = _lines(job)
    trainer = _trainer(rank, job, data, alphabet)
    trainer.resume()
    distributed.init_process_group("gloo", address, rank=rank, world_size=job.recipe.processes)
    trainer.run()
    distributed.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _card(job: Job, data: LineData, trainer: Trainer, seconds: int) -> dict[str, Any]:
    """The facts of a model card that the training knows itself. Data sets that nobody described have no source."""
    name, _ = processor()
    processes = f"{job.recipe.processes} processes of one thread"
    counts = Counter(sample.dataset for sample in data.samples)
    return {
        "command": " ".join(["python -m recognizer", *sys.argv[1:]]),
        "data": [source.name for source in job.sources],
        "start": job.start.id if job.start else None,
        "train_lines": dict(sorted(counts.items())),
        "sources": known_sources(counts),
        "left_out": {reason: len(ids) for reason, ids in data.skipped.items()},
        "recipe": asdict(job.recipe),
        "seconds": seconds,
        "lines_seen": trainer.progress.lines,
        "steps": trainer.progress.step,
        "machine": f"{name}, {processes}, {best()}, Python {platform.python_version()}, torch {torch.__version__}",
    }


def known_sources(datasets: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What each data set is, its licence and where it comes from, as far as the shipped list knows it."""
    known: dict[str, dict[str, Any]] = json.loads((SHIPPED / "sources.json").read_text(encoding="utf-8"))
    return {name: known[name] for name in sorted(datasets) if name in known}
