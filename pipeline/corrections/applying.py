"""Corrected text in the place of what was read, on the lines of pages."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from pipeline.corrections.correction import Correction
from pipeline.corrections.matching import match
from pipeline.corrections.rewording import reworded
from pipeline.document import Document, Line, Page, Status, float32, mean_confidence


def corrected(document: Document, corrections: Sequence[Correction]) -> Document:
    """The document with what people said of its lines, which is certain: confidence 1, no other readings.

    An unreadable line stays as it was read. `expected_cer` and `confidence` of a page take corrected lines for right; a
    doubtful page is read when a person saw all its lines. How far another engine agrees is told of the reading.
    """
    if not corrections:
        return document
    return replace(document, pages=tuple(_page(page, corrections) for page in document.pages))


def _page(page: Page, corrections: Sequence[Correction]) -> Page:
    known = {
        place: correction
        for place, correction in match(page, corrections).by_line.items()
        if correction.verdict != "unreadable"
    }
    if not known:
        return page
    lines = tuple(_line(line, known[place]) if place in known else line for place, line in enumerate(page.lines))
    return replace(
        page,
        lines=lines,
        status=_status(page, len(known)),
        confidence=mean_confidence(lines),
        expected_cer=_expected(page, known.keys()),
    )


def _line(line: Line, correction: Correction) -> Line:
    return replace(
        line,
        text=correction.text,
        confidence=1.0,
        words=reworded(line, correction.text),
        corrected_by=correction.who,
        corrected_with=correction.tool,
    )


def _status(page: Page, known: int) -> Status:
    return "read" if page.status == "doubtful" and known == len(page.lines) else page.status


def _expected(page: Page, known: Collection[int]) -> float | None:
    """The expected CER without the share of the corrected lines, as their words' confidences deal it out to lines."""
    if page.expected_cer is None:
        return None
    doubts = [doubt(line) for line in page.lines]
    rest = sum(each for place, each in enumerate(doubts) if place not in known)
    return float32(page.expected_cer * rest / sum(doubts)) if rest else 0.0


def doubt(line: Line) -> float:
    """How many characters of a line must be expected to be wrong, by the confidences of its words."""
    if not line.words:
        return (1 - line.confidence) * len(line.text)
    return sum((1 - word.confidence) * len(word.text) for word in line.words)
