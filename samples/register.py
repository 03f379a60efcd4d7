"""The register page: a printed form with ruled columns, filled in by hand."""

from dataclasses import replace
from typing import Final

from samples import files
from samples.drawing import draw, expose, foxing, paper, stain
from samples.fonts import Fonts
from samples.layout import Rule, Sheet, Style, TrueRegion, write
from samples.sheets import A4_ACROSS, BLUE_BLACK, CREAM, Sample, sheet, text, truths

PRINTED: Final = Style("old-standard-tt", 10, 1.1, align="center")
HAND: Final = Style("caveat", 15, 1.0, ink=BLUE_BLACK, wander=0.05, uneven=0.25)
# Left edges of the columns and the right edge of the last one, in millimetres.
EDGES: Final = (12.0, 27.0, 62.0, 120.0, 226.0, 285.0)
HEAD_TOP, ROWS_TOP, ROW, ROWS = 32.0, 45.0, 14.0, 11


def register_french(fonts: Fonts) -> Sample:
    """A notary's register: number, date, parties, deed and remarks of eleven entries, one region an entry."""
    page = sheet(fonts, A4_ACROSS, 150, 121)
    title, heads, *entries = text("register")
    write(page, "heading", title, page.box(20, 14, 257, 12), replace(PRINTED, size=17))
    _cells(page, "header", heads, HEAD_TOP + 2.5, PRINTED)
    for index, entry in enumerate(entries):
        _cells(page, "paragraph", entry, ROWS_TOP + index * ROW + 0.5, HAND)
    page.rules += _grid(page)
    scan = stain(draw(page, paper(page, CREAM, clouds=6)), (0.45, 0.9), 30, 34, page.rng)
    scan = expose(foxing(scan, 40, page.rng), 2, page.rng)
    return Sample("register-french.webp", files.webp(scan), truths("French", [scan]))


def _cells(page: Sheet, kind: str, row: str, top: float, style: Style) -> None:
    """Set the cells of a row, separated by bars, as one region whose lines go cell by cell."""
    before = len(page.regions)
    for cell, left, right in zip(row.split("|"), EDGES, EDGES[1:], strict=False):
        if cell:
            write(page, kind, cell, page.box(left + 1.5, top, right - left - 3, ROW), style)
    lines = tuple(line for region in page.regions[before:] for line in region.lines)
    page.regions[before:] = [TrueRegion(kind, lines)]


def _grid(page: Sheet) -> list[Rule]:
    """A frame and columns in firm lines, rows in thin ones."""
    left, right, bottom = page.mm(EDGES[0]), page.mm(EDGES[-1]), page.mm(ROWS_TOP + ROWS * ROW)
    heights = [page.mm(HEAD_TOP), *(page.mm(ROWS_TOP + i * ROW) for i in range(ROWS + 1))]
    firm = {0, 1, ROWS + 1}
    across = [Rule((left, y), (right, y), 2 if i in firm else 1) for i, y in enumerate(heights)]
    down = [Rule((page.mm(x), page.mm(HEAD_TOP)), (page.mm(x), bottom), 2) for x in EDGES]
    return across + down
