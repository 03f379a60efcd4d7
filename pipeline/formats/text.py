"""Plain text: the lines of a page in reading order, a line each, an empty one between paragraphs."""

from itertools import groupby

from pipeline.document import Line, Page


def render(_: str, page: Page) -> bytes:
    """One page in UTF-8. White space within a line, of whatever kind, is one space; a page without lines is empty."""
    blocks = ("".join(f"{_line(line)}\n" for line in lines) for _, lines in groupby(page.lines, key=_paragraph))
    return "\n".join(blocks).encode("utf-8", "replace")


def _paragraph(line: Line) -> tuple[int, int]:
    return line.region, line.paragraph


def _line(line: Line) -> str:
    return " ".join(line.text.split())
