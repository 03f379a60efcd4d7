"""hOCR: a page as XHTML with boxes, written and read after the hOCR specification 1.2.

    html > head > meta ocr-system, ocr-capabilities, ocr-langs
         > body > div.ocr_page > div.ocr_carea > p.ocr_par > span.ocr_line > span.ocrx_word

hOCR carries less than a Page: boxes of whole pixels instead of outlines, straight baselines, confidences in per cent.
Lines that a person corrected have x_corrected_by, a name or "", and x_corrected_with, a program; both are our own.
Numbers have the plain forms that hocr-tools and OCRmyPDF read: no exponents, whole confidences and baseline offsets.
Source: http://kba.github.io/hocr-spec/1.2/
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from itertools import groupby, pairwise
from statistics import fmean, linear_regression
from typing import Final

import numpy as np
from lxml import etree
from lxml.builder import ElementMaker

from pipeline.document import Line, Page, Polyline, Region, Status, Word, bounding_box, polyline
from pipeline.formats.hocr_title import quoted, told, unquoted
from pipeline.formats.safe_xml import clean, numbered

Box = tuple[int, int, int, int]

_SYSTEM: Final = f"inkbeam {version('inkbeam')}"
_CAPABILITIES: Final = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_lang ocrp_wconf"
_DOCTYPE: Final = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_MAKE: Final = ElementMaker(namespace=_XHTML, nsmap={None: _XHTML})

_LINES: Final = ("ocr_line", "ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat")


def render(document_id: str, page: Page) -> bytes:
    """One page as an hOCR file: UTF-8 XHTML, the same bytes for the same page.

    Boxes are clipped to the page and at least one pixel wide and high. Characters that XML forbids become U+FFFD. A
    line steeper than 45 degrees has a `textangle` instead of a baseline, since hOCR's baselines are functions of x.
    """
    body = _page_element(page)
    _give_ids(body, page.number)
    root = _MAKE.html(_head(document_id, page), _MAKE.body(body))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", doctype=_DOCTYPE, pretty_print=True)


def parse(content: bytes) -> Page:
    """The first page of an hOCR file, ours or another program's, with what hOCR carries.

    Outlines are rectangles, baselines have two points, every ocr_carea is a region. Where a line has no confidence it
    is the mean of its words'; what is missing otherwise is 0 or empty: `source_sha256`, `bundle`, `revision`, rotation,
    skew. Raises ValueError when the content is not hOCR.
    """
    try:
        # The HTML parser reads sloppy files too, and knows no entities that could grow or reach out.
        root = etree.fromstring(content, etree.HTMLParser(encoding="utf-8", no_network=True))
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not hOCR: {error}") from error
    pages = [] if root is None else _having(root, "ocr_page")
    if not pages:
        raise ValueError("not hOCR: it has no element of class ocr_page")
    return _page(pages[0])


def _head(document_id: str, page: Page) -> etree._Element:
    languages = {page.language, *(line.language for line in page.lines)} - {None}
    metas = {"ocr-system": _SYSTEM, "ocr-capabilities": _CAPABILITIES, "ocr-number-of-pages": "1"}
    if languages:
        metas["ocr-langs"] = clean(" ".join(sorted(filter(None, languages))))
    return _MAKE.head(
        _MAKE.title(clean(f"{document_id}, page {page.number}")),
        _MAKE.meta({"http-equiv": "Content-Type", "content": "text/html; charset=utf-8"}),
        *(_MAKE.meta({"name": name, "content": text}) for name, text in metas.items()),
    )


def _page_element(page: Page) -> etree._Element:
    size = max(page.width, 1), max(page.height, 1)
    properties = [
        f"image {quoted(page.source)}",
        f"bbox 0 0 {size[0]} {size[1]}",
        f"ppageno {page.number - 1}",
    ]
    if page.dpi > 0:
        # The specification says scan_res; x_scanres is what some older readers look for.
        properties.append("scan_res {0} {0}; x_scanres {0}".format(max(1, round(page.dpi))))
    if page.status == "doubtful":
        properties.append("x_status doubtful")
    element = _element("div", "ocr_page", properties, page.language)
    element.extend(_area_element(list(lines), size) for _, lines in groupby(page.lines, key=lambda line: line.region))
    return element


def _area_element(lines: list[Line], size: tuple[int, int]) -> etree._Element:
    element = _element("div", "ocr_carea", [_bbox(_lines_box(lines, size))])
    for _, paragraph in groupby(lines, key=lambda line: line.paragraph):
        members = list(paragraph)
        child = _element("p", "ocr_par", [_bbox(_lines_box(members, size))])
        child.extend(_line_element(line, size) for line in members)
        element.append(child)
    return element


def _line_element(line: Line, size: tuple[int, int]) -> etree._Element:
    box = _lines_box([line], size)
    properties = [
        _bbox(box),
        _baseline(line.baseline, box),
        f"x_size {_height(line, box)}",
        f"x_wconf {_percent(line.confidence)}",
    ]
    if line.corrected_by is not None:
        properties.append(f"x_corrected_by {quoted(line.corrected_by)}")
        properties.append(f"x_corrected_with {quoted(line.corrected_with or '')}")
    element = _element("span", "ocr_line", properties, line.language)
    for word in line.words:
        child = _element("span", "ocrx_word", [_bbox(_box(word.polygon, size)), f"x_wconf {_percent(word.confidence)}"])
        child.text, child.tail = clean(word.text), " "
        element.append(child)
    if line.words:
        element[-1].tail = None
    else:
        element.text = clean(line.text)
    return element


def _element(tag: str, name: str, properties: Iterable[str], language: str | None = None) -> etree._Element:
    element = _MAKE(tag, {"class": name, "title": "; ".join(properties)})
    if language:
        element.set("lang", clean(language))
        element.set(_XML_LANG, clean(language))
    return element


def _give_ids(body: etree._Element, page: int) -> None:
    """Ids like line_3_17 (page 3, line 17), which stay unique when the files of a document are combined."""
    seen: Counter[str] = Counter()
    for element in body.iter():
        kind = element.get("class", "").rpartition("_")[2]
        seen[kind] += 1
        element.set("id", f"page_{page}" if kind == "page" else f"{kind}_{page}_{seen[kind]}")


def _box(points: Polyline, size: tuple[int, int]) -> Box:
    """Smallest box of whole pixels around the points, within the page and not empty."""
    left, top, right, bottom = bounding_box(points)
    (x0, x1), (y0, y1) = _clipped(left, right, size[0]), _clipped(top, bottom, size[1])
    return x0, y0, x1, y1


def _clipped(low: float, high: float, size: int) -> tuple[int, int]:
    start = min(max(math.floor(low), 0), size - 1)
    return start, min(max(math.ceil(high), start + 1), size)


def _lines_box(lines: Iterable[Line], size: tuple[int, int]) -> Box:
    """Box around lines and all their words, so that boxes nest as the elements do."""
    shapes = [shape for line in lines for shape in (line.polygon, *(word.polygon for word in line.words))]
    lefts, tops, rights, bottoms = zip(*(_box(shape, size) for shape in shapes), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _bbox(box: Box) -> str:
    return "bbox {} {} {} {}".format(*box)


def _baseline(points: Polyline, box: Box) -> str:
    """The property `baseline`: slope and offset of the fitted line from the box's bottom left corner, y down."""
    (start_x, start_y), (end_x, end_y) = points[0], points[-1]
    if abs(end_x - start_x) <= abs(end_y - start_y):
        return f"textangle {math.degrees(math.atan2(start_y - end_y, end_x - start_x)):.2f}"
    slope, intercept = linear_regression(*zip(*points, strict=True))
    offset = slope * box[0] + intercept - box[3]
    return f"baseline {round(slope, 5) + 0.0:.5f} {round(offset)}"


