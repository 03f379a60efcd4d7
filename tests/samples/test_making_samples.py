"""Parts of the sample maker that need no fonts."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image, ImageOps

from samples import drawing, files, layout, truth, vector


def scan(*marks: tuple[int, int]) -> Any:
    """A white page of 120 x 80 pixels with a black square of 3 pixels around each mark, which a line of truth joins."""
    picture = np.full((80, 120, 3), 255, np.float32)
    for x, y in marks:
        picture[y - 1 : y + 2, x - 1 : x + 2] = 0
    points = np.array(marks, float).reshape(-1, 2)
    line = layout.TrueLine("marks", points, points)
    return drawing.Scan(picture, 150, (layout.TrueRegion("paragraph", (line,)),))


@given(st.floats(-15, 15))
def test_truth_turns_with_the_picture(degrees: float) -> None:
    turned = drawing.turn(scan((40, 30)), degrees, lid=(255, 255, 255))
    rows, columns = np.nonzero(turned.picture[..., 0] < 128)
    (found,) = turned.regions[0].lines[0].baseline
    assert found == pytest.approx((columns.mean(), rows.mean()), abs=0.75)


def test_turning_is_clockwise() -> None:
    (left, right) = drawing.turn(scan((20, 40), (100, 40)), 3).regions[0].lines[0].baseline
    assert left[1] < 40 < right[1]


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_exif_puts_a_jpeg_upright(orientation: int) -> None:
    with Image.open(BytesIO(files.jpeg(scan((20, 10)), orientation))) as image:
        upright = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    assert upright.shape == (80, 120)
    assert upright[10, 20] < 128 < upright[70, 100]


def test_bytes_of_chance_in_a_tiff_are_zero() -> None:
    content = files.tiff_gray([scan((20, 10)), scan((30, 50)), scan()])
    with Image.open(BytesIO(content)) as image:
        for number in range(3):
            image.seek(number)
            tags = image.tag_v2  # type: ignore[attr-defined]
            end = tags[files.STRIP_OFFSETS][-1] + tags[files.STRIP_LENGTHS][-1]
            assert end % 2 == 0 or content[end] == 0


@given(st.lists(st.sampled_from(["Wan", "der", "jah", "re"]), min_size=1))
def test_divisions_lose_no_letter(syllables: list[str]) -> None:
    whole, *divided = layout._divisions(layout.SOFT_HYPHEN.join(syllables))
    assert whole == ("".join(syllables), "")
    assert len(divided) == len(syllables) - 1
    for head, tail in divided:
        assert head[-1] == "-"
        assert head[:-1] + tail.replace(layout.SOFT_HYPHEN, "") == whole[0]


def test_page_xml_keeps_text_order_and_points() -> None:
    line = layout.TrueLine(
        "a < b — “c”", np.array([(1.4, 9.6), (30, 10)]), np.array([(1, 2), (30, 2), (30, 12), (1, 12)])
    )
    regions = (layout.TrueRegion("heading", (line,)), layout.TrueRegion("paragraph", (line, line)))
    root = etree.fromstring(truth.page_xml(truth.TruePage(40, 20, "English", regions), "a.png", 2))
    names = {"p": truth.NAMESPACE}
    assert [element.attrib["type"] for element in root.findall(".//p:TextRegion", names)] == ["heading", "paragraph"]
    assert [element.attrib["points"] for element in root.findall(".//p:Baseline", names)] == ["1,10 30,10"] * 3
    unicode = root.find(".//p:TextLine/p:TextEquiv/p:Unicode", names)
    assert unicode is not None
    assert unicode.text == line.text


def test_a_woff_is_unpacked_table_by_table() -> None:
    tables = [(b"cmap", b"a" * 100, 7), (b"glyf", b"short", 9)]
    entries, data, start = b"", b"", 44 + 20 * len(tables)
    for tag, table, checksum in tables:
        packed = min(zlib.compress(table), table, key=len)
        entries += struct.pack(">4s4I", tag, start + len(data), len(packed), len(table), checksum)
        data += packed
    woff = b"wOFF" + b"\0\1\0\0" + struct.pack(">IH", 0, len(tables)) + b"\0" * 30 + entries + data
    font = vector.sfnt(woff)
    assert font[:12] == b"\0\1\0\0" + struct.pack(">4H", 2, 32, 1, 0)
    for index, (tag, table, checksum) in enumerate(tables):
        found = struct.unpack(">4s3I", font[12 + 16 * index : 28 + 16 * index])
        assert (found[0], found[1], found[3]) == (tag, checksum, len(table))
        assert font[found[2] : found[2] + found[3]] == table
