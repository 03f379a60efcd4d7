import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.filetypes import EXTENSIONS, HEAD_BYTES, FileType, sniff


def encoded(name: str, **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(target, name, **options)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "options", "filetype"),
    [
        ("TIFF", {}, "tiff"),
        ("TIFF", {"big_tiff": True}, "tiff"),
        ("JPEG", {}, "jpeg"),
        ("PNG", {}, "png"),
        ("JPEG2000", {}, "jp2"),
        ("JPEG2000", {"no_jp2": True}, "jp2"),
        ("WEBP", {}, "webp"),
        ("PDF", {}, "pdf"),
    ],
)
def test_what_pillow_writes_is_known(name: str, options: dict[str, object], filetype: FileType) -> None:
    assert sniff(encoded(name, **options)[:HEAD_BYTES]) == filetype


@pytest.mark.parametrize("head", [b"MM\0*\0\0\0\x08", b"MM\0+\0\x08\0\0"])
def test_tiffs_of_the_other_byte_order_are_known(head: bytes) -> None:
    assert sniff(head) == "tiff"


@pytest.mark.parametrize(
    "head",
    [b"", b"<?xml version='1.0'?>", b"{}", b"GIF89a", b"BM", b"RIFF....WAVE", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"II"],
)
def test_anything_else_is_unknown(head: bytes) -> None:
    assert sniff(head) is None


@given(st.integers(0, HEAD_BYTES - 5))
def test_a_pdf_may_begin_with_other_bytes(junk: int) -> None:
    target = io.BytesIO()
    pikepdf.new().save(target)
    assert sniff((b"\n" * junk + target.getvalue())[:HEAD_BYTES]) == "pdf"


def test_a_pdf_header_that_stands_too_late_does_not_count() -> None:
    assert sniff(b"\n" * HEAD_BYTES + b"%PDF-1.7") is None


@given(st.binary(max_size=HEAD_BYTES))
def test_no_head_is_refused(head: bytes) -> None:
    assert sniff(head) in ("pdf", "tiff", "jpeg", "png", "jp2", "webp", None)


def test_extensions_are_lower_case_with_their_dot() -> None:
    assert {".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".jpe", ".png", ".jp2", ".j2k", ".jpx", ".webp"} <= EXTENSIONS
    assert all(name.startswith(".") and name == name.lower() for name in EXTENSIONS)
