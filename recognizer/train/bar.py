"""How a training goes, for those who watch: a bar on a terminal, a line a judging elsewhere; and its history."""

import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tqdm import tqdm

from recognizer.train import history
from recognizer.train.history import Record
from recognizer.train.loop import Trainer

WHOLE = 1000


class Bar:
    """A context in which `follow` shows and keeps the records of a training."""

    def __init__(self, trainer: Trainer, folder: Path) -> None:
        self.trainer, self.folder = trainer, folder
        self.cer = "?"
        self.first = (trainer.progress.lines, trainer.progress.seconds)
        self.tqdm = tqdm(
            total=WHOLE,
            desc="training",
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tqdm.close()

    def follow(self, record: Record) -> None:
        """Show and keep a record."""
        history.append(self.folder, record)
        if record.cer is not None:
            self.cer = f"{record.cer:.2%}"
        lines, seconds = record.lines - self.first[0], record.seconds - self.first[1]
        shown = f"loss {record.loss:.3f}, val CER {self.cer}, {lines / max(seconds, 1e-9):.0f} lines/s"
        self.tqdm.set_postfix_str(shown, refresh=False)
        done = min(1.0, self.trainer.progress.done(self.trainer.recipe))
        self.tqdm.update(round(WHOLE * done) - self.tqdm.n)
        if self.tqdm.disable and record.cer is not None:
            print(f"{done:4.0%} {record.seconds / 60:.0f} min: {shown}", file=sys.stderr, flush=True)
