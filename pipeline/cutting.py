"""Line Parquet that is cut out of scans: its columns, and what it says of itself, so that it is made once."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import cv2
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.pairing import Tally, told
from recognizer.samples import SCHEMA
from segmentation.layout import Gray

INPUTS: Final = "inkbeam.inputs"
LEFT_OUT: Final = "inkbeam.left_out"
# To be raised with every change of what is cut from the same files: files made before are then made anew.
VERSION: Final = 1
NO_TEXT: Final = "line without text"


@dataclass(frozen=True)
class Cut:
    """Line Parquet made by `write`: its lines, and what was left out: reason -> names of files, pages or lines."""

    path: Path
    lines: int
    left_out: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """What a file says of itself; None when it is missing, unreadable or not made by `write`."""
        stated = _stated(path)
        if stated is None or LEFT_OUT not in stated:
            return None
        left_out = {reason: tuple(names) for reason, names in json.loads(stated[LEFT_OUT]).items()}
        return cls(path, pq.read_metadata(path).num_rows, left_out)

    @classmethod
    def made_from(cls, inputs: str, path: Path) -> Self | None:
        """A file that was made from these very inputs; None when there is none."""
        return cls.load(path) if (_stated(path) or {}).get(INPUTS) == inputs else None

    def table(self) -> str:
        """One line for what there is and one for every reason, with the first three names."""
        return "\n".join([f"{self.path}: {self.lines} lines", *told(self.left_out)])


def write(target: Path, pages: Iterable[pa.Table], inputs: str, left_out: Tally) -> Cut:
    """Write tables of rows, a row group each; the file appears whole or not at all.

    `inputs` tells what it is made from; what is left out may grow while the tables are made. Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    lines = 0
    try:
        with pq.ParquetWriter(new, SCHEMA) as writer:
            for page in pages:
                writer.write_table(page)
                lines += len(page)
            writer.add_key_value_metadata({INPUTS: inputs, LEFT_OUT: json.dumps(left_out.table())})
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
    return Cut(target, lines, left_out.table())


def row(
    name: str, image: Gray, *, dataset: str, page: str, line: int, text: str, language: str, split: str = ""
) -> dict[str, Any]:
    """A line: `image` uint8 [height, width], kept as PNG; `text` as transcribed, since the policy is the reader's."""
    return {
        "id": name,
        "dataset": dataset,
        "split": split,
        "script": "",
        "language": language,
        "page": page,
        "line": line,
        "text": text,
        "raw": text,
        "width": image.shape[1],
        "height": image.shape[0],
        "image": cv2.imencode(".png", image)[1].tobytes(),
    }


def _stated(path: Path) -> dict[str, str] | None:
    """A Parquet file's metadata; None when there is no such file or it is damaged."""
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException):
        return None
    return {key.decode(errors="replace"): value.decode(errors="replace") for key, value in metadata.items()}
