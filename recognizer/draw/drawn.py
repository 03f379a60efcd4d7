"""What is to be drawn, what came of it, and line Parquet of that."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recognizer.errors import RecognizerError
from recognizer.lines import Crop
from recognizer.policy import FOLDED, TextPolicy
from recognizer.samples import SCHEMA

QUALITY: Final = 75  # of WebP: scans have been compressed too, and noise as it is would take five times the room
TOGETHER: Final = 256


class CannotWrite(RecognizerError):
    """There is nothing to write, or no place for it."""


@dataclass(frozen=True)
class Task:
    """Line `number` to be drawn: its text, and those of the lines above and below it."""

    number: int
    text: str
    others: tuple[str, str] = ("", "")

    def rng(self, attempt: int = 0) -> np.random.Generator:
        """Chance that depends on nothing but the line and how often it was tried."""
        content = f"{self.number} {attempt} {self.text}".encode()
        return np.random.default_rng(list(hashlib.sha256(content).digest()))


@dataclass(frozen=True)
class Drawn:
    """A line that was drawn, uint8 [80, width], and by what: a data set, and a font or page of it."""

    image: Crop
    dataset: str
    page: str


class Writer(Protocol):
    """A way to draw lines."""

    @property
    def policy(self) -> TextPolicy:
        """What becomes of texts before they are drawn."""

    def lacking(self, text: str) -> frozenset[str]:
        """Characters that cannot be drawn."""

    def draw(self, tasks: Sequence[Task]) -> Iterable[Drawn | None]:
        """The lines, all of whose characters can be drawn, in order; None where one could not be drawn well."""

    def told(self) -> str:
        """What lines are drawn with, in a few words."""


def row(task: Task, drawn: Drawn, language: str) -> dict[str, Any]:
    """A row of line Parquet. `raw` is the text as it was drawn, `text` under the policy `folded`."""
    height, width = drawn.image.shape
    return {
        "id": f"{drawn.dataset}#{task.number}",
        "dataset": drawn.dataset,
        "split": "train",
        "script": "hand",
        "language": language,
        "page": drawn.page,
        "line": task.number,
        "text": FOLDED(task.text),
        "raw": task.text,
        "width": width,
        "height": height,
        "image": cv2.imencode(".webp", drawn.image, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1].tobytes(),
    }


def save(rows: Iterable[dict[str, Any]], path: Path) -> int:
    """Write line Parquet, whole or not at all; the number of lines. Raises CannotWrite, also when there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _replace(rows, path)
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror}; name another file") from error


def _replace(rows: Iterable[dict[str, Any]], path: Path) -> int:
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        if count := _write(rows, new):
            new.replace(path)
        return count
    finally:
        new.unlink(missing_ok=True)


def _write(rows: Iterable[dict[str, Any]], path: Path) -> int:
    count, some = 0, []
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for each in rows:
            some.append(each)
            if len(some) == TOGETHER:
                writer.write_table(pa.Table.from_pylist(some, SCHEMA))
                count, some = count + len(some), []
        if some:
            writer.write_table(pa.Table.from_pylist(some, SCHEMA))
    return count + len(some)
