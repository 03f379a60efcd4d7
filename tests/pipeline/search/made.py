"""A dataset of two drawn pages and its index, for searches."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.commit import write_parquet
from pipeline.document import Document
from pipeline.storage import LocalStorage
from tests.pipeline.drawn import save_png
from tests.pipeline.index.in_memory import InMemory, row
from tests.pipeline.report.made import page

TEXTS = {
    "deed": ("the farm is sold", "to the farmer"),
    "letter": ("the price of flour", "in the popu-", "lation is high"),
}


def identifier(name: str) -> str:
    return f"{name}-00000000"


def dataset(folder: Path) -> LocalStorage:
    """OUT with a deed and a letter, each of one page, whose scans lie beside it."""
    storage = LocalStorage(str(folder / "out"))
    for name, texts in TEXTS.items():
        pages = (page(str(save_png(folder / f"{name}.png")), 1, 0.5 if name == "deed" else 0.125, *texts),)
        write_parquet(storage, Document(identifier(name), "default", pages), (), {})
    return storage


def index() -> InMemory:
    """What an index of the dataset holds: sure words but `popu-lation`, and two other readings of `flour`."""
    return InMemory([word for name, texts in TEXTS.items() for word in _words(name, texts)])


def _words(name: str, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    position = 0
    for line, text in enumerate(texts, 1):
        for place, word in enumerate(text.split()):
            if word == "lation":
                continue
            usual = {"document": identifier(name), "doubtful": name == "deed", **box(line, place)}
            if word == "popu-":
                half = box(line + 1, 0)
                usual |= {"second_half": half, "probability": 0.75}
            yield row("population" if word == "popu-" else word, position, **usual)
            if word == "flour":
                yield row("floor", position, **usual | {"rank": 1, "probability": 0.0625})
                yield row("Flur", position, **usual | {"rank": 2, "probability": 0.03125, "language": "deu"})
            position += 1


def box(line: int, place: int) -> dict[str, Any]:
    """Line and box of a word as `tests.pipeline.report.made` places it."""
    left, foot = 60.0 + 80 * place, 20.0 + 80 * line
    return {"line": line, "left": left, "top": foot - 24, "right": left + 60, "bottom": foot + 6}
