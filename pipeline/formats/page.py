"""PAGE: written as version 2019-07-15, and the lines that a person transcribed read from any version and program.

    PcGts > Page > ReadingOrder > OrderedGroup > RegionRefIndexed
                 > TextRegion, TableRegion > TableCell > TextLine > Coords, Baseline, Word
                                                                 > TextEquiv > Unicode, PlainText

Source: https://github.com/PRImA-Research-Lab/PAGE-XML
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from pipeline.document import Line, Page, Polyline, Word, bounding_box
from pipeline.formats.safe_xml import children, clean, inherited, name, number, parse, points, size
from pipeline.transcription import BadTranscription, TranscribedLine, TranscribedPage

ROOT: Final = "PcGts"
NAMESPACE: Final = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
NO_DATE: Final = "1970-01-01T00:00:00Z"  # the bytes depend on the content alone
# The schema names languages in words.
LANGUAGES: Final[Mapping[str, str]] = {
    **{"eng": "English", "fra": "French", "deu": "German", "lat": "Latin", "dan": "Danish", "nld": "Dutch"},
    **{"ita": "Italian", "spa": "Spanish", "swe": "Swedish", "nor": "Norwegian", "pol": "Polish", "ces": "Czech"},
}
_MAKE: Final = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})


def render(document_id: str, page: Page) -> bytes:
    """One page as a PAGE file, the same bytes for the same page.

    A region for every block of lines, in reading order; words with outlines, confidences and other readings. Points are
    whole pixels, none negative. Characters that XML forbids become U+FFFD. Languages that the schema does not name are
    left out.
    """
    blocks = [list(lines) for _, lines in groupby(page.lines, key=lambda line: line.region)]
    regions = [_region_element(place, lines) for place, lines in enumerate(blocks, 1)]
    facts = {
        "imageFilename": clean(page.source.rpartition("/")[2]),
        "imageWidth": str(page.width),
        "imageHeight": str(page.height),
        **_language(page.language),
        **({} if page.confidence is None else {"conf": f"{page.confidence:.4f}"}),
    }
    order = [_MAKE.ReadingOrder(_order_element(len(regions)))] if regions else []
    made = _MAKE.Metadata(
        _MAKE.Creator(f"inkbeam {version('inkbeam')}"), _MAKE.Created(NO_DATE), _MAKE.LastChange(NO_DATE)
    )
    root = _MAKE.PcGts(made, _MAKE.Page(facts, *order, *regions), {"pcGtsId": f"page_{page.number}"})
    root.insert(0, etree.Comment(clean(f" {document_id}, page {page.number} ").replace("--", "- -")))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _order_element(regions: int) -> etree._Element:
    references = (
        _MAKE.RegionRefIndexed({"index": str(place), "regionRef": f"region_{place + 1}"}) for place in range(regions)
    )
    return _MAKE.OrderedGroup({"id": "order"}, *references)


def _region_element(place: int, lines: Sequence[Line]) -> etree._Element:
    around = [corner for line in lines for corner in line.polygon]
    left, top, right, bottom = bounding_box(tuple(around))
    outline = ((left, top), (right, top), (right, bottom), (left, bottom))
    members = (_line_element(f"region_{place}_line_{number}", line) for number, line in enumerate(lines, 1))
    return _MAKE.TextRegion({"id": f"region_{place}"}, _coordinates("Coords", outline), *members)


def _line_element(identifier: str, line: Line) -> etree._Element:
    words = (_word_element(f"{identifier}_word_{number}", word) for number, word in enumerate(line.words, 1))
    return _MAKE.TextLine(
        {"id": identifier, **_language(line.language)},
        _coordinates("Coords", line.polygon),
        _coordinates("Baseline", line.baseline),
        *words,
        _equivalent(line.text, line.confidence),
    )


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


def read(content: bytes) -> TranscribedPage:
    """The page of a PAGE file in pixels as the file counts them.

    Regions come in the file's ReadingOrder, those that it does not name after the others; within a region, lines come
    as the file has them. A line's text is its TextEquiv of the lowest index, or else that of its words. Raises
    BadTranscription when it is not PAGE or has not one page.
    """
    root = parse(content)
    pages = children(root, "Page")
    if name(root) != ROOT or len(pages) != 1:
        raise BadTranscription("unusable PAGE", f"has {len(pages)} pages of PAGE; export one file for every page")
    page = pages[0]
    ranks = {region: rank for rank, region in enumerate(dict.fromkeys(_order(page)))}
    lines = sorted(page.iter("{*}TextLine"), key=lambda line: _rank(line, ranks))
    found = (_line(line, place) for place, line in enumerate(lines))
    return TranscribedPage.of(
        page.get("imageFilename") or "", size(page.get("imageWidth")), size(page.get("imageHeight")), found
    )


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


def _rank(line: etree._Element, ranks: Mapping[str, int]) -> int:
    """Rank of the nearest region around a line that has one."""
    regions = (around.get("id") or "" for around in line.iterancestors())
    return next((ranks[region] for region in regions if region in ranks), len(ranks))


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


def _shape(line: etree._Element, kind: str) -> Polyline:
    return next((points(shape.get("points")) for shape in children(line, kind)), ())


def _text(element: etree._Element) -> str:
    """The text of a line or word: its TextEquiv of the lowest index, Unicode before PlainText, or else its words'."""
    equivalents = sorted(children(element, "TextEquiv"), key=_index)[:1]
    texts = (children(equivalent, kind) for equivalent in equivalents for kind in ("Unicode", "PlainText"))
    found = [(text.text or "").strip() for group in texts for text in group]
    return next(filter(None, found), "") or " ".join(filter(None, map(_text, children(element, "Word"))))
