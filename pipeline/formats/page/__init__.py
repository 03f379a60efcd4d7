"""PAGE: written as version 2019-07-15, and read from any version and program.

    PcGts > Metadata > MetadataItem > Labels > Label
          > Page > ReadingOrder > OrderedGroup > RegionRefIndexed
                 > TextRegion, TableRegion > TextRegion > Roles > TableCellRole
                              > TextLine > Coords, Baseline, Word > TextEquiv > Unicode, PlainText

Cells of tables are TextRegions with a TableCellRole, as the version has them; TableCells with row and col, as
Transkribus writes them, are read too. Page -> PAGE -> Page keeps the text, the order, words, paragraphs, rows and
columns, the resolution and other readings of words. Lost are: fractions of pixels, and what lies left of the page or
above it; rotation and skew; that a page is doubtful, and its expected errors; folder and hash of the source; whether
the text was a PDF's own, and on how much of it another engine agrees; languages that the schema does not name; kinds of
region that it does not know; which lines of a table were of which region. Lines without a language have that of the
page. Confidences have four decimals. A region, or paragraph, whose lines do not follow one another comes back as
several.
Source: https://github.com/PRImA-Research-Lab/PAGE-XML
"""

from pipeline.formats.page.names import LANGUAGES, NAMESPACE
from pipeline.formats.page.reading import ROOT, parse, read
from pipeline.formats.page.writing import render, render_lines

__all__ = ["LANGUAGES", "NAMESPACE", "ROOT", "parse", "read", "render", "render_lines"]
