"""PDF/A-2b: the rules of ISO 19005-2 that what we write could break, as checks; no validator is at hand in Python."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageCms

from pipeline.formats import pdf
from pipeline.formats.pdf_archive import is_archival
from pipeline.formats.pdf_font import ASCENT, BOTTOM, DESCENT, MOST_CHARACTERS, TOP, WIDTH, HiddenFont
from tests.pipeline.pdfs import document, line, page_of
from tests.pipeline.test_poppler import NOISE, add_page, image, scan

FILES = Path(pdf.__file__).parent
SECONDS_TO_1970 = 2_082_844_800  # since 1904, as fonts count


def made(folder: Path, source: Path, **facts: Any) -> Path:
    path = folder / "made.pdf"
    path.write_bytes(pdf.render(document(page_of(source, line(["word", "on"], 30, 70), **facts))))
    return path


def claims(path: Path) -> bool:
    with pikepdf.open(path) as opened, opened.open_metadata() as xmp:
        return bool(xmp.pdfa_status == "2B")


def broken_rules(path: Path) -> list[str]:
    """Sections of ISO 19005-2 that the file does not follow."""
    content = path.read_bytes()
    with pikepdf.open(path) as opened:
        objects = [each for each in opened.objects if isinstance(each, (Dictionary, pikepdf.Stream))]
        streams = [each for each in objects if isinstance(each, pikepdf.Stream)]
        intents = list(opened.Root.get("/OutputIntents", []))
        fonts = [each for each in objects if each.get("/Type") == "/FontDescriptor"]
        rules = {
            "6.1.2 header": re.match(rb"%PDF-1\.[0-7]\n%[\x80-\xff]{4}", content) is not None,
            "6.1.3 ID": len(opened.trailer.get("/ID", [])) == 2,
            "6.1.3 encryption": not opened.is_encrypted,
            "6.1.7 filters": not any("LZW" in str(each.get("/Filter", "")) for each in streams),
            "6.2.3 one sRGB intent": len(intents) == 1 and intents[0].S == "/GTS_PDFA1",
            "6.2.3 profile": bool(intents) and intents[0].DestOutputProfile.read_bytes()[12:24] == b"mntrRGB XYZ ",
            "6.2.4 colours": b"/DeviceCMYK" not in content,
            "6.2.8 images": not any(each.get("/Interpolate", False) for each in streams),
            "6.2.11 embedded fonts": all("/FontFile2" in each for each in fonts),
            "6.2.11 no .notdef": all(b"\0\0" not in _gids(each)[2:] for each in objects if "/CIDToGIDMap" in each),
            "6.3 annotations": not any("/Annots" in page for page in opened.pages),
            "6.5 actions": not {"/OpenAction", "/AA", "/Names"} & set(opened.Root.keys()),
            "6.6.2 metadata": "/Filter" not in opened.Root.Metadata,
        }
        with opened.open_metadata() as xmp:
            rules["6.6.3 same title"] = xmp["dc:title"] == str(opened.docinfo.Title)
            rules["6.6.3 same producer"] = xmp["pdf:Producer"] == str(opened.docinfo.Producer)
            rules["6.6.4 pdfaid"] = xmp.pdfa_status == "2B"
    return [rule for rule, is_kept in rules.items() if not is_kept]


def _gids(font: Any) -> bytes:
    return bytes(font.CIDToGIDMap.read_bytes())


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.jp2", "a.webp"])
def test_scans_become_pdf_a(tmp_path: Path, name: str) -> None:
    Image.linear_gradient("L").convert("RGB").save(tmp_path / name)
    assert broken_rules(made(tmp_path, tmp_path / name)) == []


def test_pdfs_of_scans_become_pdf_a_where_their_images_allow_it(tmp_path: Path) -> None:
    assert broken_rules(made(tmp_path, scan(tmp_path / "a.pdf", (144, 96)), width=600, height=400)) == []


def page(content: str = "q 9 0 0 9 0 0 cm /I Do Q", **entries: Any) -> pikepdf.Page:
    opened = pikepdf.new()
    add_page(opened, (72, 72), content, {"/I": image(opened, NOISE)}, **entries)
    KEPT.append(opened)
    return opened.pages[0]


KEPT: list[pikepdf.Pdf] = []


def test_an_image_alone_is_vouched_for() -> None:
    assert is_archival(page())


@pytest.mark.parametrize("content", ["BT /F 9 Tf (a) Tj ET", "0 0 0 1 k", "/G gs", "BI /W 1 /H 1 ID x EI", "/S sh"])
def test_content_that_does_more_is_not_vouched_for(content: str) -> None:
    assert not is_archival(page(content))


@pytest.mark.parametrize("entry", ["Annots", "AA", "Group", "Metadata"])
def test_pages_that_have_more_are_not_vouched_for(entry: str) -> None:
    assert not is_archival(page(**{entry: Array()}))


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("Interpolate", True),
        ("ColorSpace", Name.DeviceCMYK),
        ("ColorSpace", Array([Name.Indexed, Name.DeviceCMYK, 0, b"\0\0\0\0"])),
        ("ColorSpace", Array([Name.Separation, Name.All, Name.DeviceGray, Dictionary()])),
        ("Filter", Name.LZWDecode),
        ("Subtype", Name.Form),
        ("Alternates", Array()),
    ],
)
def test_images_that_pdf_a_forbids_are_not_vouched_for(entry: str, value: Any) -> None:
    made = page()
    made.resources.XObject.I[f"/{entry}"] = value
    assert not is_archival(made)


def test_without_a_voucher_nothing_is_claimed(tmp_path: Path) -> None:
    source = scan(tmp_path / "a.pdf", (144, 96), extra="BT /F 9 Tf (seen) Tj ET")
    path = made(tmp_path, source, width=600, height=400)
    assert not claims(path)
    with pikepdf.open(path) as opened:
        assert "/OutputIntents" not in opened.Root
    Image.new("CMYK", (90, 90)).save(tmp_path / "a.jpg")
    assert not claims(made(tmp_path, tmp_path / "a.jpg"))


def test_the_profile_is_that_of_littlecms_without_its_date() -> None:
    ours = (FILES / "srgb.icc").read_bytes()
    theirs = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert ours[36:] == theirs[36:]
    assert ours[24:36] == bytes.fromhex("07b200010001000000000000")


def test_the_font_has_one_glyph_of_the_size_that_it_states_and_nothing_to_draw() -> None:
    font = TTFont(FILES / "glyphless.ttf")
    assert font.getGlyphOrder()[1:] == ["glyph00001"]
    glyph = font["glyf"]["glyph00001"]
    assert (glyph.xMin, glyph.yMin, glyph.xMax, glyph.yMax) == (0, BOTTOM, WIDTH, TOP)
    assert len(set(glyph.coordinates)) == glyph.numberOfContours
    assert {width for width, _ in font["hmtx"].metrics.values()} == {WIDTH}
    assert (font["hhea"].ascent, font["hhea"].descent, font["head"].unitsPerEm) == (TOP, BOTTOM, 1000)
    assert (TOP, BOTTOM) == (1000 * ASCENT, -1000 * DESCENT)


def glyphless() -> bytes:
    """The font, made again."""
    pen = TTGlyphPen(None)
    for corner in ((0, BOTTOM), (WIDTH, TOP)):
        pen.moveTo(corner)
        pen.lineTo(corner)
        pen.lineTo(corner)
        pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "any"])
    builder.setupCharacterMap({})
    builder.setupGlyf({".notdef": Glyph(), "any": pen.glyph(dropImpliedOnCurves=False)})
    builder.setupHorizontalMetrics({".notdef": (WIDTH, 0), "any": (WIDTH, 0)})
    builder.setupHorizontalHeader(ascent=TOP, descent=BOTTOM)
    names = {"familyName": "Inkbeam Glyphless", "styleName": "Regular", "psName": "InkbeamGlyphless"}
    builder.setupNameTable(names)
    builder.setupOS2(sTypoAscender=TOP, sTypoDescender=BOTTOM, usWinAscent=TOP, usWinDescent=-BOTTOM)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = SECONDS_TO_1970
    builder.font.recalcTimestamp = False
    buffer = BytesIO()
    builder.font.save(buffer)
    return buffer.getvalue()


def test_the_font_can_be_made_again() -> None:
    assert (FILES / "glyphless.ttf").read_bytes() == glyphless()


def test_more_characters_than_a_font_holds_become_unknown() -> None:
    with pikepdf.new() as opened:
        font = HiddenFont(opened)
        last = font.encode("".join(map(chr, range(0x10000, 0x10000 + MOST_CHARACTERS))))[-4:]
        assert int(last, 16) == MOST_CHARACTERS
        assert font.encode("ab") == f"{MOST_CHARACTERS + 1:04x}" * 2
        assert font.encode("\U00010000") == "0001"
