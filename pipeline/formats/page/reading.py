"""PAGE of any version, ours or another program's: the lines of a transcription, or a whole Page."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from lxml import etree

from pipeline.document import Alternative, Page, Polyline, Region, Word, polyline
from pipeline.formats.lines import Cell, Hand, Sheet, line_of, outline
from pipeline.formats.page.names import BY, LANGUAGES, PARAGRAPH, TABLE, TYPES, WITH
from pipeline.formats.safe_xml import children, in_order, inherited, name, number, numbered, points, share, size
from pipeline.formats.safe_xml import parse as parse_xml
from pipeline.transcription import BadTranscription, TranscribedLine, TranscribedPage

ROOT: Final = "PcGts"
CODES: Final[Mapping[str, str]] = {spelt: code for code, spelt in LANGUAGES.items()}
KINDS: Final[Mapping[str, str]] = {spelt: kind for kind, spelt in TYPES.items()}
CELLS: Final[Mapping[str, tuple[str, str]]] = {
    "TableCellRole": ("rowIndex", "columnIndex"),
    "TableCell": ("row", "col"),  # Transkribus
}
_PAGE_NUMBER: Final = re.compile(r"page_(\d{1,6})")
_PARAGRAPH: Final = re.compile(PARAGRAPH + r" *\{index: *(\d+)")


def read(content: bytes) -> TranscribedPage:
    """The page of a PAGE file in pixels as the file counts them.

    Regions come in the file's ReadingOrder, those that it does not name after the others; within a region, lines come
    as the file has them. A line's text is its TextEquiv of the lowest index, or else that of its words. Raises
    BadTranscription when it is not PAGE or has not one page.
    """
    return _sheet(content).transcribed()


def parse(content: bytes) -> Page:
    """The page of a PAGE file with all that PAGE carries, and `read` finds; no line is left out.

    All cells of a table are one region of the kind 'table'. Languages have their codes where we know them. A line or
    page without a language, and what else is missing, is None, 0 or empty; a page is read, or blank when it has no
    line. Raises as `read` does.
    """
    sheet = _sheet(content)
    regions, paragraphs = numbered(map(_region, sheet.elements)), numbered(map(_paragraph, sheet.elements))
    lines = [
        line_of(
            replace(line, language=CODES.get(line.language, line.language)),
            [_word(word) for word in children(element, "Word")],
            _confidence(element),
            regions[_region(element)],
            paragraphs[_paragraph(element)],
            _cell(element),
            _hand(element),
        )
        for element, line in sheet.completed()
    ]
    outlines = (outline([line for line in lines if line.region == place]) for place in regions.values())
    parsed = sheet.parsed(_number(sheet.root), lines, map(_told_region, regions, outlines))
    language = sheet.page.get("primaryLanguage")
    bundle, revision = _made_with(sheet.root)
    return replace(
        parsed,
        dpi=_dpi(sheet.page),
        language=language and CODES.get(language, language),
        confidence=share(sheet.page.get("conf")),
        bundle=bundle,
        revision=revision,
    )


def _sheet(content: bytes) -> Sheet:
    """Raises BadTranscription as `read` says."""
    root = parse_xml(content)
    pages = children(root, "Page")
    if name(root) != ROOT or len(pages) != 1:
        raise BadTranscription("unusable PAGE", f"has {len(pages)} pages of PAGE; export one file for every page")
    (page,) = pages
    elements = in_order(page.iter("{*}TextLine"), _order(page), "id")
    told = [_line(line, place) for place, line in enumerate(elements)]
    image, width, height = (page.get(key) for key in ("imageFilename", "imageWidth", "imageHeight"))
    return Sheet(root, page, image or "", size(width), size(height), elements, told)


def _number(root: etree._Element) -> int:
    """Number of the page in its document, as we write it; 1 in files of others."""
    found = _PAGE_NUMBER.fullmatch(root.get("pcGtsId") or "")
    return int(found[1]) if found else 1


def _order(page: etree._Element) -> Iterator[str]:
    """Ids of regions in reading order."""
    for order in children(page, "ReadingOrder"):
        yield from _references(order)


def _references(group: etree._Element) -> Iterator[str]:
    """Ids of the regions that a group names, groups within it included; by their index where they have one."""
    for member in sorted(group, key=_index):
        if region := member.get("regionRef"):
            yield region
        yield from _references(member)


def _index(element: etree._Element) -> float:
    return number(element.get("index")) or 0.0


def _line(line: etree._Element, place: int) -> TranscribedLine:
    region = line.getparent()
    return TranscribedLine(
        id=line.get("id") or f"line {place}",
        number=place,
        text=_text(line),
        baseline=_shape(line, "Baseline"),
        polygon=_shape(line, "Coords"),
        region=(region.get("id") or "") if region is not None else "",
        language=inherited(line, "primaryLanguage", "language"),
    )


def _shape(element: etree._Element, kind: str) -> Polyline:
    return next((points(shape.get("points")) for shape in children(element, kind)), ())


def _region(line: etree._Element) -> etree._Element:
    """The table around a line, or else its region."""
    around = [*line.iterancestors("{*}TableRegion"), *line.iterancestors()]
    return around[0]


def _paragraph(line: etree._Element) -> tuple[etree._Element, str]:
    """What is the same for lines of one paragraph: their region, and the number that we wrote."""
    parent = next(line.iterancestors())
    found = _PARAGRAPH.search(line.get("custom") or "")
    return (_region(line), found[1]) if found else (parent, "")


def _cell(line: etree._Element) -> Cell | None:
    """Row and column of the nearest cell around a line, in either way of writing cells."""
    for around in line.iterancestors():
        for element in (around, *around.iterfind("{*}Roles/{*}TableCellRole")):
            stated = [element.get(key) for key in CELLS.get(name(element), ())]
            if stated and None not in map(number, stated):
                row, column = map(size, stated)
                return row, column
    return None


def _hand(line: etree._Element) -> Hand | None:
    """Who corrected a line, and with what, as we write it."""
    told = _labels(label for labels in children(line, "Labels") for label in labels)
    return (told[BY], told.get(WITH, "")) if BY in told else None


def _told_region(element: etree._Element, around: Polyline) -> Region:
    kind = TABLE if name(element) == "TableRegion" else KINDS.get(element.get("type") or "", "column")
    return Region(kind, polyline(_shape(element, "Coords") or around))


def _equivalents(element: etree._Element) -> list[etree._Element]:
    """The readings of a line or word, the best first."""
    return sorted(children(element, "TextEquiv"), key=_index)


def _text(element: etree._Element) -> str:
    """The text of a line or word: its best reading, or else its words'."""
    found = next(map(_reading, _equivalents(element)), "")
    return found or " ".join(filter(None, map(_text, children(element, "Word"))))


