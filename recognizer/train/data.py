"""Training lines from Parquet, decoded once and kept in memory; batches of lines of about the same width."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq

from recognizer.alphabet import Alphabet, fold
from recognizer.lines import Crop, to_height

COLUMNS = ["id", "image", "text", "dataset", "script", "language"]
SORTED_TOGETHER = 2000


@dataclass(frozen=True)
class Sample:
    """One training line: `image` uint8 [height, width], its text under the policy, and what it is a line of."""

    id: str
    image: Crop
    text: str
    dataset: str
    script: str
    language: str


@dataclass(frozen=True)
class LineData:
    """Samples, and why others were left out: reason -> ids."""

    samples: tuple[Sample, ...]
    skipped: dict[str, tuple[str, ...]]


def find_parquet(sources: Sequence[Path], split: str) -> list[Path]:
    """Parquet files of a split: named themselves, or SPLIT*.parquet in a named folder. FileNotFoundError if there are none."""
    files = [
        path for source in sources for path in (sorted(source.glob(f"{split}*.parquet")) if source.is_dir() else [source])
    ]
    if not files:
        raise FileNotFoundError(f"no {split}*.parquet in {', '.join(map(str, sources))}")
    return files


def load_lines(files: Sequence[Path], height: int, limit: int | None = None) -> LineData:
    """All lines of the Parquet files, decoded and scaled to the network's height."""
    samples: list[Sample] = []
    skipped: dict[str, list[str]] = {}
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=512, columns=COLUMNS):
            for row in batch.to_pylist():
                if limit is not None and len(samples) >= limit:
                    break
                image = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE)
                text = fold(row["text"])
                if image is None or not text:
                    skipped.setdefault("unreadable image" if image is None else "empty text", []).append(row["id"])
                    continue
                crop = to_height(np.asarray(image, np.uint8), height)
                samples.append(Sample(row["id"], crop, text, row["dataset"], row["script"], row["language"]))
    return LineData(tuple(samples), {reason: tuple(ids) for reason, ids in skipped.items()})


def trainable(data: LineData, alphabet: Alphabet, stride: int) -> LineData:
    """Without lines that CTC cannot learn: no known character, or fewer frames than symbols and repeats."""
    kept: list[Sample] = []
    skipped = {reason: list(ids) for reason, ids in data.skipped.items()}
    for sample in data.samples:
        labels = alphabet.encode(sample.text)
        repeats = sum(a == b for a, b in zip(labels, labels[1:], strict=False))
        if not labels:
            skipped.setdefault("no known character", []).append(sample.id)
        elif len(labels) + repeats > sample.image.shape[1] // stride:
            skipped.setdefault("text too long for its width", []).append(sample.id)
        else:
            kept.append(sample)
    return LineData(tuple(kept), {reason: tuple(ids) for reason, ids in skipped.items()})


def epoch(samples: Sequence[Sample], seed: int, number: int) -> list[int]:
    """Indices of one epoch: as many as there are lines, drawn from each data set by the square root of its size."""
    rng = random.Random(f"{seed} {number}")
    by_dataset: dict[str, list[int]] = {}
    for index, sample in enumerate(samples):
        by_dataset.setdefault(sample.dataset, []).append(index)
    roots = Counter({name: len(indices) ** 0.5 for name, indices in by_dataset.items()})
    chosen: list[int] = []
    for name, indices in sorted(by_dataset.items()):
        share = round(len(samples) * roots[name] / sum(roots.values()))
        whole, rest = divmod(share, len(indices))
        chosen += indices * whole + rng.sample(indices, rest)
    rng.shuffle(chosen)
    return chosen


def batches(widths: Sequence[int], order: Sequence[int], columns: int, rng: random.Random) -> list[list[int]]:
    """Groups of at least two indices whose lines have about the same width and together, padded, at most `columns`."""
    groups: list[list[int]] = []
    for start in range(0, len(order), SORTED_TOGETHER):
        stretch = sorted(order[start : start + SORTED_TOGETHER], key=lambda index: widths[index])
        groups += list(_filled(widths, stretch, columns))
    groups = [group for group in groups if len(group) > 1]
    rng.shuffle(groups)
    return groups


def _filled(widths: Sequence[int], indices: Sequence[int], columns: int) -> Iterator[list[int]]:
    group: list[int] = []
    for index in indices:
        if group and widths[index] * (len(group) + 1) > columns:
            yield group
            group = []
        group.append(index)
    if group:
        yield group