def _height(line: Line, box: Box) -> int:
    """Mean height of a line in pixels, the area of its polygon over the length of its baseline; not raised by skew."""
    closed = (*line.polygon, line.polygon[0])
    area = abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(closed))) / 2
    length = sum(math.dist(start, end) for start, end in pairwise(line.baseline))
    return min(max(1, round(area / length)), box[3] - box[1]) if length else box[3] - box[1]


def _percent(confidence: float) -> int:
    return round(100 * confidence)


def _page(element: etree._Element) -> Page:
    properties = told(element)
    left, top, right, bottom = _read_box(properties)
    found = _having(element, *_LINES)
    areas = numbered(_ancestor(line, "ocr_carea") for line in found)
    paragraphs = numbered(_ancestor(line, "ocr_par") for line in found)
    return Page(
        number=int(properties.get("ppageno", "0")) + 1,
        source=unquoted(properties, "image") or "",
        source_sha256="",
        width=right - left,
        height=bottom - top,
        dpi=float(properties.get("scan_res", "0").split()[0]),
        rotation=0,
        skew_degrees=0.0,
        status=_status(properties) if found else "blank",
        lines=tuple(
            _line(line, areas[_ancestor(line, "ocr_carea")], paragraphs[_ancestor(line, "ocr_par")]) for line in found
        ),
        regions=tuple(Region("column", _rectangle(_read_box(told(area)))) for area in areas),
        bundle="",
        revision="",
        language=element.get("lang"),
    )