def _reading(equivalent: etree._Element) -> str:
    """Unicode before PlainText."""
    found = ((text.text or "").strip() for kind in ("Unicode", "PlainText") for text in children(equivalent, kind))
    return next(filter(None, found), "")


def _confidence(element: etree._Element) -> float | None:
    return next((share(best.get("conf")) for best in _equivalents(element)), None)


def _word(word: etree._Element) -> Word:
    others = tuple(Alternative(_reading(other), share(other.get("conf")) or 0.0) for other in _equivalents(word)[1:])
    return Word(_text(word), _confidence(word) or 0.0, polyline(_shape(word, "Coords")), others or None)


def _dpi(page: etree._Element) -> float:
    factor = {"PPI": 1.0, "PPCM": 2.54}.get(page.get("imageResolutionUnit") or "", 0.0)
    return float(np.float32(factor * (number(page.get("imageXResolution")) or 0.0)))


def _made_with(root: etree._Element) -> tuple[str, str]:
    """Bundle and revision, '' where the first step of processing does not name them."""
    steps = (item for item in root.iter("{*}MetadataItem") if item.get("type") == "processingStep")
    named = _labels(next((item.iter("{*}Label") for item in steps), ()))
    return named.get("bundle", ""), named.get("revision", "")


def _labels(labels: Iterable[etree._Element]) -> Mapping[str, str]:
    """Values by type."""
    return {label.get("type") or "": label.get("value") or "" for label in labels}
