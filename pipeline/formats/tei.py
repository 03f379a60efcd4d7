"""TEI P5: a document with its scans and its text, line by line, written and read back.

    TEI > teiHeader
        > facsimile > surface (a page) > graphic, zone (a region) > zone (a line)
        > text > body > div > pb, cb, p > lb, unclear
                                  table > row > cell > lb, unclear

`facs` of pb, cb and lb points at surfaces and zones, `n` counts pages, and lines in the reading order of their page. A
line that begins with the second half of a broken word has `break="no"`. Words below half confidence are `unclear`, with
their confidence as `cert`. `resp` of lb points at who corrected the line. A page that failed is a `gap`. Baselines,
places of words and other readings are left to ALTO and PAGE.

Source: https://tei-c.org/release/doc/tei-p5-doc/en/html/
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Final

from lxml import etree

from pipeline.document import Document, Line, Page, Polyline, Region, Word
from pipeline.formats.lines import Hand, hand
from pipeline.formats.safe_xml import clean, name, points, size
from pipeline.formats.safe_xml import parse as parse_xml
from pipeline.formats.scan_addresses import scan_addresses, source_of
from pipeline.formats.tei_header import ID, MAKE, NAMES, correctors, header, identity, told_correctors
from pipeline.hyphens import broken_words
from pipeline.transcription import BadTranscription

UNCLEAR: Final = 0.5
LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_TAG: Final = re.compile("[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")

Outlines = Mapping[str, tuple[int, etree._Element]]  # region and zone of a line, by id
Numbered = tuple[int, Line]  # a line with its place in the reading order of the page, from 0
Marks = defaultdict[int, dict[str, str]]  # what the lb of a line says besides, by the place of the line


def render(document: Document) -> bytes:
    """A document as a TEI file, the same bytes for the same document. Characters that XML forbids become U+FFFD."""
    addresses = scan_addresses(document)
    surfaces = [_surface(page, addresses[page.number]) for page in document.pages]
    body, responsible = MAKE.div(), correctors(document)
    for page in document.pages:
        body.extend(_page_elements(page, responsible))
    facsimile = [MAKE.facsimile(*surfaces)] if surfaces else []
    root = MAKE.TEI(header(document), *facsimile, MAKE.text(MAKE.body(body)))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _surface(page: Page, address: str) -> etree._Element:
    box = {"ulx": "0", "uly": "0", "lrx": str(page.width), "lry": str(page.height)}
    graphic = MAKE.graphic({"url": address, "width": f"{page.width}px", "height": f"{page.height}px"})
    surface = MAKE.surface({ID: f"page_{page.number}", "n": str(page.number), **box}, graphic)
    for place, region in enumerate(page.regions):
        zone = _zone(f"page_{page.number}_region_{place + 1}", region.kind, region.polygon)
        zone.extend(
            _zone(_line_id(page, k), "line", line.polygon) for k, line in enumerate(page.lines) if line.region == place
        )
        surface.append(zone)
    return surface


def _zone(identifier: str, kind: str, outline: Polyline) -> etree._Element:
    corners = outline + outline[-1:] * (3 - len(outline))  # TEI wants three
    return MAKE.zone({ID: identifier, "type": kind, "points": " ".join(f"{x:.10g},{y:.10g}" for x, y in corners)})


def _line_id(page: Page, place: int) -> str:
    return f"page_{page.number}_line_{place + 1}"


def _page_elements(page: Page, responsible: Mapping[Hand, str]) -> Iterator[etree._Element]:
    """The beginning of the page and its text: paragraphs with beginnings of columns where there are several, and the
    page's table where its first line stands.
    """
    yield MAKE.pb({"n": str(page.number), "facs": f"#page_{page.number}"})
    if page.status == "failed":
        yield MAKE.gap({"reason": "failed"})
    marks = _marks(page.lines, responsible)
    table = [each for each in enumerate(page.lines) if _in_table(each[1])]
    column = None
    for (region, paragraph), members in groupby(enumerate(page.lines), key=lambda each: _block(each[1])):
        lines = list(members)
        if _in_table(lines[0][1]):
            if lines[0] == table[0]:
                yield _table(page, table, marks)
            continue
        if region != column and len(page.regions) > 1:
            yield MAKE.cb({"facs": f"#page_{page.number}_region_{region + 1}"})
        column = region
        yield _paragraph(page, paragraph, lines, marks)


def _marks(lines: Sequence[Line], responsible: Mapping[Hand, str]) -> Marks:
    marks: Marks = defaultdict(dict)
    for second, _ in broken_words(lines).values():
        marks[second[0]]["break"] = "no"
    for place, line in enumerate(lines):
        if corrected := hand(line):
            marks[place]["resp"] = f"#{responsible[corrected]}"
    return marks


def _in_table(line: Line) -> bool:
    return line.row is not None and line.column is not None


def _block(line: Line) -> tuple[int, int]:
    """Region and paragraph; -1 for lines of the table, whatever theirs are."""
    return (-1, -1) if _in_table(line) else (line.region, line.paragraph)


def _paragraph(page: Page, paragraph: int, lines: Sequence[Numbered], marks: Marks) -> etree._Element:
    element = MAKE.p({"n": str(paragraph + 1), **_language([line for _, line in lines])})
    _fill(element, page, lines, marks)
    return element


def _table(page: Page, lines: Sequence[Numbered], marks: Marks) -> etree._Element:
    """Rows and cells in their order, with those that are empty; each line says where it comes in the reading order."""
    cells: dict[tuple[int, int], list[Numbered]] = defaultdict(list)
    for place, line in lines:
        cells[line.row or 0, line.column or 0].append((place, line))
    rows, columns = (sorted(set(numbers)) for numbers in zip(*cells, strict=True))
    table = MAKE.table()
    for row in rows:
        table.append(MAKE.row({"n": str(row + 1)}))
        for column in columns:
            cell = MAKE.cell({"n": str(column + 1)})
            _fill(cell, page, cells.get((row, column), ()), marks)
            table[-1].append(cell)
    return table


def _fill(element: etree._Element, page: Page, lines: Sequence[Numbered], marks: Marks) -> None:
    """Put lines into a paragraph or cell; a line ends by a line feed, but for one whose last word goes on."""
    for place, line in lines:
        element.append(MAKE.lb({"n": str(place + 1), "facs": f"#{_line_id(page, place)}", **marks[place]}))
        _words(element, line)
        _append(element, "" if "break" in marks[place + 1] else "\n")


def _words(element: etree._Element, line: Line) -> None:
    for place, word in enumerate(line.words or (Word(line.text, line.confidence, line.polygon),)):
        _append(element, " " if place else "")
        if word.confidence < UNCLEAR:
            element.append(MAKE.unclear({"cert": f"{word.confidence:.4f}"}, clean(word.text)))
        else:
            _append(element, clean(word.text))


def _append(element: etree._Element, text: str) -> None:
    """Add text after the last child, which there is."""
    last = element[-1]
    last.tail = (last.tail or "") + text


def _language(lines: Sequence[Line]) -> dict[str, str]:
    """The language of all these lines, where they have the same."""
    languages = {line.language for line in lines}
    tag = languages.pop() if len(languages) == 1 else None
    return {LANGUAGE: tag} if tag and _TAG.fullmatch(tag) else {}


def parse(content: bytes) -> Document:
    """What TEI carries of a document that we wrote.

    That is the record, pages with their scans, sizes and regions, lines with text, outline, place and who corrected
    them, and the languages of paragraphs. A page with text counts as read, a gap as failed. Lines have no baseline and
    no words; what else is not carried is empty or 0. Raises BadTranscription when it is not TEI.
    """
    root = parse_xml(content)
    if name(root) != "TEI":
        raise BadTranscription("unusable TEI", f"is {name(root)}, not TEI")
    document_id, collection, record = identity(root)
    elements = _by_page(root)
    hands = told_correctors(root)
    pages = (_page(surface, elements, hands) for surface in root.iterfind("t:facsimile/t:surface", NAMES))
    return Document(document_id, collection, tuple(pages), record)


def _by_page(root: etree._Element) -> Mapping[str, list[etree._Element]]:
    """What follows each pb up to the next one, by the number of the page."""
    found: dict[str, list[etree._Element]] = {}
    for element in root.iterfind("t:text/t:body/t:div/*", NAMES):
        if name(element) == "pb":
            found[element.get("n") or ""] = members = []
        else:
            members.append(element)
    return found


def _page(surface: etree._Element, elements: Mapping[str, list[etree._Element]], hands: Mapping[str, Hand]) -> Page:
    told, zones = elements.get(surface.get("n") or "", []), surface.findall("t:zone", NAMES)
    regions = tuple(Region(zone.get("type") or "", points(zone.get("points"))) for zone in zones)
    outlines = {line.get(ID) or "": (place, line) for place, zone in enumerate(zones) for line in zone}
    lines = sorted(
        ((n, line) for element in told for n, line in _lines(element, outlines, hands)), key=lambda each: each[0]
    )
    failed = any(name(element) == "gap" for element in told)
    return Page(
        number=size(surface.get("n")),
        source="".join(source_of(graphic.get("url") or "") for graphic in surface.iterfind("t:graphic", NAMES)),
        source_sha256="",
        width=size(surface.get("lrx")),
        height=size(surface.get("lry")),
        dpi=0.0,
        rotation=0,
        skew_degrees=0.0,
        status="failed" if failed else "read" if lines else "blank",
        lines=tuple(line for _, line in lines),
        regions=regions,
        bundle="",
        revision="",
    )


def _lines(block: etree._Element, outlines: Outlines, hands: Mapping[str, Hand]) -> Iterator[Numbered]:
    """The lines of a paragraph or table."""
    for holder in [block] if name(block) == "p" else block.iterfind(".//t:cell", NAMES):
        row = holder.getparent() if name(holder) == "cell" else None
        for start, text in _texts(holder):
            region, zone = outlines[(start.get("facs") or "").removeprefix("#")]
            who, tool = hands.get((start.get("resp") or "").removeprefix("#"), (None, None))
            yield (
                size(start.get("n")) - 1,
                Line(
                    text=text,
                    confidence=0.0,
                    baseline=(),
                    polygon=points(zone.get("points")),
                    words=(),
                    region=region,
                    paragraph=0 if row is not None else size(holder.get("n")) - 1,
                    language=holder.get(LANGUAGE),
                    row=None if row is None else size(row.get("n")) - 1,
                    column=None if row is None else size(holder.get("n")) - 1,
                    corrected_by=who,
                    corrected_with=tool,
                ),
            )


def _texts(holder: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Each lb, and the text up to the next one with white space collapsed."""
    starts = [place for place, child in enumerate(holder) if name(child) == "lb"]
    for start, end in pairwise([*starts, len(holder)]):
        pieces = (piece for child in holder[start:end] for piece in (*child.itertext(), child.tail or ""))
        yield holder[start], " ".join("".join(pieces).split())
