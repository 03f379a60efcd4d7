"""The training loop: single-threaded processes with averaged gradients, AdamW, cosine to zero, EMA of the weights.

Two processes of one thread beat one process of two threads, whose LSTM kernel waits at every time step.
"""

import hashlib
import json
import math
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
from recognizer.bundle import Bundle
from recognizer.errors import TrainingError
from recognizer.lines import Floats, normalise
from recognizer.train import checkpoint
from recognizer.train.augment import augment
from recognizer.train.data import Sample, batches, epoch

SHORTCUT_WEIGHT = 0.15
CHECKPOINT_SECONDS = 300
LEAST_RATE = 1e-5
STEPS_A_REPORT = 100


@dataclass(frozen=True)
class Recipe:
    """How to train: for so many minutes, or, where it is given, for a number of steps.

    `columns` is the summed width of a process's batch at the network's height. The rate rises over `warm_up` steps to
    `rate` and falls as a cosine to the end; the first `plain` steps see the lines as they are, the others varied.
    """

    minutes: float
    processes: int = 2
    rate: float = 2.5e-3
    columns: int = 12_000
    seed: int = 1
    decay: float = 0.9985
    weight_decay: float = 1e-3
    warm_up: int = 200
    plain: int = 300
    steps: int | None = None


@dataclass
class Progress:
    """Where training stands; `seconds` counts over all resumptions."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    lines: int = 0
    loss: float = 0.0

    def done(self, recipe: Recipe) -> float:
        """Share of the training that is done, 1 or more at the end."""
        return self.step / recipe.steps if recipe.steps is not None else self.seconds / (60 * recipe.minutes)


class Trainer:
    """One process's share of training. `run` returns the averaged weights."""

    def __init__(
        self,
        rank: int,
        recipe: Recipe,
        architecture: str,
        alphabet: Alphabet,
        samples: Sequence[Sample],
        folder: Path,
        start: Bundle | None = None,
    ) -> None:
        """`rank` is from 0; checkpoints lie in `folder`; `start` must be of this architecture and alphabet."""
        torch.manual_seed(recipe.seed)
        self.rank, self.recipe, self.alphabet, self.samples, self.folder = rank, recipe, alphabet, samples, folder
        self.network = build(architecture, len(alphabet)).channels_last()
        if start:
            self.network.with_weights(start.weights())
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), recipe.rate, weight_decay=recipe.weight_decay, betas=(0.9, 0.98)
        )
        self.progress = Progress()
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.bf16 = best() == "bf16"
        self.identity = {
            "architecture": architecture,
            "alphabet": "".join(alphabet.symbols),
            "lines": hashlib.sha256("\n".join(sample.id for sample in samples).encode()).hexdigest(),
            "start": start.id if start else None,
            **asdict(recipe),
        }

    def run(self) -> dict[str, torch.Tensor]:
        """Train to the end, writing checkpoints; raises TrainingError when the lines do not fill a batch."""
        self.network.train()
        before, saved = time.monotonic() - self.progress.seconds, time.monotonic()
        while not self._over():
            for group in self._epoch()[self.progress.batch :]:
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

    def resume(self) -> None:
        """Go to where the checkpoint in the folder stands, if there is one; raises TrainingError if it is another's."""
        state = checkpoint.read(self.folder, self.identity)
        if state:
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average = state["average"]
            self.progress = Progress(**state["progress"])

    def _over(self) -> bool:
        return self.progress.done(self.recipe) >= 1

    def _epoch(self) -> list[list[int]]:
        """The batches of the epoch that progress stands at, the same in every process and after a resumption."""
        recipe, number = self.recipe, self.progress.epoch
        widths = [sample.image.shape[1] for sample in self.samples]
        order = epoch(self.samples, recipe.seed, number)
        rng = random.Random(f"{recipe.seed} {number}")
        groups = batches(widths, order, recipe.columns * recipe.processes, recipe.processes, rng)
        if not groups:
            raise TrainingError(f"{len(self.samples)} lines do not fill one batch; give more lines, or --processes 1")
        return groups

    def _agreed(self, seconds: float) -> float:
        """One clock for all processes."""
        if self.recipe.processes == 1:
            return seconds
        clock = torch.tensor([seconds], dtype=torch.float64)
        distributed.broadcast(clock, 0)
        return float(clock)

    def _step(self, group: Sequence[int]) -> None:
        progress, recipe = self.progress, self.recipe
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = self._rate()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss([self.samples[index] for index in group[self.rank :: recipe.processes]])
        torch.autograd.backward(loss)
        if recipe.processes > 1:
            average_gradients(self.network)
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        progress.step += 1
        progress.batch += 1
        progress.lines += len(group)
        progress.loss = loss.item() if progress.step == 1 else 0.98 * progress.loss + 0.02 * loss.item()
        self._follow()
        if self.rank == 0 and progress.step % STEPS_A_REPORT == 0:
            print(json.dumps({name: round(value, 4) for name, value in asdict(progress).items()}), flush=True)

    def _rate(self) -> float:
        warm = min(1.0, (self.progress.step + 1) / max(1, self.recipe.warm_up))
        fall = 0.5 + 0.5 * math.cos(math.pi * self.progress.done(self.recipe))
        return self.recipe.rate * warm * fall + LEAST_RATE

    def _loss(self, chosen: Sequence[Sample]) -> torch.Tensor:
        """CTC loss of the lines. What is drawn depends on the step alone, so that a resumption draws the same."""
        rng = np.random.default_rng([self.recipe.seed, self.progress.step, self.rank])
        torch.manual_seed(int(rng.integers(2**62)))
        plain = self.progress.step < self.recipe.plain
        images = [normalise(sample.image if plain else augment(sample.image, rng)) for sample in chosen]
        batch, widths = pad(images, self.network.height)
        labels = [self.alphabet.encode(sample.text) for sample in chosen]
        targets = torch.tensor([label for line in labels for label in line])
        lengths = torch.tensor([len(line) for line in labels])
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            log_probabilities, shortcut = self.network(batch, widths)
        frames = self.network.frames(widths)

        def ctc(output: torch.Tensor) -> torch.Tensor:
            return functional.ctc_loss(output, targets, frames, lengths, zero_infinity=True)

        assert shortcut is not None  # the network is training
        return ctc(log_probabilities) + SHORTCUT_WEIGHT * ctc(shortcut)

    def _follow(self) -> None:
        """Exponential moving average of the weights."""
        decay = min(self.recipe.decay, (1 + self.progress.step) / (10 + self.progress.step))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[name].lerp_(value.detach(), 1 - decay)
            else:
                self.average[name].copy_(value)

    def _save(self) -> None:
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "progress": asdict(self.progress),
        }
        checkpoint.write(self.folder, self.identity, state)


def pad(images: Sequence[Floats], height: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised images [height, w] -> float32 [n, 1, height, width], paper beyond their ends; widths [n]."""
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
    means = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, mean in zip(gradients, means, strict=True):
        gradient.copy_(mean.view_as(gradient))
