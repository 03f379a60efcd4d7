"""What is known of a digitized document: frozen dataclasses, no input or output.

Every format, the index and the reports read and write these and know nothing else of a page.

Coordinates are float pixels of the page as a person sees it (after EXIF and PDF rotation, before deskew), x to the
right, y down. Coordinates are multiples of 1/8 pixel (`polyline` rounds them) and all other floats are representable in
32 bits, so that Document -> Parquet -> Document is the identity.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

import numpy as np

Point = tuple[float, float]
Polyline = tuple[Point, ...]
Status = Literal["read", "blank", "doubtful", "failed"]
DONE: Final[tuple[Status, ...]] = ("read", "doubtful", "blank")

STEPS_PER_PIXEL = 8


def polyline(points: Iterable[Iterable[float]]) -> Polyline:
    """Points [n, 2] in pixels -> immutable polyline, rounded to 1/8 pixel."""
    return tuple((_eighth(x), _eighth(y)) for x, y in points)


def _eighth(value: float) -> float:
    return round(float(value) * STEPS_PER_PIXEL) / STEPS_PER_PIXEL + 0.0


def bounding_box(points: Polyline) -> tuple[float, float, float, float]:
    """Left, top, right, bottom in pixels; raises ValueError when there is no point."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def area(polygon: Polyline) -> float:
    """Area in square pixels; 0 of less than three points."""
    if len(polygon) < 3:
        return 0.0
    x, y = np.array(polygon).T
    return float(abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2)


def length(line: Polyline) -> float:
    """Length in pixels of a line of at least one point."""
    return float(np.hypot(*np.diff(np.array(line), axis=0).T).sum())


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of a word, with its probability in 0..1."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters between spaces; `alternatives` is None where nobody looked for any."""

    text: str
    confidence: float
    polygon: Polyline
    alternatives: tuple[Alternative, ...] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One text line. `region` indexes `Page.regions`; `paragraph` counts from 0 within the page.

    `row` and `column` count from 0 within the page's table; None for lines that are in none. Of a line with a person's
    text, `corrected_by` is that person, '' if nobody is named, and `corrected_with` the program; None of one as read.
    """

    text: str
    confidence: float
    baseline: Polyline
    polygon: Polyline
    words: tuple[Word, ...]
    region: int
    paragraph: int
    language: str | None = None
    row: int | None = None
    column: int | None = None
    corrected_by: str | None = None
    corrected_with: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A block of lines that belong together; `kind` is 'column' until a later finder knows margins and headers."""

    kind: str
    polygon: Polyline


@dataclass(frozen=True, slots=True)
class Page:
    """One page image and what was read on it; lines stand in reading order.

    `number` counts from 1 within the document. `rotation` is the clockwise quarter turn in degrees (0, 90, 180, 270)
    that the file's metadata, or the page's lines, asked for and `width`, `height` are sizes after it. `skew_degrees` is
    the clockwise slope of the lines. A doubtful page was read, with more errors to expect than the settings allow. A
    failed page that was never rendered has width, height and dpi 0. `revision` and `bundle` say what made it.
    `agreement` is the share of the characters on which the engine that read beside us agrees. Of a page whose text was
    taken from the letters of a PDF, `origin` is pdf, all confidences are 1, and `language` and `expected_cer` are None.
    """

    number: int
    source: str
    source_sha256: str
    width: int
    height: int
    dpi: float
    rotation: int
    skew_degrees: float
    status: Status
    lines: tuple[Line, ...]
    regions: tuple[Region, ...]
    bundle: str
    revision: str
    language: str | None = None
    confidence: float | None = None
    expected_cer: float | None = None
    origin: Literal["read", "pdf"] = "read"
    agreement: float | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a catalogue says of a document, '' where it does not.

    `canvas` is the document's canvas or manifest (IIIF), `further` are other columns with what stands in them.
    """

    shelfmark: str = ""
    title: str = ""
    date: str = ""
    rights: str = ""
    canvas: str = ""
    further: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One source, or one folder of images, with all its pages in order of their numbers."""

    id: str
    collection: str
    pages: tuple[Page, ...] = field(default=())
    record: Record = Record()

    def with_pages(self, pages: Iterable[Page]) -> Self:
        """The document with these pages put in place of those of the same number, in order."""
        merged = {page.number: page for page in self.pages} | {page.number: page for page in pages}
        return replace(self, pages=tuple(merged[number] for number in sorted(merged)))


def mean_confidence(lines: Iterable[Line]) -> float | None:
    """Of a page, by letters; None where there are none."""
    known = list(lines)
    letters = sum(len(line.text) for line in known)
    return float32(sum(line.confidence * len(line.text) for line in known) / letters) if letters else None


def float32(value: float) -> float:
    """The nearest number that fits 32 bits."""
    return float(np.float32(value))
