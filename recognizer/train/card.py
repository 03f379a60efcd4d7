"""The facts of a model card that a training knows itself."""

import json
import platform
from collections import Counter
from collections.abc import Iterable
from typing import Any

import torch

from recognizer.arithmetic import best, processor
from recognizer.bundle import SHIPPED
from recognizer.samples import DRAWN, LineData


def machine(processes: int) -> str:
    """Processor, processes, arithmetic and versions, in one line."""
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    if torch.cuda.is_available():
        return f"{processes} x {torch.cuda.get_device_name()}, bf16, {versions}"
    threads = "one process" if processes == 1 else f"{processes} processes"
    return f"{processor()[0]}, {threads} of one thread, {best()}, {versions}"


def made_from(data: LineData) -> dict[str, Any]:
    """Lines by data set, where these come from, and how many lines were left out why."""
    counts = Counter(sample.dataset for sample in data.samples)
    return {
        "train_lines": dict(sorted(counts.items())),
        "sources": known_sources(counts),
        "left_out": {reason: len(ids) for reason, ids in data.skipped.items()},
    }


def known_sources(datasets: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What each data set is, its licence and where it comes from, as far as the shipped list knows it.

    Lines drawn in the letters of a data set come from where it comes.
    """
    known: dict[str, dict[str, Any]] = json.loads((SHIPPED / "sources.json").read_text(encoding="utf-8"))
    origins = {name: name.removeprefix(DRAWN) for name in sorted(datasets)}
    return {name: known[origin] for name, origin in origins.items() if origin in known}
