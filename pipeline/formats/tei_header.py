"""The header of a TEI file: what is known of the document, written and read."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from pipeline.document import Document, Record
from pipeline.files import URL
from pipeline.formats.lines import Hand, hands
from pipeline.formats.safe_xml import clean

NAMESPACE: Final = "http://www.tei-c.org/ns/1.0"
NAMES: Final = {"t": NAMESPACE}
MAKE: Final = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})
OURS: Final = "inkbeam"
IIIF: Final = "IIIF"
ID: Final = "{http://www.w3.org/XML/1998/namespace}id"
CORRECTOR: Final = ("person", "program")


def header(document: Document) -> etree._Element:
    """The teiHeader of a document; other columns of the catalogue are notes of their names (`n`)."""
    record = document.record
    named = MAKE.titleStmt(MAKE.title(clean(record.title or document.id)), *_correctors(document))
    description = MAKE.fileDesc(named, _publication(document))
    if record.further:
        notes = (MAKE.note({"n": clean(column)}, clean(value)) for column, value in record.further)
        description.append(MAKE.notesStmt(*notes))
    description.append(MAKE.sourceDesc(_manuscript(record)))
    program = MAKE.application({"ident": OURS, "version": version("inkbeam")}, MAKE.label("Inkbeam"))
    return MAKE.teiHeader(description, MAKE.encodingDesc(MAKE.appInfo(program)))


def _correctors(document: Document) -> Iterator[etree._Element]:
    """Who corrected lines, a person without a name too, and with what program."""
    for each, identifier in correctors(document).items():
        who, tool = (MAKE.name({"type": kind}, clean(told)) for kind, told in zip(CORRECTOR, each, strict=True))
        yield MAKE.respStmt({ID: identifier}, MAKE.resp("lines corrected"), who, tool)


def correctors(document: Document) -> dict[Hand, str]:
    """Ids of the statements that say who corrected lines of the document."""
    found = hands(line for page in document.pages for line in page.lines)
    return {each: f"corrector_{place}" for place, each in enumerate(found, 1)}


def told_correctors(root: etree._Element) -> dict[str, Hand]:
    """Who corrected lines, and with what, by the ids of the statements."""
    found = {}
    for statement in root.iterfind(".//t:titleStmt/t:respStmt", NAMES):
        who, tool = (_text(statement, f"t:name[@type='{kind}']") for kind in CORRECTOR)
        found[statement.get(ID) or ""] = who, tool
    return found


def _publication(document: Document) -> etree._Element:
    """Who published it is for others to say; rights that are an address become a licence."""
    record = document.record
    collection = MAKE.idno({"type": "collection"}, clean(document.collection))
    statement = MAKE.publicationStmt(MAKE.publisher(), MAKE.idno({"type": OURS}, clean(document.id)), collection)
    if record.canvas:
        statement.append(MAKE.idno({"type": IIIF}, clean(record.canvas)))
    if record.rights:
        licensed = URL.match(record.rights) and not set(record.rights) & set(' <>"{}|\\^`')
        told = MAKE.licence({"target": record.rights}) if licensed else MAKE.p(clean(record.rights))
        statement.append(MAKE.availability(told))
    return statement


def _manuscript(record: Record) -> etree._Element:
    shelfmark = [MAKE.idno({"type": "shelfmark"}, clean(record.shelfmark))] if record.shelfmark else []
    manuscript = MAKE.msDesc(MAKE.msIdentifier(*shelfmark))
    if record.date:
        manuscript.append(MAKE.history(MAKE.origin(MAKE.origDate(clean(record.date)))))
    return manuscript


def identity(root: etree._Element) -> tuple[str, str, Record]:
    """Id, collection and record of a document that we wrote; '' for what is missing."""
    document_id = _text(root, "//t:publicationStmt/t:idno[@type='inkbeam']")
    title = _text(root, "//t:titleStmt/t:title")
    record = Record(
        shelfmark=_text(root, "//t:msIdentifier/t:idno[@type='shelfmark']"),
        title="" if title == document_id else title,
        date=_text(root, "//t:origDate"),
        rights=_text(root, "//t:availability/t:licence/@target") or _text(root, "//t:availability/t:p"),
        canvas=_text(root, "//t:publicationStmt/t:idno[@type='IIIF']"),
        further=tuple(_notes(root)),
    )
    return document_id, _text(root, "//t:publicationStmt/t:idno[@type='collection']"), record


def _notes(root: etree._Element) -> Iterator[tuple[str, str]]:
    for note in root.iterfind(".//t:notesStmt/t:note", NAMES):
        yield note.get("n") or "", note.text or ""


def _text(root: etree._Element, path: str) -> str:
    return str(root.xpath(f"string({path})", namespaces=NAMES))
