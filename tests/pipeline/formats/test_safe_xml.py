from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipeline.formats import alto, page, safe_xml
from pipeline.transcription import BadTranscription

ENTITIES = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
LAUGHS = f'<!DOCTYPE a [<!ENTITY l0 "ha">{ENTITIES}]>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2 3,4", ((1, 2), (3, 4))),
        ("1 2 3 4", ((1, 2), (3, 4))),
        (" 1.5,-2\n3,4e1 ", ((1.5, -2), (3, 40))),
        ("1, 2 3, 4", ((1, 2), (3, 4))),
        ("1,2 3", ()),
        ("1,2 3,nan", ()),
        ("1,2 3,inf", ()),
        ("1,2 3,1e999", ()),
        ("1,2 3,4_0", ()),
        ("1,2 x,y", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_points(text: str | None, expected: tuple[tuple[float, float], ...]) -> None:
    assert safe_xml.points(text) == expected


@given(st.text(alphabet="0123456789.,-+e \nxN٣", max_size=40))
def test_odd_points_are_pairs_of_plain_numbers_or_none(text: str) -> None:
    assert all(abs(value) <= 1e6 for point in safe_xml.points(text) for value in point)


@given(st.lists(st.tuples(st.integers(-9999, 9999), st.integers(-9999, 9999)), min_size=1))
def test_points_are_read_as_they_were_written(points: list[tuple[int, int]]) -> None:
    assert safe_xml.points(" ".join(f"{x},{y}" for x, y in points)) == tuple(points)
    assert safe_xml.points(" ".join(f"{x} {y}" for x, y in points)) == tuple(points)


@pytest.mark.parametrize(
    "content", [b"", b"no xml", b"<a><b></a>", b"<a>&nbsp;</a>", b"\xff\xfe<", b"<a>" * 300 + b"</a>" * 300]
)
def test_what_is_not_xml_is_called_broken(content: bytes) -> None:
    with pytest.raises(BadTranscription) as caught:
        safe_xml.parse(content)
    assert caught.value.reason == safe_xml.BROKEN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_neither_grow_nor_reach_out(tmp_path: Path, encoding: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    outside = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a b="1">&x;</a>'
    for text in (outside, f"{LAUGHS}<a>&l11;</a>", f'{LAUGHS}<a b="&l11;"/>'):
        content = f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)
        for read in (safe_xml.parse, alto.read, page.read):
            with pytest.raises(BadTranscription) as caught:
                read(content)
            assert caught.value.reason == safe_xml.BROKEN
            assert "secret" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for read in (alto.read, page.read):
        with pytest.raises(BadTranscription):
            read(content)


def test_keys_are_numbered_as_they_appear() -> None:
    assert safe_xml.numbered(["b", "a", "b"]) == {"b": 0, "a": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.5", 0.5), ("1", 1.0), ("0", 0.0), ("1.01", None), ("-0.1", None), ("95", None), ("x", None), (None, None)],
)
def test_shares(text: str | None, expected: float | None) -> None:
    assert safe_xml.share(text) == expected


def test_shares_have_32_bits() -> None:
    assert safe_xml.share("0.1") == float(np.float32(0.1)) != 0.1


def test_the_nearest_name_in_an_order_counts() -> None:
    root = etree.fromstring('<r id="r"><b id="b"><l id="1"/><l id="2"/></b><b id="c"><l id="3"/></b><l id="4"/></r>')
    lines = list(root.iter("l"))

    def order(*ids: str) -> str:
        return "".join(line.get("id", "") for line in safe_xml.in_order(lines, ids, "id"))

    assert order() == "1234"
    assert order("c", "b") == "3124"
    assert order("2", "c", "b", "x") == "2314"
    assert order("c", "b", "c") == "3124"
