"""Training of the line finder: AdamW, a cosine to zero, a moving average of the weights, exact resumption."""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from segmentation.train.network import LineFinder
from segmentation.train.pages import TrainingPage
from segmentation.train.patches import patch

CHECKPOINT_SECONDS: Final = 120
LEAST_RATE: Final = 1e-5
POSITIVES: Final = (2.0, 2.0, 1.0)  # weight of what is on a map
OVERLAP: Final = (1.0, 0.5, 0.5)  # weight of each map's dice loss
SMOOTH: Final = 50.0
FOLLOW: Final = 0.02

Weights = dict[str, torch.Tensor]
Facts = dict[str, Any]


class Checkpoints(Protocol):
    """Where the state of a training is kept; `identity` says which training it is of."""

    def read(self, identity: Facts) -> Facts | None:
        """What this training wrote, None where nothing lies."""

    def write(self, identity: Facts, state: Facts) -> None:
        """Keep the state instead of the last one."""


@dataclass(frozen=True)
class Recipe:
    """How to train: `minutes` long, `patches` a step, a rate that rises over `warm_up` steps and falls as a cosine.

    `bf16` is for processors that have the instructions; without them it costs twice as much.
    """

    minutes: float
    bf16: bool = False
    patches: int = 6
    rate: float = 3e-3
    warm_up: int = 40
    weight_decay: float = 1e-3
    decay: float = 0.985
    seed: int = 1


@dataclass
class Progress:
    """Where training stands; `seconds` counts over all resumptions."""

    step: int = 0
    seconds: float = 0.0
    loss: float = 0.0


class Trainer:
    """Trains on pages, from the last checkpoint if there is one; `follow` is told how it goes."""

    def __init__(
        self,
        recipe: Recipe,
        pages: Sequence[TrainingPage],
        checkpoints: Checkpoints,
        follow: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.pages, self.checkpoints, self.follow = recipe, pages, checkpoints, follow
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = LineFinder().to(self.device)
        for parameter in self.network.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.progress = Progress()
        names = "\n".join(f"{page.name} {len(page.lines)}" for page in pages)
        self.identity = {**asdict(recipe), "pages": hashlib.sha256(names.encode()).hexdigest()}

    def run(self) -> Weights:
        """Train to the end; the averaged weights."""
        self._resume()
        self.network.train()
        before, saved = time.monotonic() - self.progress.seconds, time.monotonic()
        while self._done() < 1:
            self._step()
            self.progress.seconds = time.monotonic() - before
            self.follow(self.progress)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._save()
                saved = time.monotonic()
        self._save()
        return self.average

    def _done(self) -> float:
        return self.progress.seconds / (60 * self.recipe.minutes)

    def _step(self) -> None:
        recipe, progress = self.recipe, self.progress
        fall = 0.5 + 0.5 * math.cos(math.pi * min(1.0, self._done()))
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = recipe.rate * min(1.0, (progress.step + 1) / recipe.warm_up) * fall + LEAST_RATE
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        progress.loss = loss.item() if not progress.step else (1 - FOLLOW) * progress.loss + FOLLOW * loss.item()
        progress.step += 1
        self._follow_weights()

    def _loss(self) -> torch.Tensor:
        """Weighted cross-entropy, and the soft dice of each map over the batch (Milletari et al. 2016, V-Net)."""
        random = np.random.default_rng([self.recipe.seed, self.progress.step])
        drawn = [patch(self.pages, random) for _ in range(self.recipe.patches)]
        ink = self._tensor([each.ink for each in drawn])[:, None].contiguous(memory_format=torch.channels_last)
        maps = self._tensor([each.truth.maps for each in drawn]).float()
        weight = self._tensor([each.truth.weight for each in drawn])[:, None]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            logits = self.network(ink).float()
        positives = torch.tensor(POSITIVES, device=self.device).view(1, -1, 1, 1)
        entropy = functional.binary_cross_entropy_with_logits(logits, maps, pos_weight=positives, reduction="none")
        said = logits.sigmoid() * weight
        both, either = (said * maps).sum((0, 2, 3)), said.sum((0, 2, 3)) + (maps * weight).sum((0, 2, 3))
        dice = 1 - (2 * both + SMOOTH) / (either + SMOOTH)
        loss: torch.Tensor = 2 * (entropy * weight).mean() + (dice * torch.tensor(OVERLAP, device=self.device)).sum()
        return loss

    def _tensor(self, arrays: Sequence[np.ndarray[Any, Any]]) -> torch.Tensor:
        return torch.from_numpy(np.stack(arrays)).to(self.device)

    def _follow_weights(self) -> None:
        decay = min(self.recipe.decay, self.progress.step / (self.progress.step + 10))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[name].lerp_(value.detach(), 1 - decay)
            else:
                self.average[name].copy_(value)

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "progress": asdict(self.progress),
        }
        self.checkpoints.write(self.identity, state)

    def _resume(self) -> None:
        if state := self.checkpoints.read(self.identity):
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average = {name: value.to(self.device) for name, value in state["average"].items()}
            self.progress = Progress(**state["progress"])
