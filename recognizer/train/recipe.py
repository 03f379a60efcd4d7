"""How to train, and where a training stands."""

import math
from dataclasses import dataclass
from typing import Literal

LEAST_RATE = 1e-5
BEGUN = 0.9
LATE = 0.8


@dataclass(frozen=True)
class Recipe:
    """How to train, for so many minutes, epochs or steps: exactly one of them is given, else ValueError.

    `columns` is the summed width of a process's batch at the network's height, `lines` the most lines in one. The rate
    rises over `warm_up` steps to `rate` and falls as a cosine to the end, or (`plateau`) by half whenever a judging of
    the val lines was not the best; the first `plain` steps see the lines as they are, the others varied.
    `decay` is that of the weights' moving average, which is what is kept; `shortcut` weighs the loss of the
    convolutions' own head. The val lines are read `judgings` times, and training ends early after `patience` of these
    without a better CER, but not in the first four fifths, while the rate is high: a bundle that is trained on first
    gets worse, and better than it was only when the rate has fallen. `judge_first` reads them before the first step
    too, so that what is kept is never worse. With `keep` last the judgings are only looked at: the last weights are
    kept. A line is varied `variations` times, one upon the other. `freeze_cnn` leaves the convolutions as they are.
    """

    minutes: float | None = None
    epochs: float | None = None
    steps: int | None = None
    processes: int = 2
    rate: float = 2.5e-3
    schedule: Literal["cosine", "plateau"] = "cosine"
    columns: int = 12_000
    lines: int = 1000
    seed: int = 1
    decay: float = 0.9985
    weight_decay: float = 1e-3
    clip: float = 2.0
    shortcut: float = 0.15
    warm_up: int = 200
    plain: int = 300
    judgings: int = 20
    patience: int = 6
    judge_first: bool = False
    keep: Literal["best", "last"] = "best"
    variations: int = 1
    freeze_cnn: bool = False

    def __post_init__(self) -> None:
        if sum(length is not None for length in (self.minutes, self.epochs, self.steps)) != 1:
            raise ValueError("a recipe needs either minutes, or epochs, or steps")


@dataclass
class Progress:
    """Where training stands; `seconds` counts over all resumptions, `batch` within the epoch of `batches`.

    `worse` counts the judgings that were not the best so far, `best_judging` is the number of the best."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    batches: int = 1
    seconds: float = 0.0
    lines: int = 0
    loss: float = 0.0
    judged: int = 0
    best_cer: float = math.inf
    best_judging: int = 0
    worse: int = 0

    def done(self, recipe: Recipe) -> float:
        """Share of the training that is done, 1 or more at the end."""
        if recipe.steps is not None:
            return self.step / recipe.steps
        if recipe.epochs is not None:
            return (self.epoch + self.batch / self.batches) / recipe.epochs
        return self.seconds / (60 * (recipe.minutes or math.inf))

    def judge(self, cer: float) -> bool:
        """Take note of a judging; whether it is the best so far."""
        self.judged += 1
        if cer < self.best_cer:
            self.best_cer, self.best_judging = cer, self.judged
            return True
        self.worse += 1
        return False

    def over(self, recipe: Recipe) -> bool:
        """Whether to end: the whole length is done, or the val CER has not become better for long.

        A network that has not begun to read is let alone: at first CTC learns nothing but blanks.
        """
        stuck = recipe.keep == "best" and self.judged - self.best_judging >= recipe.patience
        done = self.done(recipe)
        return done >= 1 or (done >= LATE and stuck and self.best_cer < BEGUN)

    def to_judge(self, recipe: Recipe) -> bool:
        """Whether the next reading of the val lines is due."""
        return self.done(recipe) * recipe.judgings >= self.judged + 1

    def rate(self, recipe: Recipe) -> float:
        """Learning rate of the next step."""
        warm = min(1.0, (self.step + 1) / max(1, recipe.warm_up))
        return recipe.rate * warm * self._fall(recipe) + LEAST_RATE

    def _fall(self, recipe: Recipe) -> float:
        if recipe.schedule == "plateau":
            return 0.5**self.worse
        return 0.5 + 0.5 * math.cos(math.pi * min(1.0, self.done(recipe)))
