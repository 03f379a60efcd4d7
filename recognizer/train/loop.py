"""The training loop: single-threaded processes with averaged gradients, AdamW, cosine to zero, EMA of the weights.

Two processes of one thread beat one process of two threads, whose LSTM kernel waits at every time step.
"""

import json
import math
import os
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed, nn
from torch.nn import functional

from recognizer.alphabet import Alphabet
from recognizer.architectures import build
from recognizer.arithmetic import best
from recognizer.lines import normalise
from recognizer.train.augment import augment
from recognizer.train.data import Sample, batches, epoch

PLAIN_STEPS = 300
WARM_UP_STEPS = 200
SHORTCUT_WEIGHT = 0.15
CHECKPOINT_SECONDS = 300


@dataclass(frozen=True)
class Recipe:
    """How to train. `columns` is the summed width of a process's batch at the network's height."""

    minutes: float
    processes: int = 2
    rate: float = 2.5e-3
    columns: int = 12_000
    seed: int = 1
    decay: float = 0.9985
    weight_decay: float = 1e-3
    port: int = 29511


@dataclass
class Progress:
    """Where training stands; `seconds` counts over all resumptions."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    lines: int = 0
    loss: float = 0.0


class Trainer:
    """One process's share of training. `run` returns the averaged weights."""

    def __init__(
        self, rank: int, recipe: Recipe, architecture: str, alphabet: Alphabet, samples: Sequence[Sample], folder: Path
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.rank, self.recipe, self.alphabet, self.samples, self.folder = rank, recipe, alphabet, samples, folder
        self.network = build(architecture, len(alphabet)).to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), recipe.rate, weight_decay=recipe.weight_decay, betas=(0.9, 0.98)
        )
        self.progress = Progress()
        self.average = self._weights()
        self.height, self.stride = int(self.network.height), int(self.network.stride)
        self.bf16 = best() == "bf16"

    def start_from(self, weights: dict[str, torch.Tensor]) -> None:
        """Take trained weights; those whose shape differs (a grown alphabet) keep their random values."""
        own = self.network.state_dict()
        fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
        self.network.load_state_dict(own | fitting)
        self.average = self._weights()

    def run(self) -> dict[str, torch.Tensor]:
        """Train until the time is over; checkpoints allow to go on after a kill."""
        self._resume()
        self.network.train()
        widths = [sample.image.shape[1] for sample in self.samples]
        before, saved = time.monotonic() - self.progress.seconds, time.monotonic()
        while not self._over():
            order = epoch(self.samples, self.recipe.seed, self.progress.epoch)
            rng = random.Random(f"{self.recipe.seed} {self.progress.epoch}")
            groups = batches(widths, order, self.recipe.columns * self.recipe.processes, rng)
            for group in groups[self.progress.batch :]:
                self.progress.seconds = self._agreed(time.monotonic() - before)
                if self._over():
                    break
                self._step(group)
                if self.rank == 0 and time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self._save()
                    saved = time.monotonic()
            else:
                self.progress.epoch, self.progress.batch = self.progress.epoch + 1, 0
        return self.average

    def _over(self) -> bool:
        return self.progress.seconds >= 60 * self.recipe.minutes

    def _agreed(self, seconds: float) -> float:
        """One clock for all processes."""
        if self.recipe.processes == 1:
            return seconds
        clock = torch.tensor([seconds], dtype=torch.float64)
        distributed.broadcast(clock, 0)
        return float(clock)

    def _step(self, group: Sequence[int]) -> None:
        progress, recipe = self.progress, self.recipe
        share = group[self.rank :: recipe.processes]
        rate = recipe.rate * min(1, (progress.step + 1) / WARM_UP_STEPS)
        rate *= 0.5 + 0.5 * math.cos(math.pi * progress.seconds / (60 * recipe.minutes))
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = rate + 1e-5
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss([self.samples[index] for index in share])
        loss.backward()
        if recipe.processes > 1:
            average_gradients(self.network)
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        progress.step, progress.batch, progress.lines = progress.step + 1, progress.batch + 1, progress.lines + len(group)
        progress.loss = loss.item() if progress.step == 1 else 0.98 * progress.loss + 0.02 * loss.item()
        self._follow()
        if self.rank == 0 and progress.step % 100 == 0:
            print(json.dumps({name: round(value, 4) for name, value in asdict(progress).items()}), flush=True)

    def _loss(self, chosen: Sequence[Sample]) -> torch.Tensor:
        rng = np.random.default_rng([self.recipe.seed, self.progress.step, self.rank])
        plain = self.progress.step < PLAIN_STEPS
        images = [normalise(sample.image if plain else augment(sample.image, rng)) for sample in chosen]
        batch, widths = pad(images, self.height)
        labels = [self.alphabet.encode(sample.text) for sample in chosen]
        targets = torch.tensor([label for line in labels for label in line])
        lengths = torch.tensor([len(line) for line in labels])
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            log_probabilities, shortcut = self.network(batch, widths)
        frames = (widths + self.stride - 1) // self.stride

        def ctc(output: torch.Tensor) -> torch.Tensor:
            return functional.ctc_loss(output, targets, frames, lengths, zero_infinity=True)

        return ctc(log_probabilities) + SHORTCUT_WEIGHT * ctc(shortcut)

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def _follow(self) -> None:
        """Exponential moving average of the weights."""
        decay = min(self.recipe.decay, (1 + self.progress.step) / (10 + self.progress.step))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[name].lerp_(value.detach(), 1 - decay)
            else:
                self.average[name].copy_(value)

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def _save(self) -> None:
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "progress": asdict(self.progress),
        }
        new = self._checkpoint.with_suffix(".new")
        torch.save(state, new)
        os.replace(new, self._checkpoint)  # noqa: PTH105

    def _resume(self) -> None:
        if self._checkpoint.exists():
            state = torch.load(self._checkpoint, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average = state["average"]
            self.progress = Progress(**state["progress"])


def pad(images: Sequence[np.ndarray[Any, np.dtype[np.float32]]], height: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised images [height, w] -> float32 [n, 1, height, widest, to a multiple of 8], filled with paper; widths [n]."""
    widths = torch.tensor([image.shape[1] for image in images])
    batch = torch.zeros(len(images), 1, height, (int(widths.max()) + 7) // 8 * 8)
    for row, image in zip(batch, images, strict=True):
        row[0, :, : image.shape[1]] = torch.from_numpy(image)
    return batch.contiguous(memory_format=torch.channels_last), widths


def average_gradients(network: nn.Module) -> None:
    """One all-reduce over all gradients at once, which is cheaper than one for each tensor."""
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for gradient, mean in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))
