"""The training loop: AdamW, a cosine to zero, a moving average of the weights, judged on val lines as it goes."""

import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

from recognizer.alphabet import Alphabet
from recognizer.architectures.network import Network
from recognizer.arithmetic import best
from recognizer.errors import TrainingError
from recognizer.samples import Sample
from recognizer.train import checkpoint, team
from recognizer.train.data import Batch, Batches, batches, mixed_epoch
from recognizer.train.history import Record
from recognizer.train.recipe import Progress, Recipe

CHECKPOINT_SECONDS = 300
STEPS_A_RECORD = 20
FOLLOW = 0.02
MAKERS_A_GPU = 12

Weights = dict[str, torch.Tensor]
Judge = Callable[[Weights], tuple[float, float]]
"""CER and WER of weights on the val lines, as fractions."""


class Trainer:
    """One process's share of training. `run` returns the averaged weights that read the val lines best, or the last."""

    def __init__(
        self,
        rank: int,
        recipe: Recipe,
        network: Network,
        alphabet: Alphabet,
        samples: Sequence[Sample],
        folder: Path,
        judge: Judge,
        follow: Callable[[Record], None] = lambda _: None,
        fresh: int = 0,
    ) -> None:
        """`rank` is from 0; checkpoints lie in `folder`; `follow` is told how it goes.

        The first `fresh` samples are half of what is learned (`data.mixed_epoch`).
        """
        self.fresh = fresh
        self.rank, self.recipe, self.alphabet, self.samples, self.folder = rank, recipe, alphabet, samples, folder
        self.judge, self.follow = judge, follow
        self.device = team.device_of(rank)
        self.network = network.channels_last().to(self.device)
        if recipe.freeze_cnn:
            self.network.convolutions.requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            [parameter for parameter in self.network.parameters() if parameter.requires_grad],
            recipe.rate,
            weight_decay=recipe.weight_decay,
            betas=(0.9, 0.98),
        )
        self.progress = Progress()
        self.average = _copy(self.network)
        self.best = _copy(self.network)
        self.identity = {
            "network": type(self.network).__name__,
            "alphabet": "".join(alphabet.symbols),
            "data": _told(samples, fresh),
            "start": _digest(self.network),
            **asdict(recipe),
        }

    def run(self) -> Weights:
        """Train to the end, writing checkpoints; raises TrainingError when the lines do not fill a batch."""
        before, saved = time.monotonic() - self.progress.seconds, time.monotonic()
        self._set_training()
        if self.recipe.judge_first and not self.progress.judged:
            self._judge()
        while not self.progress.over(self.recipe):
            for batch in self._loader():
                self.progress.seconds = team.agreed(time.monotonic() - before, self.device)
                if self.progress.over(self.recipe):
                    break
                self._step(batch.to(self.device))
                if self.progress.to_judge(self.recipe):
                    self._judge()
                if self.rank == 0 and time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self._save()
                    saved = time.monotonic()
            else:
                self.progress.epoch, self.progress.batch = self.progress.epoch + 1, 0
        if self.rank == 0:
            self._save()
        return self.best if self.progress.judged and self.recipe.keep == "best" else self.average

    def resume(self) -> None:
        """Go to where the checkpoint in the folder stands, if there is one; raises TrainingError if it is another's."""
        state = checkpoint.read(self.folder, self.identity)
        if state:
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average, self.best = (_on(state[name], self.device) for name in ("average", "best"))
            self.progress = Progress(**state["progress"])

    def _set_training(self) -> None:
        self.network.train()
        if self.recipe.freeze_cnn:
            self.network.convolutions.eval()

    def _loader(self) -> DataLoader[Batch]:
        """What remains of the epoch that progress stands at, the same after a resumption."""
        progress, groups = self.progress, self._groups()
        progress.batches = len(groups)
        data = Batches(
            self.samples,
            self.alphabet,
            groups,
            progress.step - progress.batch,
            self.recipe.plain,
            self.recipe.variations,
            self.recipe.seed,
            self.rank,
            self.recipe.processes,
        )
        makers = MAKERS_A_GPU if self.device.type == "cuda" else 0
        return DataLoader(
            data,
            batch_size=None,
            sampler=range(progress.batch, len(groups)),
            num_workers=makers,
            pin_memory=makers > 0,
            prefetch_factor=4 if makers else None,
        )

    def _groups(self) -> list[list[int]]:
        """The batches of the epoch that progress stands at, the same in every process."""
        recipe, number = self.recipe, self.progress.epoch
        widths = [sample.image.shape[1] for sample in self.samples]
        order = mixed_epoch(self.samples, self.fresh, recipe.seed, number)
        rng = random.Random(f"{recipe.seed} {number}")
        groups = batches(widths, order, recipe, rng)
        if not groups:
            raise TrainingError(f"{len(self.samples)} lines do not fill one batch; give more lines, or --processes 1")
        return groups

    def _step(self, batch: Batch) -> None:
        progress, recipe = self.progress, self.recipe
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = progress.rate(recipe)
        torch.manual_seed(int(np.random.default_rng([recipe.seed, progress.step, self.rank, 1]).integers(2**62)))
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss(batch)
        torch.autograd.backward(loss)
        team.average_gradients(self.network)
        nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        self.optimizer.step()
        progress.step += 1
        progress.batch += 1
        progress.lines += len(batch.widths) * recipe.processes
        if progress.step == 1 or self.device.type == "cpu" or progress.step % STEPS_A_RECORD == 0:
            progress.loss = loss.item() if progress.step == 1 else (1 - FOLLOW) * progress.loss + FOLLOW * loss.item()
        self._follow_weights()
        if progress.step % STEPS_A_RECORD == 0:
            self._record()

    def _loss(self, batch: Batch) -> torch.Tensor:
        """CTC loss of the lines, and of the shortcut's reading of them."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._in_bf16()):
            log_probabilities, shortcut = self.network(batch.images, batch.widths)
        frames = self.network.frames(batch.widths)

        def ctc(output: torch.Tensor) -> torch.Tensor:
            return functional.ctc_loss(output, batch.labels, frames, batch.lengths, zero_infinity=True)

        loss = ctc(log_probabilities)
        return loss if shortcut is None else loss + self.recipe.shortcut * ctc(shortcut)

    def _in_bf16(self) -> bool:
        return self.device.type == "cuda" or best() == "bf16"

    def _follow_weights(self) -> None:
        """Exponential moving average of the weights."""
        decay = min(self.recipe.decay, (1 + self.progress.step) / (10 + self.progress.step))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[name].lerp_(value.detach(), 1 - decay)
            else:
                self.average[name].copy_(value)

    def _judge(self) -> None:
        """Read the val lines with the averaged weights; every process learns what rank 0 found."""
        cer, wer = self.judge(self.average) if self.rank == 0 else (0.0, 0.0)
        cer = team.agreed(cer, self.device)
        if self.progress.judge(cer):
            self.best = {name: value.clone() for name, value in self.average.items()}
        self._record(cer, wer)

    def _record(self, cer: float | None = None, wer: float | None = None) -> None:
        if self.rank == 0:
            at = self.progress
            self.follow(Record(at.step, at.seconds, at.lines, at.rate(self.recipe), at.loss, cer, wer))

    def _save(self) -> None:
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "best": self.best,
            "progress": asdict(self.progress),
        }
        checkpoint.write(self.folder, self.identity, state)


def _copy(network: nn.Module) -> Weights:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _on(weights: Mapping[str, torch.Tensor], device: torch.device) -> Weights:
    return {name: value.to(device) for name, value in weights.items()}


def _told(samples: Sequence[Sample], fresh: int) -> str:
    """Tells the lines that a training is of, their texts too: people correct them, and readers guess them anew."""
    lines = [str(fresh), *(f"{sample.id}\t{sample.text}" for sample in samples)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _digest(network: nn.Module) -> str:
    """Tells the weights with which a training begins."""
    digest = hashlib.sha256()
    for value in network.state_dict().values():
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
