"""Sheets as PDF pages of real text, for the one sample that was never on paper."""

import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final

import pikepdf

from samples.files import POINTS_PER_INCH, saved_pdf
from samples.fonts import Fonts, read
from samples.layout import Piece, Sheet

ENCODING: Final = "cp1252"
CODES: Final = range(32, 256)
NONSYMBOLIC: Final = 32


def vector_pdf(sheets: Sequence[Sheet]) -> bytes:
    """One page a sheet, all of one font, which is embedded. The sheets must measure with exact fonts."""
    document = pikepdf.new()
    (name,) = {piece.font for sheet in sheets for piece in sheet.pieces}
    font = _font(document, sheets[0].fonts, name)
    for sheet in sheets:
        size = sheet.width * POINTS_PER_INCH / sheet.dpi, sheet.height * POINTS_PER_INCH / sheet.dpi
        page = document.add_blank_page(page_size=size)
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(Text=font))
        page.obj.Contents = document.make_stream(b"\n".join(_show(piece, sheet) for piece in sheet.pieces))
    return saved_pdf(document)


def _show(piece: Piece, sheet: Sheet) -> bytes:
    scale = POINTS_PER_INCH / sheet.dpi
    place = f"BT /Text {piece.size * scale:.3f} Tf {piece.x * scale:.3f} {(sheet.height - piece.y) * scale:.3f} Td"
    return f"{place} <{piece.text.encode(ENCODING).hex()}> Tj ET".encode()


def _font(document: Any, fonts: Fonts, name: str) -> Any:
    widths = [round(fonts.length(name, 1000, bytes([code]).decode(ENCODING, "replace")), 2) for code in CODES]
    title = pikepdf.Name("/" + name.title().replace("-", ""))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.TrueType,
        BaseFont=title,
        FirstChar=CODES[0],
        LastChar=CODES[-1],
        Widths=widths,
        Encoding=pikepdf.Name.WinAnsiEncoding,
        FontDescriptor=document.make_indirect(_descriptor(document, fonts, name, title)),
    )
    return document.make_indirect(font)


def _descriptor(document: Any, fonts: Fonts, name: str, title: Any) -> Any:
    content = sfnt(read(fonts.folder, name))
    ascent, descent = fonts.face(name, 1000).getmetrics()
    return pikepdf.Dictionary(
        Type=pikepdf.Name.FontDescriptor,
        FontName=title,
        Flags=NONSYMBOLIC,
        FontBBox=[0, -descent, 1000, ascent],
        ItalicAngle=0,
        Ascent=ascent,
        Descent=-descent,
        CapHeight=650,
        StemV=80,
        FontFile2=document.make_stream(content, Length1=len(content)),
    )


def sfnt(woff: bytes) -> bytes:
    """The TrueType file inside a WOFF 1.0 file (W3C recommendation of 2012): its tables unpacked, in their order."""
    flavor, count = woff[4:8], struct.unpack(">H", woff[12:14])[0]
    entries = [struct.unpack(">4s4I", woff[44 + 20 * i : 64 + 20 * i]) for i in range(count)]
    exponent = count.bit_length() - 1
    head = flavor + struct.pack(">4H", count, 16 << exponent, exponent, (count - (1 << exponent)) * 16)
    offset, directory, body = 12 + 16 * count, b"", b""
    for tag, start, packed, length, checksum in entries:
        table = woff[start : start + packed]
        table = zlib.decompress(table) if packed < length else table
        directory += struct.pack(">4s3I", tag, checksum, offset + len(body), length)
        body += table + b"\0" * (-length % 4)
    return head + directory + body
