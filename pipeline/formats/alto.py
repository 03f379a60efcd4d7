"""ALTO: written as version 4.4, and the lines that a person transcribed read from any version 2 to 4 and program.

    alto > Description > MeasurementUnit, sourceImageInformation > fileName
         > Layout > Page > PrintSpace > TextBlock > TextLine > Shape > Polygon, String, SP, HYP

Source: https://www.loc.gov/standards/alto/
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from pipeline.document import Line, Page, Polyline, Word, bounding_box
from pipeline.formats.safe_xml import children, clean, inherited, name, number, parse, points, size
from pipeline.hyphens import Place, broken_words
from pipeline.transcription import BadTranscription, TranscribedLine, TranscribedPage

ROOT: Final = "alto"
SOFT_HYPHEN: Final = "\u00ad"
NAMESPACE: Final = "http://www.loc.gov/standards/alto/ns-v4#"
_MAKE: Final = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})

Half = tuple[str, str]  # SUBS_TYPE, SUBS_CONTENT


def render(document_id: str, page: Page) -> bytes:
    """One page as an ALTO file, the same bytes for the same page.

    A block for every region's lines, in reading order; words with boxes, outlines, confidences and other readings. Both
    halves of a word that a hyphen breaks name the whole. Characters that XML forbids become U+FFFD.
    """
    halves = _halves(page.lines)
    numbered = groupby(enumerate(page.lines), key=lambda each: each[1].region)
    blocks = (_block_element(place, list(lines), halves) for place, (_, lines) in enumerate(numbered, 1))
    space = _MAKE.PrintSpace(_box_of(((0.0, 0.0), (page.width, page.height))), *blocks)
    facts = {"ID": f"page_{page.number}", "PHYSICAL_IMG_NR": str(page.number), "PROCESSINGREFS": "reading"}
    facts |= {"WIDTH": str(page.width), "HEIGHT": str(page.height), **_language(page.language)}
    if page.confidence is not None:
        facts["PC"] = f"{page.confidence:.4f}"
    root = _MAKE.alto(_description(document_id, page), _MAKE.Layout(_MAKE.Page(facts, space)), SCHEMAVERSION="4.4")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _description(document_id: str, page: Page) -> etree._Element:
    source = _MAKE.sourceImageInformation(
        _MAKE.fileName(clean(page.source.rpartition("/")[2])), _MAKE.documentIdentifier(clean(document_id))
    )
    software = _MAKE.processingSoftware(_MAKE.softwareName("Inkbeam"), _MAKE.softwareVersion(version("inkbeam")))
    made_with = _MAKE.processingStepSettings(clean(f"bundle {page.bundle}, revision {page.revision}"))
    return _MAKE.Description(
        _MAKE.MeasurementUnit("pixel"), source, _MAKE.Processing({"ID": "reading"}, made_with, software)
    )


def _halves(lines: Sequence[Line]) -> dict[Place, Half]:
    found: dict[Place, Half] = {}
    for first, (second, whole) in broken_words(lines).items():
        found |= {first: ("HypPart1", whole), second: ("HypPart2", whole)}
    return found


def _block_element(place: int, lines: Sequence[tuple[int, Line]], halves: Mapping[Place, Half]) -> etree._Element:
    around = tuple(corner for _, line in lines for corner in line.polygon)
    members = (_line_element(f"line_{number + 1}", number, line, halves) for number, line in lines)
    return _MAKE.TextBlock({"ID": f"block_{place}", **_box_of(around)}, *members)


def _line_element(identifier: str, number: int, line: Line, halves: Mapping[Place, Half]) -> etree._Element:
    facts = {"ID": identifier, **_box_of(line.polygon), "BASELINE": _points(line.baseline), **_language(line.language)}
    element = _MAKE.TextLine(facts, _shape_element(line.polygon))
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


def _shape_element(outline: Polyline) -> etree._Element:
    return _MAKE.Shape(_MAKE.Polygon({"POINTS": _points(outline)}))


def _points(shape: Polyline) -> str:
    return " ".join(f"{x:.10g},{y:.10g}" for x, y in shape)


def _box_of(shape: Polyline) -> dict[str, str]:
    left, top, right, bottom = bounding_box(shape)
    values = {"HPOS": left, "VPOS": top, "WIDTH": right - left, "HEIGHT": bottom - top}
    return {key: f"{value:.10g}" for key, value in values.items()}


def _language(code: str | None) -> dict[str, str]:
    return {"LANG": clean(code)} if code else {}


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
