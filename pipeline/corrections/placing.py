"""Which lines of a page the lines of a PAGE or ALTO file are.

A line is found by its geometry, or, where somebody drew it anew, by its id, if it still lies on that line.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipeline.corrections.matching import Shape, assigned, resized
from pipeline.corrections.sheets import Sheet
from pipeline.document import Page, Polyline, bounding_box
from pipeline.formats import alto
from pipeline.formats import page as page_xml
from pipeline.pairing import READERS
from pipeline.transcription import TranscribedLine

RENDERERS: Final = MappingProxyType({page_xml.ROOT: page_xml.render_lines, alto.ROOT: alto.render_lines})
OVERLAP: Final = 0.5
"""Share of the smaller of two boxes that lies in the other, at least, where lines are the same by their ids."""


def placed(sheet: Sheet, page: Page) -> Mapping[int, TranscribedLine] | None:
    """The lines of a page, by their places from 0, that a file tells of; None where its page has another form."""
    size = sheet.page.width, sheet.page.height
    shapes = [resized(Shape(line.baseline, line.polygon), size, page) for line in sheet.page.lines]
    if None in shapes:
        return None
    lines = [Shape(line.baseline, line.polygon) for line in page.lines]
    found = {place: number for number, place in assigned(shapes, lines).items()}
    ids = _ids(sheet.root, page)
    for number, (told, shape) in enumerate(zip(sheet.page.lines, shapes, strict=True)):
        place = ids.get(told.id, -1)
        free = place >= 0 and place not in found and number not in found.values()
        if shape and free and _overlap(shape.polygon, lines[place].polygon) >= OVERLAP:
            found[place] = number
    return {place: sheet.page.lines[number] for place, number in found.items()}


def _ids(root: str, page: Page) -> Mapping[str, int]:
    """The ids that a package gives to the lines of a page, with their places."""
    return {line.id: line.number for line in READERS[root](RENDERERS[root]("", page)).lines}


def _overlap(some: Polyline, other: Polyline) -> float:
    """The share of the smaller of two outlines' boxes that lies in the other."""
    boxes = [bounding_box(some), bounding_box(other)]
    left, top = (max(box[side] for box in boxes) for side in (0, 1))
    right, bottom = (min(box[side] for box in boxes) for side in (2, 3))
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in boxes)
    return max(0.0, right - left) * max(0.0, bottom - top) / smaller if smaller else 0.0
