"""Pages of plain lines, and what people said of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.commit import write_parquet
from pipeline.corrections.correction import Correction, Verdict
from pipeline.document import Document, Line, Page, polyline
from pipeline.storage import LocalStorage
from tests.pipeline.index.made import one_page
from tests.pipeline.report.made import page as blank_page

ID = "letter-00000000"


def line(text: str, foot: float, left: float = 100.0, right: float = 900.0) -> Line:
    """A line 40 pixels high, without words."""
    corners = [(left, foot - 30), (right, foot - 30), (right, foot + 10), (left, foot + 10)]
    return Line(text, 0.5, polyline([(left, foot), (right, foot)]), polyline(corners), (), 0, 0)


def page(*lines: Line, number: int = 1) -> Page:
    return replace(blank_page("letter.png", number, 0.25), width=1000, height=2000, lines=lines)


def column(*texts: str, apart: float = 50.0) -> Page:
    """A page of lines below each other."""
    return page(*(line(text, 100 + apart * place) for place, text in enumerate(texts)))


def document(*pages: Page) -> Document:
    return Document(ID, "default", pages)


def say(
    made: Document, place: int, verdict: Verdict = "corrected", text: str = "", time: float = 1.0, who: str = ""
) -> Correction:
    """Of a line of the first page."""
    return Correction.of(made, made.pages[0], place, verdict, text, time=time, who=who)


def letter(folder: Path, *lines: str) -> tuple[LocalStorage, Document]:
    """An output with one document of one page, whose words are 40 pixels wide and 50 apart."""
    made = one_page("letter", *lines)
    storage = LocalStorage(str(folder))
    write_parquet(storage, made, (), {})
    return storage, made


def texts(made: Document) -> Sequence[str]:
    return [line.text for each in made.pages for line in each.lines]
