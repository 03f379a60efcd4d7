from pathlib import Path

import numpy as np
import pytest

from pipeline.formats import alto
from pipeline.transcription import BadTranscription, TranscribedPage

PAGES = Path(__file__).parents[4] / "shared" / "data" / "pages"
NAMESPACES = {version: f"http://www.loc.gov/standards/alto/ns-v{version}#" for version in (2, 3, 4)} | {
    0: "http://schema.ccs-gmbh.com/ALTO"
}
BOX = 'HPOS="100" VPOS="50" WIDTH="400" HEIGHT="40"'


def document(
    lines: str, unit: str = "pixel", namespace: str = NAMESPACES[4], size: str = 'WIDTH="900" HEIGHT="700"'
) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="{namespace}" xmlns:xlink="http://www.w3.org/1999/xlink">
  <Description><MeasurementUnit>{unit}</MeasurementUnit>
    <sourceImageInformation><fileName> scans/é 1.jpg </fileName></sourceImageInformation></Description>
  <Tags><OtherTag ID="LT1" LABEL="DefaultLine"/></Tags>
  <Layout><Page ID="p" {size}><PrintSpace><ComposedBlock ID="c"><TextBlock ID="b1" LANG="fra">
    {lines}
  </TextBlock></ComposedBlock></PrintSpace></Page></Layout>
</alto>""".encode()


def text_of(parts: str) -> str:
    (line,) = alto.read(document(f'<TextLine {BOX} BASELINE="80">{parts}</TextLine>')).lines
    return line.text


@pytest.mark.parametrize("version", NAMESPACES)
def test_a_line_of_any_version(version: int) -> None:
    content = document(
        f"""<!-- by hand --><TextLine ID="l1" {BOX} TAGREFS="LT1" BASELINE="100 80 300,82 500 81">
        <Shape><Polygon POINTS="100 50 500 50 500,90 100,90"/></Shape>
        <String ID="s" CONTENT="d&#39;&amp; été" {BOX}/></TextLine>""",
        namespace=NAMESPACES[version],
    )
    page = alto.read(content)
    assert (page.image, page.width, page.height, page.skipped) == ("scans/é 1.jpg", 900, 700, {})
    (line,) = page.lines
    assert (line.id, line.number, line.text, line.region, line.language) == ("l1", 0, "d'& été", "c", "fra")
    assert line.baseline == ((100, 80), (300, 82), (500, 81))
    assert line.polygon == ((100, 50), (500, 50), (500, 90), (100, 90))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ('<String CONTENT="one whole line"/>', "one whole line"),
        ('<String CONTENT="two"/><SP/><String CONTENT="words"/>', "two words"),
        ('<String CONTENT="two"/><String CONTENT="words"/>', "two words"),
        ('<String CONTENT="a"/><SP/><String CONTENT="b"/><String CONTENT=","/>', "a b,"),
        ('<String CONTENT="exam" SUBS_CONTENT="example"/><HYP CONTENT="¬"/>', "exam¬"),
        ('<String CONTENT="exam"/><HYP CONTENT="\u00ad"/>', "exam-"),
        ('<String CONTENT="exam"/><HYP/>', "exam-"),
        ('<String CONTENT=""/><String CONTENT=" a "/>', "a"),
        ('<Shape/><String CONTENT="word"><Glyph CONTENT="w"/></String><SP/>', "word"),
    ],
)
def test_the_text_of_strings(parts: str, expected: str) -> None:
    assert text_of(parts) == expected


def test_a_line_of_an_old_version_has_boxes_and_a_height() -> None:
    (line,) = alto.read(document(f'<TextLine {BOX} BASELINE="80.5"><String CONTENT="a"/></TextLine>')).lines
    assert line.baseline == ((100, 80.5), (500, 80.5))
    assert line.polygon == ((100, 50), (500, 50), (500, 90), (100, 90))


def test_a_line_without_a_box_has_the_one_around_its_strings() -> None:
    strings = f'<String CONTENT="a" {BOX}/><String CONTENT="b" HPOS="520" VPOS="45" WIDTH="60" HEIGHT="40"/>'
    (line,) = alto.read(document(f"<TextLine>{strings}</TextLine>")).lines
    assert line.polygon == ((100, 45), (580, 45), (580, 90), (100, 90))
    assert np.allclose(line.baseline, [(100, 78.75), (580, 78.75)])


def test_a_broken_shape_costs_the_shape_alone() -> None:
    parts = '<Shape><Polygon POINTS="1 2 3"/></Shape><String CONTENT="a"/>'
    (line,) = alto.read(document(f'<TextLine {BOX} BASELINE="100 80 x 9">{parts}</TextLine>')).lines
    assert line.polygon == ((100, 50), (500, 50), (500, 90), (100, 90))
    assert np.allclose(line.baseline, [(100, 80), (500, 80)])


def test_lines_without_text_are_lines_too() -> None:
    page = alto.read(document(f'<TextLine ID="empty" {BOX}/><TextLine ID="b" {BOX}><String CONTENT="b"/></TextLine>'))
    assert [(line.id, line.text) for line in page.lines] == [("empty", ""), ("b", "b")]


@pytest.mark.parametrize("unit", ["mm10", "inch1200"])
def test_other_units_than_pixels_are_refused_with_a_way_out(unit: str) -> None:
    with pytest.raises(BadTranscription, match=rf"measures in {unit}.*MeasurementUnit pixel"):
        alto.read(document("", unit=unit))


@pytest.mark.parametrize("size", ["", 'WIDTH="?" HEIGHT="-3"'])
def test_a_size_that_is_not_stated_is_zero(size: str) -> None:
    page = alto.read(document(f'<TextLine {BOX}><String CONTENT="a"/></TextLine>', size=size))
    assert (page.width, page.height) == (0, 0)
    assert len(page.lines) == 1


@pytest.mark.parametrize(
    "content", [b"<alto/>", b"<mets><Page/></mets>", b"<alto><Layout><Page/><Page/></Layout></alto>"]
)
def test_what_is_not_one_page_of_alto_is_refused(content: bytes) -> None:
    with pytest.raises(BadTranscription, match="export one file for every page"):
        alto.read(content)


@pytest.mark.skipif(not PAGES.is_dir(), reason="no ../shared/data/pages with real pages here")
def test_a_real_page() -> None:
    page: TranscribedPage = alto.read((PAGES / "poilus-02.xml").read_bytes())
    assert (page.image, page.width, page.height) == ("TestamentsDePoilus_will_AN_0306-0.jpg", 2153, 3133)
    assert len(page.lines) == 23
    assert page.lines[0].text == "Fait à Paris le 11 Aout 1914"
    assert page.skipped == {}
