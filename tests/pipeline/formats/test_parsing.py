"""ALTO and PAGE read into whole pages: what is written comes back as the formats' docstrings say; files of others."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from pipeline.document import Alternative, Line, Page, Polyline, Region, Word
from pipeline.formats import alto, hocr, page
from pipeline.formats.lines import cell, region_of
from pipeline.formats.safe_xml import clean
from pipeline.transcription import BadTranscription, TranscribedPage
from tests.pipeline.formats.test_hocr import PAGE, box, line
from tests.pipeline.strategies import pages

REAL = Path("../shared/data/pages")
HALF_STEP = 0.0000501  # confidences have four decimals
WRITTEN: dict[str, Callable[[str, Page], bytes]] = {"alto": alto.render, "page": page.render}
READ: dict[str, Callable[[bytes], TranscribedPage]] = {"alto": alto.read, "page": page.read}
PARSED: dict[str, Callable[[bytes], Page]] = {"alto": alto.parse, "page": page.parse}
XML = pytest.mark.parametrize("name", WRITTEN)


def back(name: str, made: Page) -> Page:
    return PARSED[name](WRITTEN[name]("a", made))


def runs(keys: Iterable[Hashable]) -> list[int]:
    """A number for every stretch of the same keys."""
    found: list[int] = []
    last: Hashable = object()
    for key in keys:
        found.append((found[-1] + 1 if found else 0) if key != last else found[-1])
        last = key
    return found


def stretch(made: Page, own: Line, found: Page) -> list[Line]:
    """The written lines that came back in the region of this one."""
    told = zip(found.lines, made.lines, strict=True)
    return [written for other, written in told if other.region == own.region]


def whole_pixels(shape: Polyline) -> Polyline:
    return tuple((max(0, round(x)), max(0, round(y))) for x, y in shape)


def assert_same_words(own: Sequence[Word], written: Sequence[Word]) -> None:
    assert [word.text for word in own] == [clean(word.text) for word in written]
    for word, other in zip(own, written, strict=True):
        assert word.confidence == pytest.approx(other.confidence, abs=HALF_STEP)
        found = [other.text for other in word.alternatives or ()]
        assert found == [clean(each.text) for each in other.alternatives or ()]


def assert_same_text(found: Page, made: Page) -> None:
    """Texts, words, order and confidences."""
    assert [own.text for own in found.lines] == [clean(own.text) for own in made.lines]
    for own, written in zip(found.lines, made.lines, strict=True):
        assert_same_words(own.words, written.words)
    assert (found.confidence is None) == (made.confidence is None)
    assert found.confidence == pytest.approx(made.confidence, abs=HALF_STEP)
    assert (found.number, found.width, found.height) == (made.number, made.width, made.height)


@settings(max_examples=80, deadline=None)
@given(pages())
def test_alto_gives_the_page_back(made: Page) -> None:
    found = back("alto", made)
    assert_same_text(found, made)
    assert found.expected_cer == pytest.approx(made.expected_cer, abs=HALF_STEP)
    assert found.language == made.language
    assert [own.baseline for own in found.lines] == [own.baseline for own in made.lines]
    assert [own.polygon for own in found.lines] == [own.polygon for own in made.lines]
    shapes = [[word.polygon for own in each.lines for word in own.words] for each in (found, made)]
    assert shapes[0] == shapes[1]
    assert [own.region for own in found.lines] == runs(own.region for own in made.lines)
    assert [own.paragraph for own in found.lines] == runs((own.region, own.paragraph) for own in made.lines)
    for own, written in zip(found.lines, made.lines, strict=True):
        assert found.regions[own.region] == region_of(made, stretch(made, own, found))
        assert own.language == (written.language or made.language)


@settings(max_examples=80, deadline=None)
@given(pages())
def test_page_gives_the_page_back(made: Page) -> None:
    made = replace(made, language=made.language and "deu")
    found = back("page", made)
    assert_same_text(found, made)
    assert (found.dpi, found.language) == (made.dpi, made.language)
    assert (found.bundle, found.revision) == (clean(made.bundle), clean(made.revision))
    assert [own.baseline for own in found.lines] == [whole_pixels(own.baseline) for own in made.lines]
    assert [own.polygon for own in found.lines] == [whole_pixels(own.polygon) for own in made.lines]
    assert [cell(own) for own in found.lines] == [cell(own) for own in made.lines]
    for own, written in zip(found.lines, made.lines, strict=True):
        assert own.confidence == pytest.approx(written.confidence, abs=HALF_STEP)
        if cell(written):
            assert found.regions[own.region].kind == "table"
        else:
            region = region_of(made, stretch(made, own, found))
            assert found.regions[own.region] == replace(region, polygon=whole_pixels(region.polygon))
        probabilities = [
            [other.probability for word in each.words for other in word.alternatives or ()] for each in (own, written)
        ]
        assert probabilities[0] == pytest.approx(probabilities[1], abs=HALF_STEP)


@settings(max_examples=40, deadline=None)
@given(pages())
def test_from_one_format_to_the_other_and_back(made: Page) -> None:
    found = back("page", back("alto", made))
    assert_same_text(found, made)
    assert [own.polygon for own in found.lines] == [whole_pixels(own.polygon) for own in made.lines]
    assert [own.baseline for own in found.lines] == [whole_pixels(own.baseline) for own in made.lines]
    assert [own.region for own in found.lines] == runs(own.region for own in made.lines)
    assert [own.paragraph for own in found.lines] == runs((own.region, own.paragraph) for own in made.lines)


@XML
@settings(max_examples=40, deadline=None)
@given(pages())
def test_what_came_back_once_stays_as_it_is(name: str, made: Page) -> None:
    once = back(name, made)
    assert back(name, once) == once


@XML
def test_a_known_page_comes_back(name: str) -> None:
    made = replace(
        PAGE,
        bundle="b1",
        revision="r1",
        language="fra",
        lines=tuple(replace(each, language="fra") for each in PAGE.lines),
    )
    found = back(name, made)
    assert (found.source, found.number, found.status) == ('l"été; 100%.pdf', 3, "read")
    assert (found.bundle, found.revision, found.language) == ("b1", "r1", "fra")
    assert [(own.region, own.paragraph, own.language) for own in found.lines] == [
        (0, 0, "fra"),
        (0, 1, "fra"),
        (1, 2, "fra"),
    ]
    assert found.regions == made.regions
    assert [own.words[0].text for own in found.lines] == ["Cher", "je", "fin"]


@XML
def test_a_page_without_lines_is_blank(name: str) -> None:
    assert (back(name, replace(PAGE, lines=())).status, back(name, replace(PAGE, lines=())).regions) == ("blank", ())


def test_halves_of_broken_words_have_their_hyphen_back() -> None:
    lines = (line(100, "the", "govern-"), line(150, "ment", "of"))
    found = back("alto", replace(PAGE, lines=lines))
    assert [[word.text for word in own.words] for own in found.lines] == [["the", "govern-"], ["ment", "of"]]
    assert hocr.render("a", found).count(b">govern-<") == 1


def test_margins_and_other_kinds_of_region_come_back() -> None:
    made = replace(PAGE, regions=tuple(Region(kind, box(0, 0, 9, 9)) for kind in ("margin", "heading")))
    for name in WRITTEN:
        assert [region.kind for region in back(name, made).regions] == ["margin", "heading"]


def register(rows: int, columns: int) -> Page:
    """A table read column by column, with a heading above it."""
    heading = line(40, "Register")
    entries = tuple(
        replace(line(100.0 + 50 * row, f"r{row}c{column}"), row=row, column=column, region=1, paragraph=1)
        for column in range(columns)
        for row in range(rows)
    )
    return replace(PAGE, lines=(heading, *entries))


def test_a_table_comes_back_in_order_with_its_cells() -> None:
    made = register(3, 2)
    content = page.render("a", made)
    found = page.parse(content)
    assert [(own.text, own.row, own.column) for own in found.lines] == [
        (own.text, own.row, own.column) for own in made.lines
    ]
    assert [region.kind for region in found.regions] == ["column", "table"]
    root = etree.fromstring(content)
    (table,) = root.iter("{*}TableRegion")
    assert (table.get("rows"), table.get("columns"), len(list(table.iter("{*}TableCellRole")))) == ("3", "2", 6)
    assert [own.text for own in page.read(content).lines] == [own.text for own in made.lines]


def test_lines_of_one_cell_share_it_and_one_with_a_row_alone_is_in_none() -> None:
    first = replace(line(100, "Dupont"), row=0, column=0)
    made = replace(PAGE, lines=(first, replace(first, text="Jean"), replace(line(200, "alone"), row=1)))
    root = etree.fromstring(page.render("a", made))
    (role,) = root.iter("{*}TableCellRole")
    parent = role.getparent()
    assert parent is not None
    assert len(parent.getparent().findall("{*}TextLine")) == 2  # type: ignore[union-attr]
    assert [cell(own) for own in back("page", made).lines] == [(0, 0), (0, 0), None]


def test_cells_as_transkribus_writes_them_are_read() -> None:
    coordinates = '<Coords points="10,10 90,10 90,30 10,30"/>'
    cells = "".join(
        f'<TableCell id="c{k}" row="{k}" col="1" rowSpan="1" colSpan="1">{coordinates}<TextLine id="l{k}">{coordinates}'
        f"<TextEquiv><Unicode>entry {k}</Unicode></TextEquiv></TextLine></TableCell>"
        for k in range(2)
    )
    content = f"""<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15">
    <Page imageFilename="a.jpg" imageWidth="100" imageHeight="80">
    <TableRegion id="t" lineSeparators="true">{coordinates}{cells}</TableRegion></Page></PcGts>""".encode()
    found = page.parse(content)
    assert [(own.text, own.row, own.column, own.region) for own in found.lines] == [
        ("entry 0", 0, 1, 0),
        ("entry 1", 1, 1, 0),
    ]
    assert found.regions == (Region("table", box(10, 10, 90, 30)),)


def test_words_that_are_not_the_lines_text_are_left_out() -> None:
    """Someone has corrected the line in Transkribus, which leaves its words as they were."""
    content = page.render("a", PAGE).replace(b"<Unicode>Cher ami,</Unicode>", b"<Unicode>Chers amis,</Unicode>")
    first, second, _ = page.parse(content).lines
    assert (first.text, first.words, first.confidence) == ("Chers amis,", (), 0.875)
    assert len(second.words) == 4


def test_confidences_that_are_none_are_not_taken() -> None:
    content = alto.render("a", PAGE).replace(b'WC="0.9000"', b'WC="95"')
    assert {word.confidence for own in alto.parse(content).lines for word in own.words} == {0.0}
    assert {own.confidence for own in alto.parse(content).lines} == {0.0}


def test_lines_in_the_order_that_alto_states() -> None:
    content = alto.render("a", PAGE)
    turned = content.replace(b'REF="region_1"', b'REF="x"').replace(b'REF="region_2"', b'REF="region_1"')
    turned = turned.replace(b'REF="x"', b'REF="region_2"')
    assert [own.text for own in alto.read(turned).lines] == ["fin", "Cher ami,", "je <vous> & moi"]
    by_line = turned.replace(b'REF="region_2"', b'REF="line_2 line_1"')
    assert [own.text for own in alto.parse(by_line).lines] == ["je <vous> & moi", "Cher ami,", "fin"]


def without_shapes(content: bytes) -> bytes:
    root = etree.fromstring(content)
    for each in root.iter("{*}TextLine"):
        for shape in each.xpath("*[local-name()='Coords' or local-name()='Baseline' or local-name()='Shape']"):
            each.remove(shape)
        for word in each.xpath("*[local-name()='Word']"):
            each.remove(word)
        for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT", "BASELINE"):
            each.attrib.pop(key, None)
            for string in each.iter("{*}String"):
                string.attrib.pop(key, None)
    return etree.tostring(root)


@XML
def test_lines_without_any_shape_lie_on_the_whole_page(name: str) -> None:
    content = without_shapes(WRITTEN[name]("a", PAGE))
    assert READ[name](content).lines == ()
    found = PARSED[name](content)
    assert [own.text for own in found.lines] == [own.text for own in PAGE.lines]
    assert {own.polygon for own in found.lines} == {box(0, 0, 1000, 1400)}
    assert {own.baseline for own in found.lines} == {((0, 1050), (1000, 1050))}
    assert WRITTEN[name]("a", found)


@XML
def test_shapes_without_size_are_kept(name: str) -> None:
    flat = replace(line(100, "x"), polygon=box(5, 5, 5, 5), baseline=((5.0, 5.0), (5.0, 5.0)))
    (found,) = back(name, replace(PAGE, lines=(flat,))).lines
    assert (found.polygon, found.baseline) == (flat.polygon, flat.baseline)


@XML
@pytest.mark.parametrize("content", [b"", b"<html/>", b"<alto/>", b"<PcGts/>"])
def test_what_is_not_one_page_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(BadTranscription):
        PARSED[name](content)


def test_the_probability_of_other_readings_is_lost_in_alto_alone() -> None:
    word = replace(PAGE.lines[0].words[0], alternatives=(Alternative("Chez", 0.25),))
    made = replace(PAGE, lines=(replace(PAGE.lines[0], text="Cher", words=(word,)),))
    probabilities = {name: back(name, made).lines[0].words[0].alternatives for name in WRITTEN}
    assert probabilities == {"alto": (Alternative("Chez", 0.0),), "page": (Alternative("Chez", 0.25),)}


@pytest.mark.skipif(not REAL.is_dir(), reason="no ../shared/data/pages with real pages here")
def test_files_of_others_lose_no_line_and_can_be_written_again() -> None:
    for path in sorted(REAL.glob("*.xml")):
        content = path.read_bytes()
        name = "alto" if etree.QName(etree.fromstring(content)).localname == alto.ROOT else "page"
        found, read = PARSED[name](content), READ[name](content)
        assert len(found.lines) == len(list(etree.fromstring(content).iter("{*}TextLine"))), path
        texts = {each.number: each.text for each in read.lines}
        assert all(found.lines[number].text == text for number, text in texts.items()), path
        assert (found.source, found.width, found.height) == (read.image, read.width, read.height), path
        for other in WRITTEN:
            assert [own.text for own in back(other, found).lines] == [own.text for own in found.lines], path
