"""From data and a recipe to a bundle: starts the training processes, evaluates, writes the model card."""

import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import distributed, multiprocessing

from recognizer.alphabet import Alphabet
from recognizer.architectures import ARCHITECTURES
from recognizer.arithmetic import best, processor
from recognizer.bundle import Bundle, save
from recognizer.evaluate import evaluate
from recognizer.train.data import find_parquet, load_lines, trainable
from recognizer.train.loop import Recipe, Trainer


def train(
    sources: Sequence[Path], output: Path, architecture: str, recipe: Recipe, start: str | None, limit: int | None
) -> Bundle:
    """Train on the `train` split, report CER on `val`, write the bundle to `output`; goes on where a killed call stopped."""
    began = time.monotonic()
    output.mkdir(parents=True, exist_ok=True)
    arguments = (sources, output, architecture, recipe, start, limit)
    if recipe.processes == 1:
        _work(0, *arguments)
    else:
        multiprocessing.spawn(_work, arguments, recipe.processes)
    result = torch.load(output / "trained.pt", weights_only=True)
    alphabet = Alphabet(result["alphabet"])
    card = _card(sources, recipe, start, result, round(time.monotonic() - began))
    bundle = save(output, architecture, alphabet, result["weights"], card)
    val = load_lines(find_parquet(sources, "val"), ARCHITECTURES[architecture].height, limit)  # type: ignore[attr-defined]
    card["val_cer"] = evaluate(bundle, val.samples, best())
    (output / "trained.pt").unlink()
    (output / "checkpoint.pt").unlink(missing_ok=True)
    return save(output, architecture, alphabet, result["weights"], card)


def _work(
    rank: int, sources: Sequence[Path], output: Path, architecture: str, recipe: Recipe, start: str | None, limit: int | None
) -> None:
    torch.set_num_threads(1)
    if recipe.processes > 1:
        distributed.init_process_group(
            "gloo", f"tcp://127.0.0.1:{recipe.port}", rank=rank, world_size=recipe.processes
        )
    network = ARCHITECTURES[architecture]
    data = load_lines(find_parquet(sources, "train"), network.height, limit)  # type: ignore[attr-defined]
    first = Bundle.load(start) if start else None
    alphabet = first.alphabet if first else Alphabet.of(sample.text for sample in data.samples)
    data = trainable(data, alphabet, network.stride)  # type: ignore[attr-defined]
    if rank == 0:
        for reason, ids in data.skipped.items():
            print(f"left out, {reason}: {len(ids)} lines, e.g. {', '.join(ids[:3])}", flush=True)
        print(f"{len(data.samples)} lines, {len(alphabet)} symbols", flush=True)
    trainer = Trainer(rank, recipe, architecture, alphabet, data.samples, output)
    if first:
        trainer.start_from({name: value.float() if value.is_floating_point() else value for name, value in first.weights().items()})
    weights = trainer.run()
    if rank == 0:
        counts = dict(sorted(Counter(sample.dataset for sample in data.samples).items()))
        torch.save(
            {
                "weights": weights,
                "alphabet": "".join(alphabet.symbols),
                "progress": asdict(trainer.progress),
                "lines": counts,
                "skipped": {reason: len(ids) for reason, ids in data.skipped.items()},
            },
            output / "trained.pt",
        )


def _card(
    sources: Sequence[Path], recipe: Recipe, start: str | None, result: dict[str, Any], seconds: int
) -> dict[str, Any]:
    name, _ = processor()
    return {
        "command": " ".join(["python -m recognizer", *sys.argv[1:]]),
        "data": [source.name for source in sources],
        "start": Bundle.load(start).id if start else None,
        "train_lines": result["lines"],
        "left_out": result["skipped"],
        "recipe": asdict(recipe),
        "seconds": seconds,
        "lines_seen": result["progress"]["lines"],
        "steps": result["progress"]["step"],
        "machine": f"{name}, {recipe.processes} processes of one thread, {best()}, Python {platform.python_version()}, torch {torch.__version__}",
    }
