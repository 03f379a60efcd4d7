"""From the letters of a digital PDF to a page: nothing is recognised, so that nothing is doubted."""

import numpy as np

from pipeline.document import Line, Page, Polyline, Region, Word, polyline
from pipeline.rendered import Box, DigitalLine, DigitalText
from pipeline.tasks import PageRef
from segmentation import Line as FoundLine
from segmentation.given import given


def digital_page(ref: PageRef, text: DigitalText, bundle: str) -> Page:
    """The page, its lines in the order of the file, in regions and paragraphs found by their places.

    Words have the confidence 1; how many characters to expect wrong is not known, nor the language.
    """
    layout = given([_shape(line) for line in text.lines])
    lines = tuple(_line(line, place) for line, place in zip(text.lines, layout.lines, strict=True))
    return Page(
        number=ref.number,
        source=ref.source,
        source_sha256=ref.sha256,
        width=text.width,
        height=text.height,
        dpi=text.dpi,
        rotation=text.rotation,
        skew_degrees=float(np.float32(layout.skew_degrees)),
        status="read",
        lines=lines,
        regions=tuple(Region(region.kind, polyline(region.polygon)) for region in layout.regions),
        bundle=bundle,
        revision=ref.revision,
        confidence=1.0,
        origin="pdf",
    )


def _shape(line: DigitalLine) -> FoundLine:
    return FoundLine(np.array(line.baseline, np.float32), np.array(_corners(_around(line)), np.float32))


def _line(line: DigitalLine, place: FoundLine) -> Line:
    words = tuple(Word(word.text, 1.0, _corners(word.ink)) for word in line.words)
    return Line(
        text=" ".join(word.text for word in words),
        confidence=1.0,
        baseline=polyline(line.baseline),
        polygon=_corners(_around(line)),
        words=words,
        region=place.region,
        paragraph=place.paragraph,
        row=place.row,
        column=place.column,
    )


def _around(line: DigitalLine) -> Box:
    """The box of the ink of all words."""
    lefts, tops, rights, bottoms = zip(*(word.ink for word in line.words), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _corners(box: Box) -> Polyline:
    left, top, right, bottom = box
    return polyline([(left, top), (right, top), (right, bottom), (left, bottom)])
