"""Between a Page and XML that tells lines one by one, as ALTO and PAGE do: what is written and read alike in both."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
from lxml import etree

from pipeline.document import Line, Page, Polyline, Region, Word, bounding_box, polyline
from pipeline.transcription import TranscribedLine, TranscribedPage, with_shapes

Cell = tuple[int, int]
Hand = tuple[str, str]  # who corrected a line, '' if nobody is named, and with what


@dataclass(frozen=True)
class Sheet:
    """A file with one page: its lines in reading order, as elements and as `read` tells them.

    `image` is the name of its image, '' where it states none; `width` and `height` are 0 where it states none.
    """

    root: etree._Element
    page: etree._Element
    image: str
    width: int
    height: int
    elements: Sequence[etree._Element]
    told: Sequence[TranscribedLine]

    def transcribed(self) -> TranscribedPage:
        """What a person may have transcribed: lines that can be cut out of the image."""
        return TranscribedPage.of(self.image, self.width, self.height, self.told)

    def completed(self) -> Iterator[tuple[etree._Element, TranscribedLine]]:
        """All lines, each with both its shapes."""
        return zip(self.elements, with_shapes(self.told, self.width, self.height), strict=True)

    def parsed(self, number: int, lines: Iterable[Line], regions: Iterable[Region]) -> Page:
        """A page of which no more is told than this: read, or blank when it has no line."""
        found = tuple(lines)
        return Page(
            number=number,
            source=self.image,
            source_sha256="",
            width=self.width,
            height=self.height,
            dpi=0.0,
            rotation=0,
            skew_degrees=0.0,
            status="read" if found else "blank",
            lines=found,
            regions=tuple(regions),
            bundle="",
            revision="",
        )


def cell(line: Line) -> Cell | None:
    """Row and column of a line in the page's table; None for a line that is in none."""
    return None if line.row is None or line.column is None else (line.row, line.column)


def hand(line: Line) -> Hand | None:
    """Who corrected a line, and with what; None for a line as it was read."""
    return None if line.corrected_by is None else (line.corrected_by, line.corrected_with or "")


def hands(lines: Iterable[Line]) -> Sequence[Hand]:
    """All who corrected some of the lines, each once, in the order of their first lines."""
    return list(dict.fromkeys(found for line in lines if (found := hand(line))))


def region_of(page: Page, lines: Sequence[Line]) -> Region:
    """The region of lines that follow one another: as large as they are where it has others too, or is unknown."""
    number = lines[0].region
    known = page.regions[number] if number < len(page.regions) else Region("column", ())
    whole = known.polygon and len(lines) == sum(line.region == number for line in page.lines)
    return known if whole else replace(known, polygon=outline(lines))


def outline(lines: Sequence[Line]) -> Polyline:
    """The box around lines."""
    return rectangle(tuple(corner for line in lines for corner in line.polygon))


def rectangle(points: Polyline) -> Polyline:
    """The box around points, clockwise from its left top corner."""
    left, top, right, bottom = bounding_box(points)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def line_of(
    told: TranscribedLine,
    words: Sequence[Word],
    confidence: float | None,
    region: int,
    paragraph: int,
    place: Cell | None = None,
    corrected: Hand | None = None,
) -> Line:
    """A line as a file tells it, which has both its shapes.

    Words are kept where all of them have a place and together they make the line's text: someone may have corrected the
    line alone. A line without a confidence has the mean of its words', or 0.
    """
    usable = all(word.polygon for word in words) and [word.text for word in words] == told.text.split()
    row, column = place or (None, None)
    who, tool = corrected or (None, None)
    mean = float(np.float32(fmean(word.confidence for word in words))) if words else 0.0
    return Line(
        text=told.text,
        confidence=mean if confidence is None else confidence,
        baseline=polyline(told.baseline),
        polygon=polyline(told.polygon),
        words=tuple(words) if usable else (),
        region=region,
        paragraph=paragraph,
        language=told.language or None,
        row=row,
        column=column,
        corrected_by=who,
        corrected_with=tool,
    )
