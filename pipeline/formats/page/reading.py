"""PAGE of any version, ours or another program's: the lines of a transcription, or a whole Page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
from lxml import etree

from pipeline.document import Alternative, Page, Polyline, Region, Word, polyline
from pipeline.formats.lines import Cell, line_of, outline
from pipeline.formats.page.names import LANGUAGES, PARAGRAPH, TABLE, TYPES
from pipeline.formats.safe_xml import children, in_order, inherited, name, number, numbered, points, share, size
from pipeline.formats.safe_xml import parse as parse_xml
from pipeline.transcription import BadTranscription, TranscribedLine, TranscribedPage, with_shapes

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
    sheet = _Sheet.of(content)
    return TranscribedPage.of(sheet.image, sheet.width, sheet.height, sheet.transcribed)


def parse(content: bytes) -> Page:
    """The page of a PAGE file with all that PAGE carries, and `read` finds; no line is left out.

    All cells of a table are one region of the kind 'table'. Languages have their codes where we know them. A line or
    page without a language, and what else is missing, is None, 0 or empty; a page is read, or blank when it has no
    line. Raises as `read` does.
    """
    sheet = _Sheet.of(content)
    regions, paragraphs = numbered(map(_region, sheet.lines)), numbered(map(_paragraph, sheet.lines))
    told = zip(sheet.lines, with_shapes(sheet.transcribed, sheet.width, sheet.height), strict=True)
    lines = tuple(
        line_of(
            replace(line, language=CODES.get(line.language, line.language)),
            [_word(word) for word in children(element, "Word")],
            _confidence(element),
            regions[_region(element)],
            paragraphs[_paragraph(element)],
            _cell(element),
        )
        for element, line in told
    )
    language = sheet.page.get("primaryLanguage")
    made_with = _labels(sheet.root)
    return Page(
        number=sheet.number,
        source=sheet.image,
        source_sha256="",
        width=sheet.width,
        height=sheet.height,
        dpi=_dpi(sheet.page),
        rotation=0,
        skew_degrees=0.0,
        status="read" if lines else "blank",
        lines=lines,
        regions=tuple(
            _told_region(element, outline([line for line in lines if line.region == place]))
            for element, place in regions.items()
        ),
        bundle=made_with.get("bundle", ""),
        revision=made_with.get("revision", ""),
        language=language and CODES.get(language, language),
        confidence=share(sheet.page.get("conf")),
    )


@dataclass(frozen=True)
class _Sheet:
    """The one page of a file, and its lines in reading order."""

    root: etree._Element
    page: etree._Element
    lines: Sequence[etree._Element]

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Raises BadTranscription as `read` says."""
        root = parse_xml(content)
        pages = children(root, "Page")
        if name(root) != ROOT or len(pages) != 1:
            raise BadTranscription("unusable PAGE", f"has {len(pages)} pages of PAGE; export one file for every page")
        return cls(root, pages[0], in_order(pages[0].iter("{*}TextLine"), _order(pages[0]), "id"))

    @property
    def image(self) -> str:
        return self.page.get("imageFilename") or ""

    @property
    def width(self) -> int:
        return size(self.page.get("imageWidth"))

    @property
    def height(self) -> int:
        return size(self.page.get("imageHeight"))

    @property
    def number(self) -> int:
        """Of the page in its document, as we write it; 1 in files of others."""
        found = _PAGE_NUMBER.fullmatch(self.root.get("pcGtsId") or "")
        return int(found[1]) if found else 1

    @cached_property
    def transcribed(self) -> list[TranscribedLine]:
        return [_line(line, place) for place, line in enumerate(self.lines)]


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


def _labels(root: etree._Element) -> Mapping[str, str]:
    """What the first step of processing says of itself."""
    steps = (item for item in root.iter("{*}MetadataItem") if item.get("type") == "processingStep")
    labels = next((item.iter("{*}Label") for item in steps), iter(()))
    return {label.get("type") or "": label.get("value") or "" for label in labels}