def _status(properties: Mapping[str, str]) -> Status:
    return "doubtful" if properties.get("x_status") == "doubtful" else "read"


def _line(element: etree._Element, region: int, paragraph: int) -> Line:
    properties = told(element)
    box = _read_box(properties)
    words = tuple(_word(word) for word in _having(element, "ocrx_word"))
    text = " ".join(word.text for word in words) if words else _text(element)
    mean = fmean(word.confidence for word in words) if words else 0.0
    return Line(
        text=text,
        confidence=_read_confidence(properties, mean),
        baseline=_read_baseline(properties, box),
        polygon=_rectangle(box),
        words=words,
        region=region,
        paragraph=paragraph,
        language=element.get("lang") or _ancestor(element, "ocr_par").get("lang"),
        corrected_by=unquoted(properties, "x_corrected_by"),
        corrected_with=unquoted(properties, "x_corrected_with"),
    )


def _word(element: etree._Element) -> Word:
    properties = told(element)
    return Word(_text(element), _read_confidence(properties, 0.0), _rectangle(_read_box(properties)))


def _text(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _having(element: etree._Element, *classes: str) -> list[etree._Element]:
    return [found for found in element.iter("*") if found.get("class") in classes]


def _ancestor(element: etree._Element, name: str) -> etree._Element:
    """The nearest element around this one that has the class, or else the page."""
    around = [found for found in element.iterancestors() if found.get("class") in (name, "ocr_page")]
    return around[0]


def _read_box(properties: Mapping[str, str]) -> Box:
    """The property `bbox`; raises ValueError when it is missing or does not have four whole numbers."""
    found = re.fullmatch(r"(\d+) (\d+) (\d+) (\d+)", properties.get("bbox", "").strip())
    if not found:
        raise ValueError(f"not hOCR: an element has the box {properties.get('bbox')!r} instead of four whole numbers")
    x0, y0, x1, y1 = map(int, found.groups())
    return x0, y0, x1, y1


def _read_confidence(properties: Mapping[str, str], otherwise: float) -> float:
    value = float(properties["x_wconf"]) / 100 if "x_wconf" in properties else otherwise
    return float(np.float32(value))


def _read_baseline(properties: Mapping[str, str], box: Box) -> Polyline:
    """Two points: on the baseline at both ends of the box, or along the middle of the box for a steep line."""
    left, top, right, bottom = box
    middle = (left + right) / 2
    if "baseline" not in properties and abs(float(properties.get("textangle", "0"))) > 45:
        ends = [(middle, bottom), (middle, top)]
        return polyline(ends if float(properties["textangle"]) > 0 else ends[::-1])
    coefficients = [float(value) for value in properties.get("baseline", "0 0").split()]
    return polyline((x, bottom + float(np.polyval(coefficients, x - left))) for x in (left, right))


def _rectangle(box: Box) -> Polyline:
    left, top, right, bottom = box
    return polyline([(left, top), (right, top), (right, bottom), (left, bottom)])
