"""Lines with truth, from Parquet: decoded once and kept in memory, what is wrong with the others counted and named."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recognizer.errors import TrainingError
from recognizer.lines import Crop, to_height
from recognizer.policy import FOLDED, TextPolicy

Row = Mapping[str, Any]
"""A line as it stands in Parquet, by the names of NEEDED and WELCOME."""

UNREAD: Final = ("id", "image")
NEEDED: Final = (*UNREAD, "text")
WELCOME: Final = ("raw", "dataset", "script", "language", "page", "split")
SPLITS: Final = ("train", "val", "test")
DRAWN: Final = "drawn-"
"""What the data sets of drawn lines begin with; then, of lines in the letters of real hands, the hands' data set."""
SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "dataset", "split", "script", "language", "page")),
        ("line", pa.int32()),
        ("text", pa.string()),
        ("raw", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("image", pa.binary()),
    ]
)
"""Line Parquet as we write it; to read it, `NEEDED` is enough."""
ROWS_AT_ONCE: Final = 512
UNREADABLE: Final = "unreadable image"


@dataclass(frozen=True)
class Sample:
    """A line with truth: `image` uint8 [height, width], `text` under the policy, `raw` as transcribed."""

    id: str
    image: Crop
    text: str
    raw: str
    dataset: str
    script: str
    language: str
    page: str
    split: str


@dataclass(frozen=True)
class LineData:
    """Samples, and why others were left out: reason -> ids."""

    samples: tuple[Sample, ...]
    skipped: Mapping[str, tuple[str, ...]]

    def counts(self) -> dict[str, Any]:
        """Figures for the log: lines kept, and for every reason how many were left out and the first three of them."""
        left_out = {reason: {"lines": len(ids), "first": list(ids[:3])} for reason, ids in self.skipped.items()}
        return {"lines": len(self.samples), "left_out": left_out}

    def joined(self, other: "LineData") -> "LineData":
        """These lines, and the other ones after them."""
        reasons = dict.fromkeys([*self.skipped, *other.skipped])
        skipped = {why: (*self.skipped.get(why, ()), *other.skipped.get(why, ())) for why in reasons}
        return LineData(self.samples + other.samples, skipped)

    def without(self, reason: Callable[[Sample], str | None]) -> "LineData":
        """The data without the samples for which there is a reason to leave them out."""
        kept: list[Sample] = []
        skipped = defaultdict(list, {why: list(ids) for why, ids in self.skipped.items()})
        for sample in self.samples:
            if why := reason(sample):
                skipped[why].append(sample.id)
            else:
                kept.append(sample)
        return LineData(tuple(kept), _frozen(skipped))


def find_parquet(sources: Sequence[Path]) -> list[Path]:
    """The Parquet files among the sources and in the folders among them, sorted within each.

    Raises TrainingError when a source does not exist or has none.
    """
    files: list[Path] = []
    for source in sources:
        if not source.exists():
            raise TrainingError(f"{source}: no such file or folder; name line Parquet or folders that have some")
        found = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
        if not found:
            raise TrainingError(f"{source}: no Parquet file in it; name line Parquet or folders that have some")
        files += found
    return files


def rows(file: Path, needed: Sequence[str] = NEEDED) -> Iterator[dict[str, Any]]:
    """The lines of a file as they stand there, with all names of NEEDED and WELCOME; None for what is not told.

    Raises TrainingError when it lacks a column that is needed, or is no Parquet.
    """
    try:
        parquet = pq.ParquetFile(file)
        names = parquet.schema_arrow.names
        if missing := [name for name in needed if name not in names]:
            raise TrainingError(f"{file}: no column {', '.join(missing)}; lines need {', '.join(needed)}")
        absent = dict.fromkeys(name for name in (*NEEDED, *WELCOME) if name not in names)
        if "split" in absent:
            absent["split"] = next((split for split in SPLITS if file.name.startswith(split)), SPLITS[0])
        columns = [name for name in (*NEEDED, *WELCOME) if name in names]
        for batch in parquet.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns):
            yield from ({**absent, **row} for row in batch.to_pylist())
    except (OSError, pa.ArrowException) as error:
        raise TrainingError(f"{file}: {error}; make or copy the file again") from error


def load_lines(
    files: Sequence[Path],
    height: int,
    splits: Collection[str] = SPLITS,
    policy: TextPolicy = FOLDED,
    limit: int | None = None,
) -> LineData:
    """The lines of these splits in the files, decoded and scaled to the height; `limit` of each split at most.

    A file without the column `split` counts as of the split that its name begins with, else as train. Lines without a
    readable image, without text or of an unknown split are left out. Raises TrainingError when a file is no such
    Parquet.
    """
    samples: list[Sample] = []
    skipped: dict[str, list[str]] = defaultdict(list)
    taken: Counter[str] = Counter()
    for file in files:
        for row in rows(file):
            if row["split"] not in SPLITS:
                skipped[f"unknown split {row['split']!r}"].append(row["id"])
            elif row["split"] in splits and (limit is None or taken[row["split"]] < limit):
                taken[row["split"]] += 1
                sample = _sample(row, height, policy)
                if isinstance(sample, Sample):
                    samples.append(sample)
                else:
                    skipped[sample].append(row["id"])
    return LineData(tuple(samples), _frozen(skipped))


def load_unread(file: Path, height: int) -> LineData:
    """The lines of a file, decoded and scaled to the height, without texts: these are not looked at.

    Lines without a readable image are left out. Raises TrainingError when the file is no such Parquet.
    """
    samples: list[Sample] = []
    skipped: dict[str, list[str]] = defaultdict(list)
    for row in rows(file, UNREAD):
        image = _decoded(row["image"])
        if image is None:
            skipped[UNREADABLE].append(row["id"])
        else:
            samples.append(_told(row, to_height(image, height), "", ""))
    return LineData(tuple(samples), _frozen(skipped))


def write_rows(target: Path, lines: Iterable[Row]) -> None:
    """Write line Parquet, beside its place, and rename it. Raises TrainingError."""
    new = target.with_name(f"{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(new, SCHEMA) as writer:
            for some in _batched(lines, ROWS_AT_ONCE):
                writer.write_table(pa.Table.from_pylist(some, SCHEMA))
        new.replace(target)
    except OSError as error:
        raise TrainingError(f"{target}: {error.strerror}; give another --output") from error


def _sample(row: Row, height: int, policy: TextPolicy) -> Sample | str:
    """The line, or what is wrong with it."""
    image = _decoded(row["image"])
    if image is None:
        return UNREADABLE
    raw = row["raw"] if row["raw"] is not None else row["text"] or ""
    text = policy(raw)
    return _told(row, to_height(image, height), text, raw) if text else "empty text"


def _told(row: Row, image: Crop, text: str, raw: str) -> Sample:
    facts = {name: row[name] or "" for name in ("dataset", "script", "language", "page", "split")}
    return Sample(row["id"], image, text, raw, **facts)


def _batched(lines: Iterable[Row], count: int) -> Iterator[list[Row]]:
    """The lines, so many at a time."""
    rest = iter(lines)
    while some := list(islice(rest, count)):
        yield some


def _decoded(content: bytes | None) -> Crop | None:
    """Gray picture of an image file's bytes, None where they are no image."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
    return None if image is None else np.asarray(image, np.uint8)


def _frozen(skipped: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {reason: tuple(ids) for reason, ids in skipped.items()}
