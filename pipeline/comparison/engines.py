"""The two engines behind one interface: a sheet in, a page with lines out, and what it took is counted.

Both get the pixels that Inkbeam renders, and one thread; rendering counts for neither.
"""

import resource
from dataclasses import dataclass, field, replace
from typing import Protocol

from pipeline.bundles import Tools
from pipeline.comparison.sheets import Sheet
from pipeline.document import Line, Page
from pipeline.reading import Cut, Seconds, assemble, cut_lines, failed_page, timed
from pipeline.settings import Settings
from pipeline.tesseract import Spent, Tesseract
from segmentation import segment


class Engine(Protocol):
    """What reads sheets, and counts what it spends."""

    @property
    def spent(self) -> Spent:
        """All that its reading took so far."""

    def read(self, sheet: Sheet) -> Page:
        """What it reads on a sheet."""


@dataclass(frozen=True)
class Ours:
    """Inkbeam with a bundle; `seconds` by stage as in a run."""

    tools: Tools
    bundle: str
    settings: Settings
    spent: Spent = field(default_factory=Spent)
    seconds: Seconds = field(default_factory=dict)

    def read(self, sheet: Sheet) -> Page:
        """Find the lines and cut them, where they are not given, and read."""
        with self.spent.counting(resource.RUSAGE_SELF):
            cut = sheet.given or self._cut(sheet)
            with timed(self.seconds, "recognise"):
                (read,) = self.tools.reader.read([[crop.image for crop in cut.crops]])
                return assemble(cut, read, self.tools.geometry, self.bundle, self.settings.read.doubtful)

    def _cut(self, sheet: Sheet) -> Cut:
        with timed(self.seconds, "segment"):
            layout = segment(sheet.rendered.gray, self.settings.segment, self.tools.finder)
        with timed(self.seconds, "crop"):
            return cut_lines(sheet.ref, sheet.rendered, layout, self.tools.geometry)


@dataclass(frozen=True)
class Theirs:
    """Tesseract with automatic layout analysis, one process a page; given crops as raw lines, one process a sheet."""

    tesseract: Tesseract

    @property
    def spent(self) -> Spent:
        """That of its processes."""
        return self.tesseract.spent

    def read(self, sheet: Sheet) -> Page:
        """Nothing where it does not manage."""
        lines = self._lines(sheet) if sheet.given else self.tesseract.page(sheet.rendered.gray) or ()
        height, width = sheet.rendered.gray.shape
        page = failed_page(sheet.ref.number, sheet.ref.source, sheet.ref.sha256, self.tesseract.name, "")
        return replace(page, width=width, height=height, status="read" if lines else "blank", lines=lines)

    def _lines(self, sheet: Sheet) -> tuple[Line, ...]:
        crops = sheet.given.crops if sheet.given else ()
        texts = self.tesseract.lines([crop.image for crop in crops])
        places = zip(sheet.truth or (), texts, strict=True)
        return tuple(replace(line, text=text, confidence=0.0) for line, text in places if text)
