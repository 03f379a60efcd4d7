"""ALTO: the lines that a person transcribed, from files of any version 2 to 4 and of any program.

    alto > Description > MeasurementUnit, sourceImageInformation > fileName
         > Layout > Page > PrintSpace > TextBlock > TextLine > Shape > Polygon, String, SP, HYP

Source: https://www.loc.gov/standards/alto/
"""

from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree

from pipeline.document import Polyline
from pipeline.formats.safe_xml import children, inherited, name, number, parse, points, size
from pipeline.transcription import BadTranscription, TranscribedLine, TranscribedPage

ROOT: Final = "alto"
SOFT_HYPHEN: Final = "\u00ad"


def read(content: bytes) -> TranscribedPage:
    """The page of an ALTO file, its lines in the order of the file, in pixels as the file counts them.

    Strings are joined by a space where the file has SP, and everywhere when the line has none. HYP is added without a
    space; as a soft hyphen, which nobody sees, it becomes the hyphen that stands on the paper. A BASELINE may be points
    or, as up to ALTO 3, one height over the whole line. A line without Shape has the box of its own or of its Strings.
    Raises BadTranscription when it is not ALTO, has not one page, or is measured in anything but pixels.
    """
    root = parse(content)
    pages = list(root.iter("{*}Page"))
    if name(root) != ROOT or len(pages) != 1:
        raise BadTranscription("unusable ALTO", f"has {len(pages)} pages of ALTO; export one file for every page")
    _expect_pixels(root)
    found = (_line(line, place) for place, line in enumerate(pages[0].iter("{*}TextLine")))
    return TranscribedPage.of(
        _text_of(root, "fileName"), size(pages[0].get("WIDTH")), size(pages[0].get("HEIGHT")), found
    )


def _expect_pixels(root: etree._Element) -> None:
    unit = _text_of(root, "MeasurementUnit") or "pixel"
    if unit != "pixel":
        raise BadTranscription(
            "unusable ALTO",
            f"measures in {unit}, which says nothing of pixels without the scan's resolution; "
            "export it with the MeasurementUnit pixel",
        )


def _text_of(root: etree._Element, tag: str) -> str:
    return (root.findtext(f".//{{*}}{tag}") or "").strip()


def _line(line: etree._Element, place: int) -> TranscribedLine:
    block = next(line.iterancestors("{*}TextBlock"), None)
    return TranscribedLine(
        id=line.get("ID") or f"line {place}",
        number=place,
        text=_text(line),
        baseline=_baseline(line),
        polygon=_polygon(line),
        region=(block.get("ID") or "") if block is not None else "",
        language=inherited(line, "LANG", "language"),
    )


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
            yield "-" if content in ("", SOFT_HYPHEN) else content
        else:
            yield gap + content if place and content else content


def _baseline(line: etree._Element) -> Polyline:
    stated = line.get("BASELINE")
    height, box = number(stated), _boxes(line)
    if height is None:
        return points(stated)
    return ((box[0][0], height), (box[1][0], height)) if box else ()


def _polygon(line: etree._Element) -> Polyline:
    shapes = [polygon for shape in children(line, "Shape") for polygon in children(shape, "Polygon")]
    return (points(shapes[0].get("POINTS")) if shapes else ()) or _boxes(line)


def _boxes(line: etree._Element) -> Polyline:
    """The line's box, or else the one around its Strings' boxes; () when there is none."""
    found = _box(line) or [corner for part in children(line, "String") for corner in _box(part)]
    if not found:
        return ()
    xs, ys = zip(*found, strict=True)
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _box(element: etree._Element) -> list[tuple[float, float]]:
    """Left top and right bottom corner; [] unless the box is stated in full and not empty."""
    left, top, width, height = (number(element.get(key)) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    if left is None or top is None or not width or not height:
        return []
    return [(left, top), (left + width, top + height)]
