"""What is known of a document as descriptive metadata: written as MODS 3.7, read from MODS and Dublin Core.

Sources: https://www.loc.gov/standards/mods/ and https://www.dublincore.org/specifications/dublin-core/dces/
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from pipeline.document import Record
from pipeline.formats.safe_xml import children, clean, name

NAMESPACE: Final = "http://www.loc.gov/mods/v3"
HREF: Final = "{http://www.w3.org/1999/xlink}href"
DATES: Final = ("dateCreated", "dateIssued", "dateOther")
DIGITIZED: Final = "digitization"
IIIF: Final = "IIIF"
ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)  # of a URL or URN, which is no shelfmark
_MAKE: Final = ElementMaker(namespace=NAMESPACE, nsmap={"mods": NAMESPACE})


def element(document_id: str, record: Record) -> etree._Element:
    """A record as MODS; other columns of the catalogue are notes of their names' types."""
    mods = _MAKE.mods({"version": "3.7"})
    if record.title:
        mods.append(_MAKE.titleInfo(_MAKE.title(clean(record.title))))
    if record.date:
        mods.append(_MAKE.originInfo(_MAKE.dateCreated(clean(record.date))))
    mods.extend(_MAKE.note({"type": clean(column)}, clean(value)) for column, value in record.further)
    if record.shelfmark or record.canvas:
        location = _MAKE.location()
        location.extend([_MAKE.shelfLocator(clean(record.shelfmark))] if record.shelfmark else [])
        location.extend([_MAKE.url({"displayLabel": IIIF}, clean(record.canvas))] if record.canvas else [])
        mods.append(location)
    if record.rights:
        mods.append(_MAKE.accessCondition({"type": "use and reproduction"}, clean(record.rights)))
    mods.append(_MAKE.recordInfo(_MAKE.recordIdentifier({"source": "inkbeam"}, clean(document_id))))
    return mods


def read(section: etree._Element) -> Record:
    """The record of a dmdSec, with white space collapsed; an empty one where it holds neither MODS nor Dublin Core."""
    for mods in section.iter("{*}mods"):
        return _of_mods(mods)
    return _of_dublin_core(section)


def _of_mods(mods: etree._Element) -> Record:
    """Of several titles, dates and so on the first; not those of related items, nor the date of digitization."""
    locations = children(mods, "location")
    origins = [origin for origin in children(mods, "originInfo") if origin.get("eventType") != DIGITIZED]
    titles = [title for title in children(mods, "titleInfo") if not title.get("type")]
    conditions = children(mods, "accessCondition")
    return Record(
        shelfmark=_first(shelf for location in locations for shelf in children(location, "shelfLocator")),
        title=_title(titles[0]) if titles else "",
        date=_first(date for origin in origins for date in children(origin, *DATES)),
        rights=_first(conditions) or next((href for each in conditions if (href := each.get(HREF))), ""),
        canvas=_first(url for where in locations for url in children(where, "url") if url.get("displayLabel") == IIIF),
        further=tuple(_notes(mods)),
    )


def _title(title: etree._Element) -> str:
    """Article, title and subtitle."""
    main = " ".join(filter(None, (_first(children(title, "nonSort")), _first(children(title, "title")))))
    return ": ".join(filter(None, (main, _first(children(title, "subTitle")))))


def _notes(mods: etree._Element) -> Iterator[tuple[str, str]]:
    """The first note of each type."""
    seen = set()
    for note in children(mods, "note"):
        kind, text = note.get("type"), _text(note)
        if kind and text and kind not in seen:
            seen.add(kind)
            yield kind, text


def _of_dublin_core(section: etree._Element) -> Record:
    terms = list(section.iter("{*}*"))

    def first(kind: str) -> str:
        return _first(term for term in terms if name(term) == kind)

    shelfmarks = (term for term in terms if name(term) == "identifier" and not ADDRESS.match(_text(term)))
    return Record(_first(shelfmarks), first("title"), first("date"), first("rights"))


def _first(elements: Iterable[etree._Element]) -> str:
    return next(filter(None, map(_text, elements)), "")


def _text(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())
