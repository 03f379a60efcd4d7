"""HTML reports: one page that needs nothing beside it, in light and dark, for eyes, ears and printers.

Whatever is given as plain text is escaped; what is HTML already says so by its type, `Markup`.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

Picture = bytes | npt.NDArray[np.uint8]

NUMBER: Final = re.compile(r"[-−+]?\d[\d.,]*( to [\d.,]+)?( ?%)?|–")
FRAME: Final = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


NOTHING: Final = Markup("")


def markup(value: object) -> Markup:
    """Markup as it is, anything else as escaped text."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def page(title: str, body: str, style: str = "", script: str = "") -> str:
    """A whole page: its title, also as the heading, above the body (HTML), with more CSS and a script at the end."""
    code = f"<script>\n{script}</script>\n" if script else ""
    return FRAME.substitute(title=markup(title), body=body, style=style, script=code)


def table(caption: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> Markup:
    """A table with its caption; the first cell of a row is its heading. Wide tables scroll by themselves.

    Columns of numbers, percentages and ranges (`1.5 to 2`, a dash for none) stand to the right.
    """
    lines = [list(row) for row in rows]
    right = [all(NUMBER.fullmatch(str(line[k])) for line in lines) for k in range(len(header))]
    head = "".join(_cell("th", name, number, "col") for name, number in zip(header, right, strict=True))
    body = "\n".join(f"<tr>{_row(line, right)}</tr>" for line in lines)
    return Markup(
        f'<div class="scroll" role="region" tabindex="0" aria-label="{markup(caption)}"><table>'
        f"<caption>{markup(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def headline(figures: Iterable[tuple[object, object, object]]) -> Markup:
    """Figures in large type: what each is, the figure, a note below it."""
    parts = (
        f'<div><dt>{markup(name)}</dt><dd class="figure">{markup(figure)}</dd>'
        f'<dd class="note">{markup(note)}</dd></div>'
        for name, figure, note in figures
    )
    return Markup(f'<dl class="facts">{"".join(parts)}</dl>')


def image(picture: Picture, alt: str) -> Markup:
    """A picture inside the page: the bytes of a PNG, or gray or BGR pixels uint8 [h, w] or [h, w, 3] (kept as WebP)."""
    kind, content = ("png", picture) if isinstance(picture, bytes) else ("webp", _webp(picture))
    data = base64.b64encode(content).decode("ascii")
    return Markup(f'<img src="data:image/{kind};base64,{data}" alt="{markup(alt)}">')


def _row(cells: Sequence[object], right: Sequence[bool]) -> str:
    tags = ["th", *["td"] * (len(cells) - 1)]
    return "".join(_cell(tag, cell, number, "row") for tag, cell, number in zip(tags, cells, right, strict=True))


def _cell(tag: str, value: object, number: bool, scope: str) -> str:
    side = ' class="number"' if number else ""
    heading = f' scope="{scope}"' if tag == "th" else ""
    return f"<{tag}{heading}{side}>{markup(value)}</{tag}>"


def _webp(pixels: npt.NDArray[Any]) -> bytes:
    return bytes(cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, 70])[1])
