"""METS as we write it, valid and read back, and as Kitodo, the DFG Viewer and OCR-D have it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from pipeline.document import Document, Record
from pipeline.formats import mets, mods
from pipeline.formats.safe_xml import clean
from pipeline.transcription import BadTranscription
from tests.pipeline.formats.schemas import schema
from tests.pipeline.formats.test_hocr import PAGE
from tests.pipeline.formats.written import rendered
from tests.pipeline.strategies import documents, records

CASES = Path(__file__).parents[2] / "cases" / "mets"
HREF = f"{{{mets.XLINK}}}href"
RECORD = Record("Ms. 12", "The letter", "1914", "CC0", "https://iiif.example/1", (("Scribe", "Anna"),))
SCAN = replace(PAGE, source="/in/a b.tif")


def errors(content: bytes) -> list[str]:
    checked = schema("mets-1-12-1.xsd")
    checked.validate(etree.fromstring(content))
    return [str(error) for error in checked.error_log]


def hrefs(content: bytes, use: str) -> list[str]:
    groups = [group for group in etree.fromstring(content).iter("{*}fileGrp") if group.get("USE") == use]
    return [place.get(HREF) or "" for group in groups for place in group.iter("{*}FLocat")]


def described(*lines: str) -> mets.Described:
    """Of a METS file with these pages, whose images are 1.png, 2.png ..."""
    files = "".join(
        f'<file ID="f{k}" MIMETYPE="image/png"><FLocat xmlns:x="{mets.XLINK}" x:href="{k}.png"/></file>'
        for k in range(1, len(lines) + 1)
    )
    content = f'<mets><fileSec><fileGrp USE="DEFAULT">{files}</fileGrp></fileSec>{"".join(lines)}</mets>'
    return mets.read(content.encode())


@settings(max_examples=60, deadline=None)
@given(documents())
def test_every_document_is_valid(document: Document) -> None:
    assert errors(mets.render(document)) == []


def test_a_known_document() -> None:
    pages = (
        replace(SCAN, number=1),
        replace(SCAN, number=2, source="/in/b.PDF"),
        replace(SCAN, number=3, status="failed"),
    )
    content = mets.render(Document("a-00000000", "default", pages, RECORD))
    assert errors(content) == []
    assert hrefs(content, "DEFAULT") == [
        "file:///in/a%20b.tif#page=1",
        "file:///in/b.PDF#page=1",
        "file:///in/a%20b.tif#page=2",
    ]
    assert hrefs(content, "FULLTEXT") == ["../alto/a-00000000/1.xml", "../alto/a-00000000/2.xml"]
    root = etree.fromstring(content)
    divs = [div for div in root.iter("{*}div") if div.get("TYPE") == "page"]
    assert [div.get("ORDER") for div in divs] == ["1", "2", "3"]
    assert [[each.get("FILEID") for each in div] for div in divs] == [
        ["scan_1", "alto_1"],
        ["scan_2", "alto_2"],
        ["scan_3"],
    ]
    assert (root.get("OBJID"), root.get("LABEL")) == ("a-00000000", "The letter")
    found = mets.read(content)
    assert found.record == RECORD
    assert found.images == tuple(hrefs(content, "DEFAULT"))


def test_one_page_of_a_scan_and_objects_in_stores() -> None:
    stored = replace(SCAN, number=2, source="gs://bucket/a b.png")
    content = mets.render(Document("a", "default", (stored, SCAN)))
    assert hrefs(content, "DEFAULT") == ["gs://bucket/a%20b.png", "file:///in/a%20b.tif"]


def test_the_alto_files_that_it_names_are_written_with_it() -> None:
    document = Document("a-00000000", "default", (SCAN,))
    names = [name for name, _ in rendered(document, ("mets",))]
    assert names == ["alto/a-00000000/3.xml", "mets/a-00000000.xml"]
    assert [name for name, _ in rendered(document, ("mets", "alto"))] == names


@settings(max_examples=100, deadline=None)
@given(records)
def test_records_come_back_as_far_as_xml_carries_them(record: Record) -> None:
    def kept(text: str) -> str:
        return " ".join(clean(text).split())

    section = etree.fromstring(etree.tostring(mods.element("a", record)))
    found = mods.read(section)
    for name in ("shelfmark", "title", "date", "rights", "canvas"):
        assert getattr(found, name) == kept(getattr(record, name))
    assert {text for _, text in found.further} <= {kept(text) for _, text in record.further}


def test_kitodo() -> None:
    found = mets.read((CASES / "kitodo.xml").read_bytes())
    assert found.images == ("images/page%20one.png", "images/2.png")
    assert found.record == Record(
        "Ms. 12",
        "Das Tagebuch einer Reise: erster Teil",
        "1794",
        "https://creativecommons.org/publicdomain/mark/1.0/",
        "",
        (("provenance", "Given in 1901"),),
    )


def test_dfg() -> None:
    found = mets.read((CASES / "dfg.xml").read_bytes())
    assert found.images == ("https://archive.example/1.jpg", "images/2.png", "images/gone.png", "")
    assert found.record == Record("AN 306", "Letters", "1914", "CC0")


def test_ocr_d() -> None:
    found = mets.read((CASES / "ocr-d.xml").read_bytes())
    assert found.images == ("images/2.png", "images/page one.png")
    assert found.record == Record(title="A workspace")


@pytest.mark.parametrize("case", ["kitodo.xml", "dfg.xml", "ocr-d.xml"])
def test_the_cases_are_mets(case: str) -> None:
    assert errors((CASES / case).read_bytes()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<alto/>", "is alto, not METS"),
        (b"<mets/>", "names no image"),
        (b"<mets", "Couldn't find end|expected|Specification|Premature"),
        (b'<!DOCTYPE mets [<!ENTITY a "b">]><mets>&a;</mets>', "DOCTYPE"),
    ],
)
def test_what_cannot_be_used_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(BadTranscription, match=message):
        mets.read(content)


def test_pages_without_types_are_what_points_at_files() -> None:
    first, second = '<div ORDER="2"><fptr FILEID="f1"/></div>', '<div ORDER="1.5"><fptr FILEID="f2"/></div>'
    pages = f"<structMap><div>{first}{second}</div></structMap>"
    assert described(pages, "").images == ("2.png", "1.png")
    assert described(pages.replace('ORDER="2"', ""), "").images == ("1.png", "2.png")
