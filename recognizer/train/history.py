"""How a training went, record by record: JSON lines beside the checkpoint, so that a kill loses one record at most."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

NAME: Final = "history.jsonl"


@dataclass(frozen=True)
class Record:
    """Where the training stood: after how many steps, seconds of training and lines seen.

    `rate` is the learning rate, `loss` the running mean on the lines trained on; `cer` and `wer` are fractions on the
    val split, None where nothing was judged.
    """

    step: int
    seconds: float
    lines: int
    rate: float
    loss: float
    cer: float | None = None
    wer: float | None = None


def append(folder: Path, record: Record) -> None:
    """Add a record to the folder's history."""
    with (folder / NAME).open("a", encoding="ascii") as file:
        file.write(json.dumps(asdict(record)) + "\n")


def read(folder: Path) -> list[Record]:
    """The folder's records in the order of writing, none where there is no history.

    What is no record is passed over: a killed training leaves a torn line behind.
    """
    path = folder / NAME
    if not path.exists():
        return []
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    return [record for line in lines if (record := _record(line))]


def rewind(folder: Path, step: int) -> list[Record]:
    """Forget the records after this step, torn lines too, and return the others; for going on from a checkpoint."""
    kept = [record for record in read(folder) if record.step <= step]
    new = folder / f"{NAME}.new"
    new.write_text("".join(json.dumps(asdict(record)) + "\n" for record in kept), encoding="ascii")
    new.replace(folder / NAME)
    return kept


def _record(line: str) -> Record | None:
    try:
        return Record(**json.loads(line))
    except (ValueError, TypeError):
        return None
