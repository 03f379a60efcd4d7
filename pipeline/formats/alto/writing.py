"""A Page as ALTO 4.4."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import groupby
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from pipeline.document import Line, Page, Polyline, Word, bounding_box
from pipeline.formats.lines import hand, hands, outline, region_of
from pipeline.formats.safe_xml import SCHEMA_LOCATION, clean
from pipeline.hyphens import Place, broken_words

NAMESPACE: Final = "http://www.loc.gov/standards/alto/ns-v4#"
# eScriptorium refuses files that name no schema, and warns of names other than this one of all versions 4.
SCHEMA: Final = f"{NAMESPACE} http://www.loc.gov/standards/alto/v4/alto.xsd"
_MAKE: Final = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})

Half = tuple[str, str]  # SUBS_TYPE, SUBS_CONTENT
Numbered = tuple[int, Line]  # place on the page, from 0


def render(document_id: str, page: Page) -> bytes:
    """One page as an ALTO file, the same bytes for the same page.

    Words have boxes, outlines, confidences and other readings. Both halves of a word that a hyphen breaks name the
    whole. ACCURACY is what is left of the expected errors. A corrected line has CS, and names the processing that says
    by whom and with what. Characters that XML forbids become U+FFFD.
    """
    blocks = list(_region_elements(page))
    order = [_order_element(blocks)] if blocks else []
    space = _MAKE.PrintSpace(_box_of(((0.0, 0.0), (page.width, page.height))), *blocks)
    layout = _MAKE.Layout(_MAKE.Page(_page_facts(page), space))
    root = _MAKE.alto(_description(document_id, page), *order, layout, SCHEMAVERSION="4.4")
    root.set(SCHEMA_LOCATION, SCHEMA)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def render_lines(document_id: str, page: Page) -> bytes:
    """The lines of a page as ALTO, a String each: programs in which people correct lines join Strings by spaces."""
    return render(document_id, replace(page, lines=tuple(replace(line, words=()) for line in page.lines)))


def _page_facts(page: Page) -> dict[str, str]:
    facts = {"ID": f"page_{page.number}", "PHYSICAL_IMG_NR": str(page.number), "PROCESSINGREFS": "reading"}
    facts |= {"WIDTH": str(page.width), "HEIGHT": str(page.height), **_language(page.language)}
    if page.confidence is not None:
        facts["PC"] = f"{page.confidence:.4f}"
    if page.expected_cer is not None:
        facts["ACCURACY"] = f"{100 * (1 - page.expected_cer):.2f}"
    return facts


def _description(document_id: str, page: Page) -> etree._Element:
    source = _MAKE.sourceImageInformation(
        _MAKE.fileName(clean(page.source.rpartition("/")[2])), _MAKE.documentIdentifier(clean(document_id))
    )
    reading = _MAKE.Processing(
        {"ID": "reading"},
        _MAKE.processingCategory("contentGeneration"),
        _MAKE.processingStepDescription("lines found and read"),
        _MAKE.processingStepSettings(clean(f"bundle {page.bundle}, revision {page.revision}")),
        _MAKE.processingSoftware(_MAKE.softwareName("Inkbeam"), _MAKE.softwareVersion(version("inkbeam"))),
    )
    correcting = (_correcting_element(place, *each) for place, each in enumerate(hands(page.lines), 1))
    return _MAKE.Description(_MAKE.MeasurementUnit("pixel"), source, reading, *correcting)


def _correcting_element(place: int, who: str, tool: str) -> etree._Element:
    agency = [_MAKE.processingAgency(clean(who))] if who else []
    return _MAKE.Processing(
        {"ID": f"correction_{place}"},
        _MAKE.processingCategory("contentModification"),
        *agency,
        _MAKE.processingStepDescription("lines corrected, or found to be right, by a person"),
        _MAKE.processingSoftware(_MAKE.softwareName(clean(tool))),
    )


def _order_element(blocks: Iterable[etree._Element]) -> etree._Element:
    references = (
        _MAKE.ElementRef({"ID": f"order_{place}", "REF": block.get("ID", "")}) for place, block in enumerate(blocks, 1)
    )
    return _MAKE.ReadingOrder(_MAKE.OrderedGroup({"ID": "order"}, *references))


def _region_elements(page: Page) -> Iterator[etree._Element]:
    halves = _halves(page.lines)
    marks = _marks(page.lines)
    regions = groupby(enumerate(page.lines), key=lambda each: each[1].region)
    for place, (_, numbered) in enumerate(regions, 1):
        members = list(numbered)
        region = region_of(page, [line for _, line in members])
        facts = {"ID": f"region_{place}", "TYPE": clean(region.kind), **_box_of(region.polygon)}
        element = _MAKE.ComposedBlock(facts, _shape_element(region.polygon))
        element.extend(_block_elements(f"region_{place}", members, halves, marks))
        yield element


def _block_elements(
    region: str, lines: Sequence[Numbered], halves: Mapping[Place, Half], marks: Mapping[int, Mapping[str, str]]
) -> Iterator[etree._Element]:
    paragraphs = groupby(lines, key=lambda each: each[1].paragraph)
    for place, (_, numbered) in enumerate(paragraphs, 1):
        members = list(numbered)
        facts = {"ID": f"{region}_block_{place}", **_box_of(outline([line for _, line in members]))}
        yield _MAKE.TextBlock(
            facts, *(_line_element(number, line, halves, marks.get(number, {})) for number, line in members)
        )


def _marks(lines: Sequence[Line]) -> dict[int, Mapping[str, str]]:
    """Attributes of corrected lines, by their places on the page."""
    ids = {each: f"correction_{place}" for place, each in enumerate(hands(lines), 1)}
    known = ((number, hand(line)) for number, line in enumerate(lines))
    return {number: {"CS": "true", "PROCESSINGREFS": ids[each]} for number, each in known if each}


def _halves(lines: Sequence[Line]) -> dict[Place, Half]:
    found: dict[Place, Half] = {}
    for first, (second, whole) in broken_words(lines).items():
        found |= {first: ("HypPart1", whole), second: ("HypPart2", whole)}
    return found


def _line_element(number: int, line: Line, halves: Mapping[Place, Half], marks: Mapping[str, str]) -> etree._Element:
    identifier = f"line_{number + 1}"
    facts = {"ID": identifier, **_box_of(line.polygon), "BASELINE": _points(line.baseline), **_language(line.language)}
    element = _MAKE.TextLine({**facts, **marks}, _shape_element(line.polygon))
    words = line.words or (Word(line.text, line.confidence, line.polygon),)
    for place, word in enumerate(words):
        half = halves.get((number, place))
        if place:
            element.append(_MAKE.SP())
        element.append(_string_element(f"{identifier}_word_{place + 1}", word, half))
        if half and half[0] == "HypPart1":
            element.append(_MAKE.HYP({"CONTENT": word.text[-1]}))
    return element


def _string_element(identifier: str, word: Word, half: Half | None) -> etree._Element:
    text = word.text[:-1] if half and half[0] == "HypPart1" else word.text
    facts = {"ID": identifier, "CONTENT": clean(text), **_box_of(word.polygon), "WC": f"{word.confidence:.4f}"}
    if half:
        facts |= {"SUBS_TYPE": half[0], "SUBS_CONTENT": clean(half[1])}
    others = (_MAKE.ALTERNATIVE(clean(other.text)) for other in word.alternatives or ())
    return _MAKE.String(facts, _shape_element(word.polygon), *others)


def _shape_element(shape: Polyline) -> etree._Element:
    return _MAKE.Shape(_MAKE.Polygon({"POINTS": _points(shape)}))


def _points(shape: Polyline) -> str:
    """The older of the two spellings that the schema knows, x y x y: eScriptorium reads no other."""
    return " ".join(f"{value:.10g}" for point in shape for value in point)


def _box_of(shape: Polyline) -> dict[str, str]:
    left, top, right, bottom = bounding_box(shape)
    values = {"HPOS": left, "VPOS": top, "WIDTH": right - left, "HEIGHT": bottom - top}
    return {key: f"{value:.10g}" for key, value in values.items()}


def _language(code: str | None) -> dict[str, str]:
    return {"LANG": clean(code)} if code else {}
