"""ALTO: written as version 4.4, and read from any version 2 to 4 and program.

    alto > Description > MeasurementUnit, sourceImageInformation > fileName
         > ReadingOrder > OrderedGroup > ElementRef
         > Layout > Page > PrintSpace > ComposedBlock > TextBlock > TextLine > Shape > Polygon, String, SP, HYP

A ComposedBlock is a region, a TextBlock a paragraph, as Tesseract has them. Page -> ALTO -> Page keeps the text, all
shapes, the order, paragraphs, languages and other readings of words. Lost are: row and column; the resolution, rotation
and skew; that a page is doubtful; folder and hash of the source; whether the text was a PDF's own, and on how much of
it another engine agrees; the probability of other readings. Confidences have four decimals, and a line has the mean of
its words'; a line without words comes back with one where its text is one. Lines and words in no language of their own
have that of the page. A region, or paragraph, whose lines do not follow one another comes back as several.
Source: https://www.loc.gov/standards/alto/
"""

from pipeline.formats.alto.reading import ROOT, parse, read
from pipeline.formats.alto.writing import NAMESPACE, render, render_lines

__all__ = ["NAMESPACE", "ROOT", "parse", "read", "render", "render_lines"]
