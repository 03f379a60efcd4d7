from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.document import Document
from pipeline.formats.scan_addresses import mime_type, scan_addresses, source_of
from tests.pipeline.formats.test_hocr import PAGE
from tests.pipeline.strategies import texts


def addresses(*sources: str) -> list[str]:
    pages = tuple(replace(PAGE, number=number, source=source) for number, source in enumerate(sources, 1))
    return list(scan_addresses(Document("a", "default", pages)).values())


def test_pages_of_one_scan_are_told_apart() -> None:
    assert addresses("/a.tif", "/b.pdf", "/a.tif", "gs://b/c d.png") == [
        "file:///a.tif#page=1",
        "file:///b.pdf#page=1",
        "file:///a.tif#page=2",
        "gs://b/c%20d.png",
    ]


@given(st.lists(texts.map(lambda text: f"/in/{text}"), max_size=4))
def test_the_source_comes_back(sources: list[str]) -> None:
    assert [source_of(address) for address in addresses(*sources)] == sources


@pytest.mark.parametrize(
    ("name", "expected"), [("/a/b.TIF", "image/tiff"), ("a.b.pdf", "application/pdf"), ("a.xyz", ""), ("", "")]
)
def test_types_by_name(name: str, expected: str) -> None:
    assert mime_type(name) == expected
