"""PAGE: the lines that a person transcribed, from files of any version (2013, 2019) and of any program.

    PcGts > Page > ReadingOrder > OrderedGroup > RegionRefIndexed
                 > TextRegion, TableRegion > TableCell > TextLine > Coords, Baseline, Word
                                                                 > TextEquiv > Unicode, PlainText

Source: https://github.com/PRImA-Research-Lab/PAGE-XML
"""

from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from pipeline.document import Polyline
from pipeline.formats.safe_xml import children, inherited, name, number, parse, points, size
from pipeline.transcription import BadTranscription, TranscribedLine, TranscribedPage

ROOT: Final = "PcGts"


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
