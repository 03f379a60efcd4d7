from pathlib import Path

import numpy as np
import pytest

from pipeline.formats import page
from pipeline.transcription import BadTranscription

PAGES = Path(__file__).parents[4] / "shared" / "data" / "pages"
NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/{}-07-15"
COORDS = '<Coords points="100,50 500,50 500,90 100,90"/>'


def document(regions: str, order: str = "", year: int = 2019) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<PcGts xmlns="{NAMESPACE.format(year)}"><Metadata><Creator>someone</Creator></Metadata>
  <Page imageFilename="é 1.jpg" imageWidth="900" imageHeight="700">{order}{regions}</Page>
</PcGts>""".encode()


def line(name: str, content: str = "") -> str:
    return f'<TextLine id="{name}">{COORDS}{content or equivalent(name)}</TextLine>'


def region(name: str, *lines: str) -> str:
    return f'<TextRegion id="{name}">{"".join(lines)}<TextEquiv><Unicode>all</Unicode></TextEquiv></TextRegion>'


def equivalent(text: str, attributes: str = "", kind: str = "Unicode") -> str:
    return f"<TextEquiv {attributes}><{kind}>{text}</{kind}></TextEquiv>"


def names(content: bytes) -> list[str]:
    return [found.id for found in page.read(content).lines]


@pytest.mark.parametrize("year", [2013, 2019])
def test_a_line_of_any_version(year: int) -> None:
    content = f'<Baseline points="100,80 500,81"/>{equivalent(" d&apos;été &amp;c ")}'
    read = page.read(document(region("r1", line("l1", content)), year=year))
    assert (read.image, read.width, read.height, read.skipped) == ("é 1.jpg", 900, 700, {})
    (found,) = read.lines
    assert (found.id, found.number, found.text, found.region, found.language) == ("l1", 0, "d'été &c", "r1", "")
    assert found.baseline == ((100, 80), (500, 81))
    assert found.polygon == ((100, 50), (500, 50), (500, 90), (100, 90))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (equivalent("second", 'index="1"') + equivalent("first", 'index="0"'), "first"),
        (equivalent("ten", 'index="10"') + equivalent("two", 'index="2"'), "two"),
        (equivalent("first") + equivalent("second"), "first"),
        (equivalent("plain", kind="PlainText"), "plain"),
        ("<TextEquiv><PlainText>oe</PlainText><Unicode>œ</Unicode></TextEquiv>", "œ"),
        (f'<Word id="a">{equivalent("two")}</Word><Word id="b">{equivalent("words")}</Word>', "two words"),
        (f'<Word id="a">{equivalent("word")}</Word>{equivalent("line")}', "line"),
        (f'<Word id="a">{equivalent("word")}</Word>{equivalent("")}', "word"),
    ],
)
def test_the_text_of_a_line(content: str, expected: str) -> None:
    (found,) = page.read(document(region("r", line("l", content)))).lines
    assert found.text == expected


def test_regions_come_in_reading_order_and_unnamed_ones_last() -> None:
    order = """<ReadingOrder><OrderedGroup id="g">
      <RegionRefIndexed index="10" regionRef="c"/>
      <UnorderedGroupIndexed index="2" id="u"><RegionRef regionRef="b"/></UnorderedGroupIndexed>
      <RegionRefIndexed index="1" regionRef="d"/><RegionRefIndexed index="3" regionRef="missing"/>
    </OrderedGroup></ReadingOrder>"""
    regions = "".join(region(name, line(f"{name}1"), line(f"{name}2")) for name in "abcd")
    assert names(document(regions, order)) == ["d1", "d2", "b1", "b2", "c1", "c2", "a1", "a2"]


def test_regions_in_regions_come_with_the_one_that_is_named() -> None:
    order = (
        '<ReadingOrder><OrderedGroup id="g"><RegionRefIndexed index="0" regionRef="b"/></OrderedGroup></ReadingOrder>'
    )
    assert names(document(region("a", line("a1")) + region("b", region("c", line("c1"))), order)) == ["c1", "a1"]


def test_lines_of_table_cells_belong_to_their_cells() -> None:
    cells = "".join(f'<TableCell id="c{k}" row="0" col="{k}">{COORDS}{line(f"l{k}")}</TableCell>' for k in (0, 1))
    found = page.read(document(f'<TableRegion id="t">{COORDS}{cells}</TableRegion>', year=2013)).lines
    assert [(one.id, one.region) for one in found] == [("l0", "c0"), ("l1", "c1")]


def test_a_line_without_a_baseline_gets_one_from_its_polygon() -> None:
    (found,) = page.read(document(region("r", line("l")))).lines
    assert np.allclose(found.baseline, [(100, 80), (500, 80)])


def test_languages_are_inherited() -> None:
    regions = f'<TextRegion id="r" primaryLanguage="French">{line("l")}</TextRegion>'
    assert page.read(document(regions)).lines[0].language == "French"


def test_lines_without_text_are_lines_too() -> None:
    read = page.read(document(region("r", line("empty", "<TextEquiv><Unicode/></TextEquiv>"), line("full"))))
    assert [bool(found.text) for found in read.lines] == [False, True]
    assert not read.skipped


@pytest.mark.parametrize("content", [b"<PcGts/>", b"<alto><Page/></alto>"])
def test_what_is_not_one_page_is_refused(content: bytes) -> None:
    with pytest.raises(BadTranscription, match="export one file for every page"):
        page.read(content)


@pytest.mark.skipif(not PAGES.is_dir(), reason="no ../shared/data/pages with real pages here")
def test_a_real_page() -> None:
    read = page.read((PAGES / "hooker-01.xml").read_bytes())
    assert (read.image, read.width, read.height) == ("JDH_2_3_6_80_001.jpg", 1376, 2136)
    assert len(read.lines) == 19
    assert read.lines[0].text == "June 8 1908."
    assert read.skipped == {}
