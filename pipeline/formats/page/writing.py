"""A Page as PAGE 2019-07-15, or its lines as PAGE 2013-07-15."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import groupby
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from pipeline.document import Line, Page, Polyline, Region, Word
from pipeline.formats.lines import Cell, cell, hand, hands, outline, region_of
from pipeline.formats.page.names import (
    BY,
    CORRECTION,
    LANGUAGES,
    NAMESPACE,
    OLDER_NAMESPACE,
    ORDER,
    PARAGRAPH,
    TABLE,
    TYPES,
    WITH,
)
from pipeline.formats.safe_xml import SCHEMA_LOCATION, clean

NO_DATE: Final = "1970-01-01T00:00:00Z"  # the bytes depend on the content alone
_MAKE: Final = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})


def render(document_id: str, page: Page) -> bytes:
    """One page as a PAGE file, the same bytes for the same page.

    A region for every block of lines and every cell of a table, in reading order; words with outlines, confidences and
    other readings. Points are whole pixels, none negative. Who corrected lines, and with what, stands in the metadata,
    and at each of these lines. Characters that XML forbids become U+FFFD. Languages that the schema does not name are
    left out.
    """
    blocks = [list(lines) for _, lines in groupby(page.lines, key=lambda line: (line.region, cell(line)))]
    order = [_MAKE.ReadingOrder(_order_element(len(blocks)))] if blocks else []
    body = _MAKE.Page(_page_facts(page), *order, *_region_elements(page, blocks))
    root = _MAKE.PcGts(_metadata_element(page), body, {"pcGtsId": f"page_{page.number}"})
    root.set(SCHEMA_LOCATION, f"{NAMESPACE} {NAMESPACE}/pagecontent.xsd")  # eScriptorium refuses files without
    comment = re.sub("-(?=-)", "- ", clean(f" {document_id}, page {page.number} "))  # XML forbids -- in comments
    root.insert(0, etree.Comment(comment))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def render_lines(document_id: str, page: Page) -> bytes:
    """The lines of a page as PAGE 2013-07-15, the one version that Transkribus takes; without words and tables.

    Programs in which people correct lines would keep words as they were, or (eScriptorium) take their other readings
    for text and pass over tables.
    """
    lines = tuple(
        replace(line, words=(), row=None, column=None, corrected_by=None, corrected_with=None) for line in page.lines
    )
    # What else the version has no place for: resolution, language and confidence of pages, steps of processing.
    plain = replace(page, lines=lines, dpi=0.0, language=None, confidence=None, bundle="", revision="")
    start, end, rest = render(document_id, plain).partition(b"<!--")  # the root's tag alone names the version
    return start.replace(NAMESPACE.encode(), OLDER_NAMESPACE.encode()) + end + rest


def _page_facts(page: Page) -> dict[str, str]:
    facts = {"imageFilename": clean(page.source.rpartition("/")[2])}
    facts |= {"imageWidth": str(page.width), "imageHeight": str(page.height)}
    if page.dpi:
        resolution = f"{page.dpi:.9g}"
        facts |= {"imageXResolution": resolution, "imageYResolution": resolution, "imageResolutionUnit": "PPI"}
    return facts | _language(page.language) | ({} if page.confidence is None else {"conf": f"{page.confidence:.4f}"})


def _metadata_element(page: Page) -> etree._Element:
    made = _MAKE.Metadata(
        _MAKE.Creator(f"inkbeam {version('inkbeam')}"), _MAKE.Created(NO_DATE), _MAKE.LastChange(NO_DATE)
    )
    made_with = {"bundle": page.bundle, "revision": page.revision}
    if any(made_with.values()):
        step = {"type": "processingStep", "name": "reading", "value": "inkbeam"}
        made.append(_MAKE.MetadataItem(step, _labels({kind: value for kind, value in made_with.items() if value})))
    for who, tool in hands(page.lines):
        step = {"type": "processingStep", "name": CORRECTION, "value": clean(tool)}
        made.append(_MAKE.MetadataItem(step, _labels({BY: who})))
    return made


def _labels(values: Mapping[str, str]) -> etree._Element:
    return _MAKE.Labels(*(_MAKE.Label({"type": kind, "value": clean(value)}) for kind, value in values.items()))


def _order_element(regions: int) -> etree._Element:
    references = (
        _MAKE.RegionRefIndexed({"index": str(place), "regionRef": f"region_{place + 1}"}) for place in range(regions)
    )
    return _MAKE.OrderedGroup({"id": "order"}, *references)


def _region_elements(page: Page, blocks: Iterable[Sequence[Line]]) -> Iterator[etree._Element]:
    """The regions, and, where the first of its cells comes, the table with all its cells."""
    table: etree._Element | None = None
    for place, lines in enumerate(blocks, 1):
        at = cell(lines[0])
        if at is None:
            yield _region_element(place, lines, region_of(page, lines))
            continue
        if table is None:
            table = _table_element([line for line in page.lines if cell(line)])
            yield table
        table.append(_region_element(place, lines, Region(TABLE, outline(lines)), at))


def _table_element(lines: Sequence[Line]) -> etree._Element:
    rows, columns = (1 + max(numbers) for numbers in zip(*filter(None, map(cell, lines)), strict=True))
    facts = {"id": TABLE, "rows": str(rows), "columns": str(columns)}
    return _MAKE.TableRegion(facts, _coordinates("Coords", outline(lines)))


def _region_element(place: int, lines: Sequence[Line], region: Region, at: Cell | None = None) -> etree._Element:
    facts = {"id": f"region_{place}", "custom": _custom({ORDER: place - 1})}
    if region.kind in TYPES:
        facts["type"] = TYPES[region.kind]
    role = [] if at is None else [_MAKE.Roles(_role_element(*at))]
    members = (_line_element(f"region_{place}_line_{number}", number, line) for number, line in enumerate(lines, 1))
    return _MAKE.TextRegion(facts, _coordinates("Coords", region.polygon), *role, *members)


def _role_element(row: int, column: int) -> etree._Element:
    return _MAKE.TableCellRole({"rowIndex": str(row), "columnIndex": str(column)})


def _line_element(identifier: str, number: int, line: Line) -> etree._Element:
    words = (_word_element(f"{identifier}_word_{place}", word) for place, word in enumerate(line.words, 1))
    corrected = hand(line)
    marks = [] if corrected is None else [_labels(dict(zip((BY, WITH), corrected, strict=True)))]
    return _MAKE.TextLine(
        {
            "id": identifier,
            "custom": _custom({ORDER: number - 1, PARAGRAPH: line.paragraph}),
            **_language(line.language),
        },
        _coordinates("Coords", line.polygon),
        _coordinates("Baseline", line.baseline),
        *words,
        _equivalent(line.text, line.confidence),
        *marks,
    )


def _custom(numbers: Mapping[str, int]) -> str:
    """Transkribus's spelling of what PAGE has no place for."""
    return " ".join(f"{name} {{index:{number};}}" for name, number in numbers.items())


def _word_element(identifier: str, word: Word) -> etree._Element:
    others = ((other.text, other.probability) for other in word.alternatives or ())
    texts = enumerate([(word.text, word.confidence), *others])
    equivalents = (_equivalent(text, confidence, {"index": str(place)}) for place, (text, confidence) in texts)
    return _MAKE.Word({"id": identifier}, _coordinates("Coords", word.polygon), *equivalents)


def _equivalent(text: str, confidence: float, more: Mapping[str, str] | None = None) -> etree._Element:
    return _MAKE.TextEquiv({**(more or {}), "conf": f"{confidence:.4f}"}, _MAKE.Unicode(clean(text)))


def _coordinates(kind: str, shape: Polyline) -> etree._Element:
    """Points in whole pixels; the schema asks for two at least, and knows none left of the page or above it."""
    whole = [(max(0, round(x)), max(0, round(y))) for x, y in shape]
    return _MAKE(kind, {"points": " ".join(f"{x},{y}" for x, y in (whole if len(whole) > 1 else 2 * whole))})


def _language(code: str | None) -> dict[str, str]:
    known = LANGUAGES.get(code or "")
    return {"primaryLanguage": known} if known else {}
