"""The invisible text layer of a PDF page: every word a run of text without ink, on its place on the scan.

The text matrix and the horizontal scaling (ISO 32000-1, 9.3 and 9.4.4) make a run as wide, as high and as steep as its
word, out of a font whose characters are all alike.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from pikepdf import Matrix

from pipeline.document import Line, Page, Polyline
from pipeline.formats.pdf_font import ASCENT, DESCENT, FONT, GLYPH_WIDTH, HiddenFont

SPACE: Final = " "
NARROWEST: Final = 1.0
LEVEL: Final = 0.1
LEAST_SPACE: Final = 0.12  # of the height of a word
# What sets the direction of text by hand, and non-characters: they say nothing, and upset those who copy.
LEFT_OUT: Final = ("Cc", "Cs")
DIRECTIONS: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff")
FROM_THE_RIGHT: Final = ("R", "AL")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """Text and its place in pixels: the left end of its foot, the way along it and the way up to its top, [2] each."""

    text: str
    foot: Floats
    along: Floats
    up: Floats


def text_layer(page: Page, to_points: Matrix, font: HiddenFont) -> bytes:
    """Content stream of the page's text; `to_points` leads from the page's pixels to the PDF page's user space."""
    shown = [_show(run, to_points, font) for line in page.lines for run in line_runs(line)]
    return "\n".join(["q BT 3 Tr", *shown, "ET Q"]).encode("ascii") if shown else b""


def line_runs(line: Line) -> Iterator[Run]:
    """The line's words with the spaces between them; of a line without words, its text over its polygon."""
    pieces = [(word.text, word.polygon) for word in line.words] or [(line.text, line.polygon)]
    runs = [_run(spoken, polygon, line.baseline) for text, polygon in pieces if (spoken := plain(text))]
    for run, following in pairwise(runs):
        apart = _apart(run, following)
        yield apart
        yield _gap(apart, following)
    yield from runs[-1:]


def plain(text: str) -> str:
    """What of a text is to be found: without control characters and marks of direction, white space collapsed."""
    kept = (each if each.isspace() or not _is_control(each) else "" for each in text)
    return SPACE.join("".join(kept).split())


def _is_control(character: str) -> bool:
    return character in DIRECTIONS or unicodedata.category(character) in LEFT_OUT


def _run(text: str, polygon: Polyline, baseline: Polyline) -> Run:
    """The text as steep as the baseline is there, as long and as high as the polygon."""
    points = np.array(polygon, np.float64)
    along = direction(np.array(baseline, np.float64), points)
    width, height = np.maximum(np.ptp(points @ np.column_stack([along, _above(along)]), axis=0), NARROWEST)
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    laid = _levelled(along)
    return Run(_as_seen(text), centre - (width * laid + height * _above(laid)) / 2, width * laid, height * _above(laid))


def _above(along: Floats) -> Floats:
    """The unit vector to the tops of letters, on a page whose y points down."""
    return np.array([along[1], -along[0]])


def _levelled(along: Floats) -> Floats:
    """A way that climbs or sinks a little made level, or upright: each word by itself is on its place all the same.

    Poppler, and others, take a word apart whose foot drops by half a point from its first letter to its last.
    """
    axis = np.rint(along)
    return axis if abs(along @ _above(axis)) < LEVEL else along


def direction(baseline: Floats, points: Floats) -> Floats:
    """The unit vector [2] along the part of a baseline [n, 2] that lies beside these points [m, 2]."""
    starts, steps = baseline[:-1], np.diff(baseline, axis=0)
    lengths = np.hypot(*steps.T)
    starts, steps, lengths = starts[lengths > 0], steps[lengths > 0], lengths[lengths > 0]
    if not len(steps):
        return np.array([1.0, 0.0])
    share = ((points[:, None] - starts) * steps).sum(axis=2) / lengths**2
    feet = starts + np.clip(share, 0, 1)[..., None] * steps
    nearest = np.argmin(np.hypot(*np.moveaxis(points[:, None] - feet, 2, 0)), axis=1)
    first, last = nearest.min(), nearest.max()
    chord: Floats = starts[last] + steps[last] - starts[first]
    return chord / (np.hypot(*chord) or 1.0)


def _as_seen(text: str) -> str:
    """The characters from left to right, as programs that take text out of PDFs expect words of Hebrew or Arabic."""
    strong = next((way for each in text if (way := unicodedata.bidirectional(each)) in ("L", *FROM_THE_RIGHT)), "L")
    return text[::-1] if strong in FROM_THE_RIGHT else text


def _apart(run: Run, following: Run) -> Run:
    """The run, shortened where the next begins so soon that poppler would write both as one word."""
    width = np.hypot(*run.along)
    reach = (following.foot - run.foot) @ run.along / width - LEAST_SPACE * np.hypot(*run.up)
    return replace(run, along=run.along * reach / width) if width / 2 < reach < width else run


def _gap(run: Run, following: Run) -> Run:
    """The space from a word to the next, at least a pixel."""
    unit = run.along / np.hypot(*run.along)
    end = run.foot + run.along
    return Run(SPACE, end, max(float((following.foot - end) @ unit), NARROWEST) * unit, run.up)


def _show(run: Run, to_points: Matrix, font: HiddenFont) -> str:
    linear = np.array([[to_points.a, to_points.b], [to_points.c, to_points.d]])
    along, up = run.along @ linear, run.up @ linear
    width, height = np.hypot(*along), np.hypot(*up)
    size = height / (ASCENT + DESCENT)
    base = to_points.transform(tuple(run.foot + DESCENT / (ASCENT + DESCENT) * run.up))
    matrix = " ".join(f"{value:.5f}" for value in (*(along / width), *(up / height), *base))
    scale = 100 * width / (GLYPH_WIDTH * size * len(run.text))
    return f"{FONT} {size:.4f} Tf {matrix} Tm {scale:.5f} Tz <{font.encode(run.text)}> Tj"
