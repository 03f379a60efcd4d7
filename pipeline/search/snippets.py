"""What stands around hits: the lines they are on, with their words marked, and the files they were read from."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corrections.reading import read_corrected
from pipeline.corrections.table import corrected_documents
from pipeline.document import Document, bounding_box
from pipeline.failures import NothingDone
from pipeline.search.hits import Box, Hit
from pipeline.storage import Storage
from pipeline.store import file_name, lines_table, read_table

Run = tuple[bool, str]  # words of a line, and whether they are the hit's
Warn = Callable[[str], None]
COLUMNS: Final = ["page", "line", "text", "words.list.element.text", "words.list.element.polygon"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit with its lines as runs of words, none where they cannot be read, and its source, "" likewise.

    `corrected`: a person said what stands on these lines.
    """

    hit: Hit
    source: str
    lines: tuple[tuple[Run, ...], ...]
    corrected: bool = False

    @property
    def snippet(self) -> str:
        """The lines as plain text, with line breaks between."""
        return "\n".join(" ".join(text for _, text in runs) for runs in self.lines)


def shown(storage: Storage, hits: Sequence[Hit], warn: Warn) -> list[Shown]:
    """The hits with their surroundings, in the same order. A file that is missing or damaged is warned of by name."""
    documents: dict[tuple[str, str], list[Hit]] = defaultdict(list)
    for hit in hits:
        documents[hit.collection, hit.document_id].append(hit)
    known = set(corrected_documents(storage)) if documents else set()
    made = {
        id(hit): each
        for document, of in documents.items()
        for hit, each in zip(of, _of_document(storage, document, of, warn, document in known), strict=True)
    }
    return [made[id(hit)] for hit in hits]


def readable(storage: Storage, name: str, columns: list[str] | None, warn: Warn) -> pa.Table | None:
    """A file of the dataset, or None where it is missing or damaged, which is warned of."""
    try:
        return read_table(storage, name, columns)
    except FileNotFoundError:
        warn(f"{name} is missing; index the dataset again, or make it with --redo ID")
    except NothingDone as error:
        warn(str(error))
    return None


def _of_document(
    storage: Storage, document: tuple[str, str], hits: Sequence[Hit], warn: Warn, corrected: bool
) -> list[Shown]:
    on_page = {"page": {hit.page for hit in hits}}
    on_line = on_page | {"line": {number for hit in hits for number in hit.lines}}
    pages = _rows(readable(storage, file_name("pages", *document), ["page", "source"], warn), on_page)
    known = _corrected(storage, document, warn) if corrected else None
    table = lines_table(known) if known else readable(storage, file_name("lines", *document), COLUMNS, warn)
    sources = {row["page"]: row["source"] for row in pages}
    by_place = {(row["page"], row["line"]): row for row in _rows(table, on_line)}
    said = _said(known) if known else set()
    return [
        Shown(
            hit,
            sources.get(hit.page, ""),
            _marked_lines(hit, by_place),
            said.issuperset((hit.page, line) for line in hit.lines),
        )
        for hit in hits
    ]


def _corrected(storage: Storage, document: tuple[str, str], warn: Warn) -> Document | None:
    """A document as people corrected it; None where that cannot be read, which is warned of."""
    try:
        return read_corrected(storage, *document)
    except (NothingDone, FileNotFoundError) as error:
        warn(str(error))
        return None


def _said(document: Document) -> set[tuple[int, int]]:
    """Page and number of the lines of which a person said what stands there."""
    numbered = ((page.number, place, line) for page in document.pages for place, line in enumerate(page.lines, 1))
    return {(page, place) for page, place, line in numbered if line.corrected_by is not None}


def _rows(table: pa.Table | None, wanted: Mapping[str, Iterable[int]]) -> list[dict[str, Any]]:
    """The rows of a table that have one of the wanted numbers in each of these columns."""
    if table is None:
        return []
    for column, numbers in wanted.items():
        table = table.filter(pc.is_in(table[column], pa.array(sorted(numbers), pa.int32())))
    return list(table.to_pylist())


def _marked_lines(hit: Hit, lines: Mapping[tuple[int, int], Mapping[str, Any]]) -> tuple[tuple[Run, ...], ...]:
    known = ((number, lines.get((hit.page, number))) for number in hit.lines)
    return tuple(_marked(line, [p.box for p in hit.pieces if p.line == number]) for number, line in known if line)


def _marked(line: Mapping[str, Any], boxes: Sequence[Box]) -> tuple[Run, ...]:
    """The words of a line, those marked that a box lies on; where it has no words its text."""
    words = [(_lies_on(word["polygon"], boxes), word["text"]) for word in line["words"]] or [(False, line["text"])]
    return tuple(
        (marked, " ".join(text for _, text in run)) for marked, run in groupby(words, key=lambda word: word[0])
    )


def _lies_on(polygon: Sequence[Mapping[str, float]], boxes: Sequence[Box]) -> bool:
    """Whether the middle of a box is within a word's; a token may have a part of its word's box only."""
    left, _, right, _ = bounding_box(tuple((point["x"], point["y"]) for point in polygon))
    return any(left <= (box[0] + box[2]) / 2 <= right for box in boxes)
