"""What the tests of teaching share: a reader of four drawn words, lines to teach it, and what ends a training early."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from recognizer.alphabet import Alphabet
from recognizer.architectures import build
from recognizer.bundle import Bundle, save
from recognizer.lines import Crop
from recognizer.measure import measure
from recognizer.samples import Sample
from recognizer.train import loop
from recognizer.train.data import Batch
from recognizer.train.loop import Trainer
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job
from recognizer.train.start import Start
from tests.recognizer.drawn import line, png, write_lines

WORDS = ("ab", "ba", "bb", "aa")
LETTERS = Alphabet("ab")
GENTLE = Recipe(steps=4, processes=1, rate=1e-4, warm_up=1, plain=0, columns=320)
RUINOUS = replace(GENTLE, rate=0.5)
LEARNING = replace(GENTLE, steps=60, rate=4e-3, plain=10**6, decay=0.9)


def drawn(text: str) -> Crop:
    return line(text, room=16)


def rows(count: int, page: str = "page", **facts: Any) -> list[dict[str, Any]]:
    """Lines of the words in turn, ten a page."""
    words = [WORDS[k % len(WORDS)] for k in range(count)]
    return [
        {"id": f"{page} {k}", "text": word, "image": png(drawn(word)), "page": f"{page} {k // 10}", **facts}
        for k, word in enumerate(words)
    ]


def exchanged(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same lines, with a for b and b for a in their texts."""
    return [{**row, "text": row["text"].translate(str.maketrans("ab", "ba"))} for row in lines]


def reader(folder: Path) -> Bundle:
    """A reader that knows the words by heart."""
    samples = [Sample(word, drawn(word), word, word, "drawn", "print", "eng", "", "train") for word in WORDS]
    torch.manual_seed(1)
    folder.mkdir(parents=True)
    recipe = Recipe(steps=120, processes=1, rate=4e-3, warm_up=10, plain=10**6, decay=0.9, judgings=0)
    trainer = Trainer(0, recipe, build("small", len(LETTERS)), LETTERS, samples, folder, lambda _: (1.0, 1.0))
    return measure(save(folder / "bundle", "small", LETTERS, trainer.run(), {}), samples)


@dataclass(frozen=True)
class Archive:
    """A folder in which a bundle is taught: line Parquet with corrections or unread lines, old lines and val."""

    folder: Path
    bundle: Bundle

    @property
    def output(self) -> Path:
        return self.folder / "taught"

    def lines(self, name: str, lines: Sequence[dict[str, Any]]) -> Path:
        return write_lines(self.folder / f"{name}.parquet", lines)

    def job(self, recipe: Recipe = GENTLE, *files: Path) -> Job:
        return Job(files, self.output, recipe, Start.chosen(self.bundle, None, None, 1))


class Killed(Exception):
    """What a kill looks like from inside."""


def steps(monkeypatch: pytest.MonkeyPatch, killed_at: int | None = None) -> list[int]:
    """Note the steps that are trained, with a checkpoint after each; at one of them, counted over all, be killed."""
    done: list[int] = []
    run_step: Callable[[Trainer, Batch], None] = Trainer._step

    def step(self: Trainer, batch: Batch) -> None:
        if len(done) == killed_at:
            raise Killed
        done.append(self.progress.step)
        run_step(self, batch)

    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr(Trainer, "_step", step)
    return done
