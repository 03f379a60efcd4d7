"""The font of the text layer: one glyph, half as wide as the font is high, for every character there is.

`glyphless.ttf` beside this file has nothing but that glyph, as the font has with which Tesseract makes PDFs. What a
character means stands in the map ToUnicode alone. Its shape are two corners without an area: nothing to draw, but
a box around it, without which pdfium, and with it Chrome, leaves out words of one letter and all upright text.
"""

from importlib.resources import files
from typing import Any, Final

from pikepdf import Array, Dictionary, Name

GLYPH_WIDTH: Final = 0.5
ASCENT: Final = 1.0
DESCENT: Final = 0.35
WIDTH, TOP, BOTTOM = round(1000 * GLYPH_WIDTH), round(1000 * ASCENT), -round(1000 * DESCENT)
FONT: Final = "/Inkbeam"
NAME: Final = Name("/InkbeamGlyphless")
FIXED_WIDTH, SYMBOLIC = 1, 4
UNKNOWN: Final = "\ufffd"
# Codes have 16 bits. A document of more different characters is no text: the further ones become U+FFFD.
MOST_CHARACTERS: Final = 65_000
MOST_ROWS: Final = 100
CMAP_BEGIN: Final = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <ffff>
endcodespacerange"""
CMAP_END: Final = """endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


class HiddenFont:
    """The font of one PDF; it knows as many characters as are asked of it. `finish` it before the PDF is saved."""

    def __init__(self, pdf: Any) -> None:
        self._pdf = pdf
        self._codes: dict[str, int] = {}
        self.object = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type0))

    def encode(self, text: str) -> str:
        """The text as a string of a content stream, in hex, four digits a character."""
        return "".join(f"{self._code(character):04x}" for character in text)

    def _code(self, character: str) -> int:
        if character not in self._codes and len(self._codes) >= MOST_CHARACTERS:
            character = UNKNOWN
        return self._codes.setdefault(character, len(self._codes) + 1)

    def finish(self) -> None:
        """Write what the characters mean into the font."""
        font = self.object
        font.BaseFont = NAME
        font.Encoding = Name("/Identity-H")
        font.DescendantFonts = Array([self._pdf.make_indirect(self._glyphs())])
        font.ToUnicode = self._pdf.make_stream(self._meanings())

    def _glyphs(self) -> Any:
        content = (files("pipeline.formats") / "glyphless.ttf").read_bytes()
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=NAME,
            Flags=FIXED_WIDTH | SYMBOLIC,
            FontBBox=[0, BOTTOM, WIDTH, TOP],
            ItalicAngle=0,
            Ascent=TOP,
            Descent=BOTTOM,
            CapHeight=TOP,
            StemV=80,
            FontFile2=self._pdf.make_stream(content, Length1=len(content)),
        )
        return Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=NAME,
            CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
            CIDToGIDMap=self._pdf.make_stream(b"\0\1" * (len(self._codes) + 1)),
            DW=WIDTH,
            FontDescriptor=self._pdf.make_indirect(descriptor),
        )

    def _meanings(self) -> bytes:
        """The ToUnicode map (ISO 32000-1, 9.10.3): UTF-16 of every code."""
        rows = [f"<{code:04x}> <{each.encode('utf-16-be').hex()}>" for each, code in self._codes.items()]
        blocks = [rows[first : first + MOST_ROWS] for first in range(0, len(rows), MOST_ROWS)]
        written = ["\n".join([f"{len(block)} beginbfchar", *block, "endbfchar"]) for block in blocks]
        return "\n".join([CMAP_BEGIN, *written, CMAP_END]).encode("ascii")
