"""The command `train-lines`: pages with true lines -> a bundle with a line finder that learned from them."""

import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from pipeline.bundles import load_bundle
from pipeline.failures import UsageError
from pipeline.files import display
from pipeline.finder import measure
from pipeline.pairing import Tally, told
from pipeline.truth import TruePage, true_pages
from recognizer.arithmetic import best, processor
from recognizer.bundle import LINES, save_with
from recognizer.errors import TrainingError
from recognizer.train import checkpoint
from segmentation.train.export import to_onnx
from segmentation.train.loop import Progress, Recipe, Trainer
from segmentation.train.pages import TrainingPage, load_pages, training_page

FILE: Final = "lines.onnx"


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    data: tuple[Path, ...]
    output: Path
    start: str
    minutes: float
    seed: int
    without: tuple[str, ...]


def train_lines(options: Options) -> str:
    """Train, and write a bundle that is `start` with another line finder; goes on where a killed call stopped.

    Raises UsageError.
    """
    left_out = Tally()
    bundle = load_bundle(options.start)
    pages = [*_from_parquet(options.data, options.without), *_from_scans(options.data, options.without, left_out)]
    if not pages:
        names = ", ".join(display(str(path)) for path in options.data)
        needed = f"{names}: no page with lines; give layout Parquet or folders of scans with PAGE XML or ALTO"
        raise UsageError("\n".join([needed, *told(left_out.table())]))
    recipe = Recipe(options.minutes, bf16=best() == "bf16", seed=options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    with _Bar(recipe) as bar:
        trainer = Trainer(recipe, pages, _Checkpoints(options.output), bar.follow)
        content = _trained(trainer)
    facts = _facts(options, recipe, pages, trainer.progress)
    made = measure(save_with(options.output, bundle, LINES, FILE, content, facts), pages)
    checkpoint.remove(options.output)
    return "\n".join(
        [f"{made.folder}: bundle {made.id}, lines learned from {len(pages)} pages", *told(left_out.table())]
    )


def _trained(trainer: Trainer) -> bytes:
    try:
        return to_onnx(trainer.run())
    except TrainingError as error:
        raise UsageError(str(error)) from error


def _from_parquet(data: Sequence[Path], without: Sequence[str]) -> list[TrainingPage]:
    files = [
        file for path in data for file in ([path] if path.suffix == ".parquet" else sorted(path.glob("*.parquet")))
    ]
    return load_pages(files, without)


def _from_scans(data: Sequence[Path], without: Sequence[str], left_out: Tally) -> Iterator[TrainingPage]:
    folders = [path for path in data if path.is_dir() and not any(path.glob("*.parquet"))]
    for page in true_pages(folders, left_out) if folders else ():
        if page.facts.dataset not in without and (made := _training_page(page)):
            yield made


def _training_page(page: TruePage) -> TrainingPage | None:
    shapes = [(line.baseline, line.polygon) for line in page.lines]
    return training_page(page.facts.name, page.facts.dataset, page.gray, shapes)


def _facts(options: Options, recipe: Recipe, pages: Sequence[TrainingPage], progress: Progress) -> dict[str, Any]:
    datasets = sorted({page.dataset for page in pages})
    return {
        "command": shlex.join(["inkbeam", *sys.argv[1:]]),
        "pages": {name: sum(page.dataset == name for page in pages) for name in datasets},
        "without": list(options.without),
        "recipe": asdict(recipe),
        "steps": progress.step,
        "machine": processor()[0],
    }


@dataclass(frozen=True)
class _Checkpoints:
    """The checkpoint in a folder."""

    folder: Path

    def read(self, identity: dict[str, Any]) -> dict[str, Any] | None:
        return checkpoint.read(self.folder, identity)

    def write(self, identity: dict[str, Any], state: dict[str, Any]) -> None:
        checkpoint.write(self.folder, identity, state)


class _Bar:
    """Tells how the training goes."""

    def __init__(self, recipe: Recipe) -> None:
        self._bar = tqdm(total=100, unit="%", disable=None, bar_format="{l_bar}{bar}| {postfix}")
        self._recipe = recipe
        self._told = time.monotonic()

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def follow(self, progress: Progress) -> None:
        """Once a second."""
        if time.monotonic() - self._told > 1:
            self._told = time.monotonic()
            self._bar.n = min(100.0, 100 * progress.seconds / (60 * self._recipe.minutes))
            self._bar.set_postfix_str(f"step {progress.step}, loss {progress.loss:.3f}")
