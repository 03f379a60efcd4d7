"""ALTO of any version 2 to 4, ours or another program's: the lines of a transcription, or a whole Page."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from lxml import etree

from pipeline.document import Alternative, Page, Polyline, Region, Word, polyline
from pipeline.formats.lines import Hand, Sheet, line_of, outline, rectangle
from pipeline.formats.safe_xml import (
    children,
    in_order,
    inherited,
    name,
    number,
    numbered,
    points,
    share,
    size,
)
from pipeline.formats.safe_xml import (
    parse as parse_xml,
)
from pipeline.transcription import BadTranscription, TranscribedLine, TranscribedPage

ROOT: Final = "alto"
SOFT_HYPHEN: Final = "\u00ad"
MADE_WITH: Final = re.compile("bundle (.*), revision (.*)", re.DOTALL)


def read(content: bytes) -> TranscribedPage:
    """The page of an ALTO file, in pixels as the file counts them.

    Lines come in the file's ReadingOrder, and otherwise as they stand there. Strings are joined by a space where the
    file has SP, and everywhere when the line has none. HYP is added without a space; as a soft hyphen, which nobody
    sees, it becomes the hyphen that stands on the paper. A BASELINE may be points or, as up to ALTO 3, one height over
    the whole line. A line without Shape has the box of its own or of its Strings. A line's region is the nearest
    ComposedBlock around it, or else its TextBlock. Raises BadTranscription when it is not ALTO, has not one page, or is
    measured in anything but pixels.
    """
    return _sheet(content).transcribed()


def parse(content: bytes) -> Page:
    """The page of an ALTO file with all that ALTO carries, and `read` finds; no line is left out.

    A line or page without a language, and what else is missing, is None, 0 or empty; a page is read, or blank when it
    has no line. Raises as `read` does.
    """
    sheet = _sheet(content)
    regions, paragraphs = numbered(map(_region, sheet.elements)), numbered(map(_block, sheet.elements))
    processing = {step.get("ID") or "": step for step in sheet.root.iterfind("{*}Description/{*}Processing")}
    lines = [
        line_of(
            line,
            list(_words(element)),
            None,
            regions[_region(element)],
            paragraphs[_block(element)],
            corrected=_hand(element, processing),
        )
        for element, line in sheet.completed()
    ]
    outlines = (outline([line for line in lines if line.region == place]) for place in regions.values())
    number_of_page = max(1, size(sheet.page.get("PHYSICAL_IMG_NR")))
    accuracy = number(sheet.page.get("ACCURACY"))
    bundle, revision = _made_with(sheet.root)
    return replace(
        sheet.parsed(number_of_page, lines, map(_told_region, regions, outlines)),
        language=sheet.page.get("LANG"),
        confidence=share(sheet.page.get("PC")),
        expected_cer=None if accuracy is None else share(str(1 - accuracy / 100)),
        bundle=bundle,
        revision=revision,
    )


def _sheet(content: bytes) -> Sheet:
    """Raises BadTranscription as `read` says."""
    root = parse_xml(content)
    pages = list(root.iter("{*}Page"))
    if name(root) != ROOT or len(pages) != 1:
        raise BadTranscription("unusable ALTO", f"has {len(pages)} pages of ALTO; export one file for every page")
    _expect_pixels(root)
    (page,) = pages
    elements = in_order(page.iter("{*}TextLine"), _order(root), "ID")
    told = [_line(line, place) for place, line in enumerate(elements)]
    width, height = size(page.get("WIDTH")), size(page.get("HEIGHT"))
    return Sheet(root, page, _text_of(root, "fileName"), width, height, elements, told)


def _expect_pixels(root: etree._Element) -> None:
    unit = _text_of(root, "MeasurementUnit") or "pixel"
    if unit != "pixel":
        raise BadTranscription(
            "unusable ALTO",
            f"measures in {unit}, which says nothing of pixels without the scan's resolution; "
            "export it with the MeasurementUnit pixel",
        )


def _made_with(root: etree._Element) -> tuple[str, str]:
    """Bundle and revision, '' where they are not told as we tell them."""
    found = MADE_WITH.fullmatch(_text_of(root, "processingStepSettings"))
    return (found[1], found[2]) if found else ("", "")


def _text_of(root: etree._Element, tag: str) -> str:
    return (root.findtext(f".//{{*}}{tag}") or "").strip()


def _order(root: etree._Element) -> Iterator[str]:
    """Ids of blocks or lines in reading order; of several orders the first counts."""
    for group in [order for orders in children(root, "ReadingOrder") for order in orders][:1]:
        for reference in group.iter("{*}ElementRef"):
            yield from (reference.get("REF") or "").split()


def _line(line: etree._Element, place: int) -> TranscribedLine:
    return TranscribedLine(
        id=line.get("ID") or f"line {place}",
        number=place,
        text=_text(line),
        baseline=_baseline(line),
        polygon=_polygon(line),
        region=_region(line).get("ID") or "",
        language=inherited(line, "LANG", "language"),
    )


def _hand(line: etree._Element, processing: Mapping[str, etree._Element]) -> Hand | None:
    """Who corrected a line, and with what, as far as the processing that it names tells."""
    if line.get("CS") not in ("true", "1"):
        return None
    named = (processing[step] for step in (line.get("PROCESSINGREFS") or "").split() if step in processing)
    step = next(named, line)
    return _text_of(step, "processingAgency"), _text_of(step, "softwareName")


def _region(line: etree._Element) -> etree._Element:
    return next(line.iterancestors("{*}ComposedBlock"), _block(line))


def _block(line: etree._Element) -> etree._Element:
    return next(line.iterancestors("{*}TextBlock", "{*}Page"))


def _told_region(element: etree._Element, around: Polyline) -> Region:
    return Region(element.get("TYPE") or "column", polyline(_outline(element) or around))


def _text(line: etree._Element) -> str:
    parts = children(line, "String", "SP", "HYP")
    gap = "" if any(name(part) == "SP" for part in parts) else " "
    return "".join(_pieces(parts, gap)).strip()


def _pieces(parts: Iterable[etree._Element], gap: str) -> Iterator[str]:
    for place, part in enumerate(parts):
        content = part.get("CONTENT") or ""
        if name(part) == "SP":
            yield " "
        elif name(part) == "HYP":
            yield _hyphen(part)
        else:
            yield gap + content if place and content else content


def _hyphen(part: etree._Element) -> str:
    content = part.get("CONTENT") or ""
    return "-" if content in ("", SOFT_HYPHEN) else content


def _words(line: etree._Element) -> Iterator[Word]:
    """A word for every String, with the hyphen that follows it."""
    word: Word | None = None
    for part in children(line, "String", "HYP"):
        if name(part) == "HYP":
            word = word and replace(word, text=word.text + _hyphen(part))
            continue
        if word:
            yield word
        word = _word(part)
    if word:
        yield word


def _word(string: etree._Element) -> Word:
    others = tuple(Alternative(other.text or "", 0.0) for other in children(string, "ALTERNATIVE"))
    confidence = share(string.get("WC")) or 0.0
    return Word(string.get("CONTENT") or "", confidence, polyline(_outline(string)), others or None)


def _baseline(line: etree._Element) -> Polyline:
    stated = line.get("BASELINE")
    height, box = number(stated), _boxes(line)
    if height is None:
        return points(stated)
    return ((box[0][0], height), (box[1][0], height)) if box else ()


def _polygon(line: etree._Element) -> Polyline:
    return _drawn(line) or _boxes(line)


def _outline(element: etree._Element) -> Polyline:
    """An element's own shape or box; () when there is none."""
    return _drawn(element) or _rectangle(_box(element))


def _drawn(element: etree._Element) -> Polyline:
    shapes = (polygon for shape in children(element, "Shape") for polygon in children(shape, "Polygon"))
    return next((points(shape.get("POINTS")) for shape in shapes), ())


def _boxes(line: etree._Element) -> Polyline:
    """The line's box, or else the one around its Strings' boxes; () when there is none."""
    return _rectangle(_box(line) or [corner for part in children(line, "String") for corner in _box(part)])


def _rectangle(corners: Sequence[tuple[float, float]]) -> Polyline:
    return rectangle(tuple(corners)) if corners else ()


def _box(element: etree._Element) -> list[tuple[float, float]]:
    """Left top and right bottom corner; [] unless the box is stated in full and not empty."""
    left, top, width, height = (number(element.get(key)) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    if left is None or top is None or not width or not height:
        return []
    return [(left, top), (left + width, top + height)]
