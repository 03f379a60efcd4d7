"""All pages of a dataset in a few columns, and how their confidences and expected errors are spread."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
from tqdm import tqdm

from pipeline.storage import Storage
from pipeline.store import open_dataset, read_table

COLUMNS: Final = (
    *("collection", "document_id", "source", "page", "status", "language", "lines"),
    *("confidence", "expected_cer", "agreement"),
)
CONFIDENCES: Final = 20
WRONG: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 1.0)
LEAF: Final = "words.list.element.confidence"


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page as the table of the report shows it: the `place`-th, from 1, of the `of` pages of its source."""

    collection: str
    document_id: str
    source: str
    page: int
    status: str
    language: str | None
    lines: int
    confidence: float | None
    expected_cer: float | None
    agreement: float | None
    place: int
    of: int

    @property
    def title(self) -> str:
        """The name of its source, and its place there if there are others."""
        name = self.source.rpartition("/")[2]
        return name if self.of == 1 else f"{name}, page {self.place}"


def page_rows(root: str) -> list[PageRow]:
    """All pages by source and number. Raises NothingDone as `open_dataset` does."""
    table = open_dataset(root, "pages").to_table(columns=list(COLUMNS))
    rows = sorted(table.to_pylist(), key=lambda row: (row["collection"], row["document_id"], row["page"]))
    whole = Counter(map(_source, rows))
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for row in rows:
        seen[_source(row)] += 1
        found.append(PageRow(**row, place=seen[_source(row)], of=whole[_source(row)]))
    return found


def _source(row: dict[str, Any]) -> tuple[str, str]:
    return row["document_id"], row["source"]


def confidences(storage: Storage) -> npt.NDArray[np.int64]:
    """How many words have a confidence within each of CONFIDENCES equal parts of 0..1. Raises as `read_table` does."""
    counts = np.zeros(CONFIDENCES, np.int64)
    names = [entry.name for entry in storage.list("lines/") if entry.name.endswith(".parquet")]
    for name in tqdm(names, desc="words", unit="file", disable=None):
        column = read_table(storage, name, [LEAF]).column("words")
        values = pc.struct_field(pc.list_flatten(column), "confidence").to_numpy()
        counts += np.histogram(values, CONFIDENCES, (0, 1))[0]
    return counts


def confidence_labels() -> list[str]:
    """The upper ends of the parts, in percent."""
    return [f"{100 * (place + 1) // CONFIDENCES}" for place in range(CONFIDENCES)]


def wrong_pages(rates: Iterable[float | None]) -> list[int]:
    """How many pages have a CER, true or expected, within each part of WRONG; above 1 is in the last."""
    known = [min(rate, 1.0) for rate in rates if rate is not None]
    return [int(count) for count in np.histogram(known, WRONG)[0]]


def wrong_labels() -> list[str]:
    """The parts of WRONG in percent."""
    return list(_spans(WRONG))


def _spans(ends: Sequence[float]) -> Iterator[str]:
    for low, high in pairwise(ends):
        yield f"{100 * low:.0f}–{100 * high:.0f}" if high < 1 else f"over {100 * low:.0f}"
