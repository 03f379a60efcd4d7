"""METS: a document as METS 1.12.1, as archives keep it and the DFG Viewer and Kitodo show it; and the images that any
METS file names.

    mets > dmdSec > MODS
         > fileSec > fileGrp DEFAULT (the scans), FULLTEXT (our ALTO files) > file > FLocat
         > structMap PHYSICAL > div physSequence > div page > fptr
         > structMap LOGICAL > div, and structLink between both

Source: https://www.loc.gov/standards/mets/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final
from urllib.parse import quote

from lxml import etree
from lxml.builder import ElementMaker

from pipeline.document import Document, Page, Record
from pipeline.formats import mods
from pipeline.formats.safe_xml import children, clean, name, number, parse
from pipeline.formats.scan_addresses import PDF, mime_type, scan_addresses
from pipeline.transcription import BadTranscription

NAMESPACE: Final = "http://www.loc.gov/METS/"
XLINK: Final = "http://www.w3.org/1999/xlink"
NO_DATE: Final = "1970-01-01T00:00:00Z"  # the bytes depend on the content alone
# Groups of images by their USE, the best first; those that are not named here come next, and the small ones last.
BEST: Final = ("master", "original", "archive", "preservation", "max", "ocr-d-img", "default", "image", "images")
SMALL: Final = ("min", "thumbs", "thumbnail", "thumbnails", "teaser", "preview")
_MAKE: Final = ElementMaker(namespace=NAMESPACE, nsmap={"mets": NAMESPACE, "xlink": XLINK, "mods": mods.NAMESPACE})


def render(document: Document) -> bytes:
    """A document as a METS file, the same bytes for the same document.

    Scans are named by where they were read, pages of a PDF or of a scan with several as `#page=`; ALTO files relative
    to this one, for all pages but those that failed. Characters that XML forbids become U+FFFD.
    """
    label = clean(document.record.title or document.id)
    pages = [_MAKE.div(_facts(page), *_pointers(page)) for page in document.pages]
    sequence = _MAKE.div({"ID": "physical", "TYPE": "physSequence"}, *pages)
    whole = _MAKE.div({"ID": "logical", "TYPE": "document", "LABEL": label, "DMDID": "record"})
    root = _MAKE.mets(
        {"OBJID": clean(document.id), "LABEL": label},
        _header(),
        _MAKE.dmdSec({"ID": "record"}, _wrapped(mods.element(document.id, document.record))),
        *_file_section(document),
        _MAKE.structMap({"TYPE": "PHYSICAL"}, sequence),
        _MAKE.structMap({"TYPE": "LOGICAL"}, whole),
        _MAKE.structLink(_MAKE.smLink({f"{{{XLINK}}}from": "logical", f"{{{XLINK}}}to": "physical"})),
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _header() -> etree._Element:
    software = {"ROLE": "CREATOR", "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}
    return _MAKE.metsHdr({"CREATEDATE": NO_DATE}, _MAKE.agent(software, _MAKE.name(f"inkbeam {version('inkbeam')}")))


def _wrapped(metadata: etree._Element) -> etree._Element:
    return _MAKE.mdWrap({"MDTYPE": "MODS", "MIMETYPE": "text/xml"}, _MAKE.xmlData(metadata))


def _file_section(document: Document) -> Iterator[etree._Element]:
    """The groups of files, of which METS wants one at least, and a file in each."""
    addresses = scan_addresses(document)
    scans = [_scan(page, addresses[page.number]) for page in document.pages]
    texts = [_alto(document.id, page) for page in document.pages if page.status != "failed"]
    groups = [_MAKE.fileGrp({"USE": use}, *files) for use, files in (("DEFAULT", scans), ("FULLTEXT", texts)) if files]
    if groups:
        yield _MAKE.fileSec(*groups)


def _scan(page: Page, address: str) -> etree._Element:
    kind = mime_type(page.source)
    facts = {"ID": f"scan_{page.number}"} | ({"MIMETYPE": kind} if kind else {})
    if page.source_sha256:
        facts |= {"CHECKSUM": page.source_sha256, "CHECKSUMTYPE": "SHA-256"}
    return _MAKE.file(facts, _location(address))


def _alto(document_id: str, page: Page) -> etree._Element:
    address = _location(f"../alto/{quote(document_id, errors='replace')}/{page.number}.xml")
    return _MAKE.file({"ID": f"alto_{page.number}", "MIMETYPE": "text/xml"}, address)


def _location(address: str) -> etree._Element:
    return _MAKE.FLocat({"LOCTYPE": "URL", f"{{{XLINK}}}href": address})


def _facts(page: Page) -> dict[str, str]:
    return {"ID": f"page_{page.number}", "TYPE": "page", "ORDER": str(page.number), "ORDERLABEL": str(page.number)}


def _pointers(page: Page) -> Iterator[etree._Element]:
    yield _MAKE.fptr({"FILEID": f"scan_{page.number}"})
    if page.status != "failed":
        yield _MAKE.fptr({"FILEID": f"alto_{page.number}"})


@dataclass(frozen=True, slots=True)
class Described:
    """What a METS file tells: the record, and the address of each page's best image, '' where it has none."""

    record: Record
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the fileSec; `rank` orders those of one page, the best first."""

    address: str
    rank: tuple[bool, int]


def read(content: bytes) -> Described:
    """Record and images of a METS file, in the order of its physical structure.

    Pages are the divs of the type page, or, where there are none, all that point at files; in the order of their ORDER,
    or else of the file. Raises BadTranscription when it is not METS, or names no page.
    """
    root = parse(content)
    if name(root) != "mets":
        raise BadTranscription("unusable METS", f"is {name(root)}, not METS; take it out of the input")
    files = dict(_images(root))
    images = tuple(_best(page, files) for page in _pages(root))
    if not any(images):
        raise BadTranscription("unusable METS", "names no image in a physical structMap; add one, or give the images")
    return Described(_record(root), images)


def _images(root: etree._Element) -> Iterator[tuple[str, _File]]:
    for file in root.iter("{*}file"):
        address = next((href for place in children(file, "FLocat") if (href := place.get(f"{{{XLINK}}}href"))), "")
        kind = file.get("MIMETYPE") or mime_type(address.partition("#")[0])
        if address and kind.startswith(("image/", PDF)):
            uses = (group.get("USE") for group in file.iterancestors("{*}fileGrp"))
            yield file.get("ID") or "", _File(address, (kind == PDF, _preference(next(filter(None, uses), ""))))


def _preference(use: str) -> int:
    plain = use.casefold().removesuffix(" image")
    if plain in BEST:
        return BEST.index(plain)
    return len(BEST) + (plain in SMALL)


def _pages(root: etree._Element) -> list[etree._Element]:
    physical = [each for each in root.iter("{*}structMap") if (each.get("TYPE") or "physical").lower() == "physical"]
    divs = [div for structure in physical[:1] for div in structure.iter("{*}div")]
    pages = [div for div in divs if (div.get("TYPE") or "").lower() == "page"]
    pages = pages or [div for div in divs if children(div, "fptr")]
    orders = [number(page.get("ORDER")) for page in pages]
    known = [order for order in orders if order is not None]
    if len(known) < len(pages):
        return pages
    return [page for _, page in sorted(zip(known, pages, strict=True), key=lambda each: each[0])]


def _best(page: etree._Element, files: Mapping[str, _File]) -> str:
    pointers = (each.get("FILEID") or "" for each in page.iter("{*}fptr", "{*}area"))
    found = [files[pointer] for pointer in pointers if pointer in files]
    return min(found, key=lambda file: file.rank).address if found else ""


def _record(root: etree._Element) -> Record:
    """Of the section that the document as a whole refers to, or else the first; the title also of the file itself."""
    sections = {section.get("ID") or "": section for section in root.iter("{*}dmdSec")}
    logical = (each for each in root.iter("{*}structMap") if (each.get("TYPE") or "").lower() == "logical")
    named = (name for each in logical for div in each.iter("{*}div") for name in (div.get("DMDID") or "").split())
    chosen = next((name for name in named if name in sections), next(iter(sections), None))
    record = mods.read(sections[chosen]) if chosen is not None else Record()
    return record if record.title else replace(record, title=root.get("LABEL") or "")
