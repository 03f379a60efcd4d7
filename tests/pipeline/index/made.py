"""Small documents for the word index, and an output that holds them."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.commit import write_parquet
from pipeline.document import Alternative, Document, Line, Word
from pipeline.index.gather import with_page_facts
from pipeline.index.rows import word_rows
from pipeline.storage import LocalStorage
from pipeline.store import lines_parquet, pages_parquet
from tests.pipeline.report.made import page

Text = str | tuple[str, float, tuple[tuple[str, float], ...]]
"""A word, or a word with its confidence and other readings."""


def word(text: Text, left: float, top: float) -> Word:
    """A word 40 pixels wide and 20 high."""
    read, confidence, others = (text, 0.875, ()) if isinstance(text, str) else text
    corners = ((left, top), (left + 40, top), (left + 40, top + 20), (left, top + 20))
    return Word(read, confidence, corners, tuple(Alternative(*other) for other in others) or None)


def line(texts: Sequence[Text], number: int, paragraph: int = 0) -> Line:
    """A line of words, 50 pixels from each other, 30 pixels below the line before."""
    words = tuple(word(text, 10 + 50 * place, 30 * number) for place, text in enumerate(texts))
    foot = 30.0 * number + 20
    outline = ((10.0, foot - 20), (500.0, foot - 20), (500.0, foot), (10.0, foot))
    return Line(
        " ".join(word.text for word in words), 0.875, ((10.0, foot), (500.0, foot)), outline, words, 0, paragraph, "eng"
    )


def document(name: str, *pages: Sequence[Sequence[Text]], doubtful: bool = False) -> Document:
    """Pages of lines of words."""
    made = (
        replace(
            page(f"{name}.png", number, 0.5 if doubtful else 0.0),
            lines=tuple(line(texts, place) for place, texts in enumerate(lines)),
        )
        for number, lines in enumerate(pages, 1)
    )
    return Document(f"{name}-00000000", "default", tuple(made))


def one_page(name: str, *lines: str) -> Document:
    """A page of plain lines."""
    return document(name, [line.split() for line in lines])


def output(folder: Path, *documents: Document) -> LocalStorage:
    """An output that holds the tables of these documents, without an index."""
    storage = LocalStorage(str(folder))
    for each in documents:
        write_parquet(storage, each, (), {})
    return storage


def document_rows(made: Document) -> pa.Table:
    """Its rows in the word index."""
    lines, pages = (pq.read_table(io.BytesIO(content)) for content in (lines_parquet(made), pages_parquet(made)))
    return word_rows(with_page_facts(lines, pages, made.collection))
