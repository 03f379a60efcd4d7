"""What to train on, in which order: lines that CTC can learn, mixed by data set, in batches of about one width."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch.utils.data import Dataset

from recognizer.alphabet import Alphabet
from recognizer.lines import Crop, Floats, normalise
from recognizer.samples import LineData, Sample
from recognizer.train.augment import augment
from recognizer.train.recipe import Recipe

SORTED_TOGETHER = 2000
COLUMNS_TOGETHER = 8


def trainable(data: LineData, alphabet: Alphabet, stride: int) -> LineData:
    """Without lines that CTC cannot learn: no known character, or fewer frames than symbols and repeats."""

    def unfit(sample: Sample) -> str | None:
        labels = alphabet.encode(sample.text)
        repeats = sum(a == b for a, b in pairwise(labels))
        if not labels:
            return "no known character"
        return "text too long for its width" if len(labels) + repeats > sample.image.shape[1] // stride else None

    return data.without(unfit)


def epoch(samples: Sequence[Sample], seed: int, number: int) -> list[int]:
    """Indices of one epoch: as many as there are lines, drawn from each data set by the square root of its size."""
    rng = random.Random(f"{seed} {number}")
    by_dataset: dict[str, list[int]] = defaultdict(list)
    for index, sample in enumerate(samples):
        by_dataset[sample.dataset].append(index)
    roots = {name: len(indices) ** 0.5 for name, indices in by_dataset.items()}
    chosen: list[int] = []
    for name, indices in sorted(by_dataset.items()):
        share = round(len(samples) * roots[name] / sum(roots.values()))
        whole, rest = divmod(share, len(indices))
        chosen += indices * whole + rng.sample(indices, rest)
    rng.shuffle(chosen)
    return chosen


def mixed_epoch(samples: Sequence[Sample], fresh: int, seed: int, number: int) -> list[int]:
    """Indices of one epoch of lines of which the first `fresh` are new to the network: these, and as many others.

    The others are there so that nothing is forgotten, other ones in every epoch. Half and half, as Rolnick et al. 2019
    (Experience Replay for Continual Learning, section 4) mix what is new with what is known: with fewer old lines more
    is forgotten, with more of them the same minutes show fewer new ones. Where there are fewer old lines they all come.
    """
    if not fresh:
        return epoch(samples, seed, number)
    new = epoch(samples[:fresh], seed, number)
    old = [fresh + index for index in epoch(samples[fresh:], seed, number)[: len(new)]]
    mixed = new + old
    random.Random(f"{seed} {number}").shuffle(mixed)
    return mixed


def batches(widths: Sequence[int], order: Sequence[int], recipe: Recipe, rng: random.Random) -> list[list[int]]:
    """Groups of indices, a batch of all processes each, whose lines have about one width.

    A group fills `recipe.columns` padded columns or `recipe.lines` a process, and has at least a line for each. What
    remains in groups that are too small is left out; the next epoch mixes it anew.
    """
    groups: list[list[int]] = []
    for start in range(0, len(order), SORTED_TOGETHER):
        stretch = sorted(order[start : start + SORTED_TOGETHER], key=lambda index: widths[index])
        groups += _filled(widths, stretch, recipe.columns * recipe.processes, recipe.lines * recipe.processes)
    groups = [group for group in groups if len(group) >= recipe.processes]
    rng.shuffle(groups)
    return groups


def _filled(widths: Sequence[int], indices: Sequence[int], columns: int, lines: int) -> Iterator[list[int]]:
    group: list[int] = []
    for index in indices:
        if group and (widths[index] * (len(group) + 1) > columns or len(group) == lines):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


@dataclass(frozen=True)
class Batch:
    """Lines to learn from: images float32 [n, 1, height, width], widths int64 [n], labels one after the other int64,
    and how many each line has, int64 [n].
    """

    images: torch.Tensor
    widths: torch.Tensor
    labels: torch.Tensor
    lengths: torch.Tensor

    def to(self, device: torch.device) -> "Batch":
        """The batch on another device."""
        tensors = (self.images, self.widths, self.labels, self.lengths)
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in tensors))


@dataclass(frozen=True)
class Batches(Dataset[Batch]):
    """One process's share of an epoch's groups. What is drawn depends on a batch's step alone, not on when or where it
    is made, so that a resumption draws the same.

    `first_step` is the step of group 0; steps before `plain` see the lines as they are, others vary them `variations`
    times.
    """

    samples: Sequence[Sample]
    alphabet: Alphabet
    groups: Sequence[Sequence[int]]
    first_step: int
    plain: int
    variations: int
    seed: int
    rank: int
    processes: int

    def __getitem__(self, number: int) -> Batch:
        chosen = [self.samples[index] for index in self.groups[number][self.rank :: self.processes]]
        step = self.first_step + number
        rng = np.random.default_rng([self.seed, step, self.rank])
        images = [self._varied(sample.image, rng) if step >= self.plain else sample.image for sample in chosen]
        labels = [self.alphabet.encode(sample.text) for sample in chosen]
        flat = torch.tensor([label for line in labels for label in line])
        return Batch(*pad([normalise(image) for image in images]), flat, torch.tensor([len(line) for line in labels]))

    def _varied(self, image: Crop, rng: np.random.Generator) -> Crop:
        for _ in range(self.variations):
            image = augment(image, rng)
        return image


def pad(images: Sequence[Floats]) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised images [height, w] -> float32 [n, 1, height, width], paper beyond their ends; widths int64 [n]."""
    widths = torch.tensor([image.shape[1] for image in images])
    widest = -(-int(widths.max()) // COLUMNS_TOGETHER) * COLUMNS_TOGETHER
    batch = torch.zeros(len(images), 1, len(images[0]), widest)
    for row, image in zip(batch, images, strict=True):
        row[0, :, : image.shape[1]] = torch.from_numpy(image)
    return batch.contiguous(memory_format=torch.channels_last), widths
