"""Truth as PAGE XML (2019-07-15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from lxml import etree

from samples.layout import Points, TrueLine, TrueRegion

NAMESPACE: Final = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
NO_DATE: Final = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class TruePage:
    """What is on one page, in pixels of the page as a person sees it. `language` is a language name of PAGE."""

    width: int
    height: int
    language: str
    regions: tuple[TrueRegion, ...]


def page_xml(page: TruePage, image: str, number: int) -> bytes:
    """The truth of page `number` (from 1) of the file `image`."""
    root = etree.Element(f"{{{NAMESPACE}}}PcGts", nsmap={None: NAMESPACE})
    metadata = _child(root, "Metadata")
    for name, value in (("Creator", "samples/make.py"), ("Created", NO_DATE), ("LastChange", NO_DATE)):
        _child(metadata, name).text = value
    size = {"imageWidth": str(page.width), "imageHeight": str(page.height)}
    body = _child(root, "Page", imageFilename=image, **size, primaryLanguage=page.language, custom=f"page {number}")
    if page.regions:
        _reading_order(body, len(page.regions))
    for index, region in enumerate(page.regions, 1):
        _region(body, region, f"r{index}")
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _child(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    child: etree._Element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    return child


def _reading_order(body: etree._Element, count: int) -> None:
    group = _child(_child(body, "ReadingOrder"), "OrderedGroup", id="order")
    for index in range(count):
        _child(group, "RegionRefIndexed", index=str(index), regionRef=f"r{index + 1}")


def _region(body: etree._Element, region: TrueRegion, name: str) -> None:
    element = _child(body, "TextRegion", id=name, type=region.kind)
    outline = cv2.convexHull(np.concatenate([line.polygon for line in region.lines]).astype(np.float32))
    _child(element, "Coords", points=_points(outline[:, 0].astype(np.float64)))
    for index, line in enumerate(region.lines, 1):
        _line(element, line, f"{name}l{index}")
    _text(element, "\n".join(line.text for line in region.lines))


def _line(parent: etree._Element, line: TrueLine, name: str) -> None:
    element = _child(parent, "TextLine", id=name)
    _child(element, "Coords", points=_points(line.polygon))
    _child(element, "Baseline", points=_points(line.baseline))
    _text(element, line.text)


def _text(parent: etree._Element, text: str) -> None:
    _child(_child(parent, "TextEquiv"), "Unicode").text = text


def _points(points: Points) -> str:
    """PAGE knows whole pixels only; points that fall together are written once."""
    rounded: Sequence[tuple[int, int]] = [(round(float(x)), round(float(y))) for x, y in points]
    return " ".join(f"{x},{y}" for x, y in dict.fromkeys(rounded))
