"""Training lines from Parquet, decoded once and kept in memory; batches of lines of about the same width."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recognizer.alphabet import Alphabet, fold
from recognizer.errors import TrainingError
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
    skipped: Mapping[str, tuple[str, ...]]

    def counts(self) -> dict[str, Any]:
        """Figures for the log: lines kept, and for every reason how many were left out and the first three of them."""
        left_out = {reason: {"lines": len(ids), "first": ids[:3]} for reason, ids in self.skipped.items()}
        return {"lines": len(self.samples), "left_out": left_out}


def find_parquet(sources: Sequence[Path], split: str) -> list[Path]:
    """Parquet files of a split: SPLIT*.parquet in the folders, and files named themselves if they are called so.

    Raises TrainingError when a source does not exist or there is no file.
    """
    missing = [str(source) for source in sources if not source.exists()]
    if missing:
        raise TrainingError(f"{', '.join(missing)}: no such file or folder; name folders with {split}*.parquet")
    pattern = f"{split}*.parquet"
    files = [file for source in sources for file in (sorted(source.glob(pattern)) if source.is_dir() else [source])]
    files = [file for file in files if file.match(pattern)]
    if not files:
        raise TrainingError(f"no {pattern} in {', '.join(map(str, sources))}; name folders that have some")
    return files


def load_lines(files: Sequence[Path], height: int, limit: int | None = None) -> LineData:
    """The lines of the Parquet files, `limit` of them at most, decoded and scaled to the network's height.

    Lines without a readable image or without text are left out. Raises TrainingError when a file is no such Parquet.
    """
    samples: list[Sample] = []
    skipped: dict[str, list[str]] = defaultdict(list)
    for row in islice(_rows(files), limit):
        image = _decoded(row["image"])
        text = fold(row["text"] or "")
        if image is None:
            skipped["unreadable image"].append(row["id"])
        elif not text:
            skipped["empty text"].append(row["id"])
        else:
            crop = to_height(image, height)
            samples.append(Sample(row["id"], crop, text, row["dataset"], row["script"], row["language"]))
    return LineData(tuple(samples), _frozen(skipped))


def _rows(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        try:
            for batch in pq.ParquetFile(file).iter_batches(batch_size=512, columns=COLUMNS):
                if missing := set(COLUMNS) - set(batch.schema.names):
                    raise TrainingError(f"{file}: no column {', '.join(sorted(missing))}; lines need all of {COLUMNS}")
                yield from batch.to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise TrainingError(f"{file}: {error}; make or copy the file again") from error


def _decoded(content: bytes | None) -> Crop | None:
    """Gray picture of an image file's bytes, None where they are no image."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
    return None if image is None else np.asarray(image, np.uint8)


def _frozen(skipped: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {reason: tuple(ids) for reason, ids in skipped.items()}


def trainable(data: LineData, alphabet: Alphabet, stride: int) -> LineData:
    """Without lines that CTC cannot learn: no known character, or fewer frames than symbols and repeats."""
    kept: list[Sample] = []
    skipped = defaultdict(list, {reason: list(ids) for reason, ids in data.skipped.items()})
    for sample in data.samples:
        labels = alphabet.encode(sample.text)
        repeats = sum(a == b for a, b in pairwise(labels))
        if not labels:
            skipped["no known character"].append(sample.id)
        elif len(labels) + repeats > sample.image.shape[1] // stride:
            skipped["text too long for its width"].append(sample.id)
        else:
            kept.append(sample)
    return LineData(tuple(kept), _frozen(skipped))


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


def batches(
    widths: Sequence[int], order: Sequence[int], columns: int, least: int, rng: random.Random
) -> list[list[int]]:
    """Groups of at least so many indices whose lines have about one width and are together, padded, at most `columns`.

    What remains in groups that are too small is left out; the next epoch mixes it anew.
    """
    groups: list[list[int]] = []
    for start in range(0, len(order), SORTED_TOGETHER):
        stretch = sorted(order[start : start + SORTED_TOGETHER], key=lambda index: widths[index])
        groups += _filled(widths, stretch, columns)
    groups = [group for group in groups if len(group) >= least]
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
