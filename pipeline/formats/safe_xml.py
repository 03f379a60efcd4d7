"""XML from strangers: parsed without network, entities or document types; what may stand in ours; and what ALTO and
PAGE spell alike.
"""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np
from lxml import etree

from pipeline.document import Polyline
from pipeline.transcription import BadTranscription

BROKEN: Final = "broken XML"
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FURTHEST: Final = 1e6
SCHEMA_LOCATION: Final = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Key = TypeVar("Key", bound=Hashable)


def parse(content: bytes) -> etree._Element:
    """The root element, comments and processing instructions left out.

    Raises BadTranscription when the content is not XML, or has a document type: none of our formats has one, and it is
    what declares entities, which can grow without bounds or reach for other files.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise BadTranscription(BROKEN, f"{error}; export it again") from error
    if root.getroottree().docinfo.doctype:
        raise BadTranscription(
            BROKEN, "has a document type (DOCTYPE), which ALTO, PAGE, METS and TEI have not; take it out"
        )
    return root


def clean(text: str) -> str:
    """The text with U+FFFD for characters that XML forbids."""
    return _NOT_XML.sub("\ufffd", text)


def name(element: etree._Element) -> str:
    """The element's name without its namespace, so that every version of a format reads alike."""
    return etree.QName(element).localname


def children(element: etree._Element, *names: str) -> list[etree._Element]:
    """Children of these names, in any namespace."""
    return [child for child in element if name(child) in names]


def inherited(element: etree._Element, *attributes: str) -> str:
    """The first of the attributes that the element, or else the nearest one around it, has; '' if there is none."""
    for around in (element, *element.iterancestors()):
        for attribute in attributes:
            if value := around.get(attribute):
                return str(value)
    return ""


def number(text: str | None) -> float | None:
    """A plain number within a million of 0; None for anything else."""
    if not _NUMBER.fullmatch(text or ""):
        return None
    value = float(text or "")
    return value if abs(value) <= _FURTHEST else None


def size(text: str | None) -> int:
    """A width or height in whole pixels; 0 where none is stated."""
    return max(0, round(number(text) or 0.0))


def points(text: str | None) -> Polyline:
    """`x,y x,y` or `x y x y` -> points; () unless all are pairs of plain numbers."""
    values = [number(part) for part in re.split(r"[\s,]+", (text or "").strip())]
    known = [value for value in values if value is not None]
    if len(known) < len(values) or len(known) % 2:
        return ()
    return tuple(zip(known[::2], known[1::2], strict=True))


def share(text: str | None) -> float | None:
    """A confidence in 0..1, representable in 32 bits; None for anything else."""
    value = number(text)
    return float(np.float32(value)) if value is not None and 0 <= value <= 1 else None


def numbered(keys: Iterable[Key]) -> Mapping[Key, int]:
    """The different keys, numbered from 0 in the order of their first appearance."""
    return {key: place for place, key in enumerate(dict.fromkeys(keys))}


def in_order(elements: Iterable[etree._Element], ids: Iterable[str], attribute: str) -> Sequence[etree._Element]:
    """Elements as a reading order names them or what is around them; those that it does not name after the others.

    `attribute` is that of the ids. Of several names that apply to an element the nearest counts.
    """
    ranks = numbered(ids)

    def rank(element: etree._Element) -> int:
        names = (around.get(attribute) or "" for around in (element, *element.iterancestors()))
        return next((ranks[name] for name in names if name in ranks), len(ranks))

    return sorted(elements, key=rank)
