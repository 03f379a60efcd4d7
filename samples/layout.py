"""Where every word of a page stands: lines are broken, placed and written down as truth before anything is drawn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from samples.fonts import Fonts

Points = npt.NDArray[np.float64]
Colour = tuple[int, int, int]

BLACK: Colour = (38, 34, 32)
SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True)
class Style:
    """How text is set. `size` in points, `leading` and `indent` in em, `wander` in em of the baseline's drift.

    `uneven` is how much the strength of the ink changes from piece to piece (0..1); pieces are words, or letters where
    `typed`.
    """

    font: str
    size: float
    leading: float = 1.3
    indent: float = 0.0
    align: Literal["left", "justify", "center", "right"] = "left"
    ink: Colour = BLACK
    wander: float = 0.0
    uneven: float = 0.0
    typed: bool = False


@dataclass(frozen=True)
class Box:
    """A rectangle on the page in pixels."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Piece:
    """A word or letter to draw: its baseline begins at `x`, `y`; `size` in pixels an em; `strength` of ink 0..1."""

    text: str
    x: float
    y: float
    font: str
    size: float
    ink: Colour
    strength: float


@dataclass(frozen=True)
class Rule:
    """A printed line from `start` to `end`, `width` pixels wide."""

    start: tuple[float, float]
    end: tuple[float, float]
    width: int


@dataclass(frozen=True)
class TrueLine:
    """Truth of one line: its text, `baseline` float64 [n >= 2, 2] and `polygon` [m >= 4, 2] in page pixels."""

    text: str
    baseline: Points
    polygon: Points


@dataclass(frozen=True)
class TrueRegion:
    """Truth of one block of lines; `kind` is a type of PAGE's TextRegion."""

    kind: str
    lines: tuple[TrueLine, ...]


@dataclass(frozen=True)
class BrokenLine:
    """The words of one line, and whether it begins or ends its paragraph."""

    words: tuple[str, ...]
    first: bool
    last: bool


@dataclass
class Sheet:
    """A page in the making, `width` x `height` pixels at `dpi`."""

    width: int
    height: int
    dpi: int
    fonts: Fonts
    rng: np.random.Generator
    pieces: list[Piece] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    regions: list[TrueRegion] = field(default_factory=list)

    def mm(self, millimetres: float) -> float:
        """Pixels of so many millimetres."""
        return millimetres * self.dpi / 25.4

    def em(self, style: Style) -> float:
        """Pixels an em."""
        return style.size * self.dpi / 72

    def box(self, left: float, top: float, width: float, height: float) -> Box:
        """A box given in millimetres."""
        return Box(self.mm(left), self.mm(top), self.mm(width), self.mm(height))


def break_lines(sheet: Sheet, paragraphs: Iterable[str], width: float, style: Style) -> list[BrokenLine]:
    """Lines of at most `width` pixels, filled one after the other; words are divided at their soft hyphens only."""
    return [line for text in paragraphs for line in _break_paragraph(sheet, text.split(), width, style)]


def _break_paragraph(sheet: Sheet, words: list[str], width: float, style: Style) -> list[BrokenLine]:
    size = sheet.em(style)
    lines: list[list[str]] = [[]]
    while words:
        room = width - (style.indent * size if len(lines) == 1 else 0)
        start = " ".join([*lines[-1], ""])
        fitting = (
            parts for parts in _divisions(words[0]) if sheet.fonts.length(style.font, size, start + parts[0]) <= room
        )
        head, tail = next(fitting, ("", words[0]))
        if not head and not lines[-1]:
            raise ValueError(f"{words[0]!r} is wider than its column of {width:.0f} pixels")
        lines[-1] += [head] if head else []
        lines += [[]] if tail else []
        words = ([tail] if tail else []) + words[1:]
    return [BrokenLine(tuple(line), i == 0, i == len(lines) - 1) for i, line in enumerate(lines)]


def _divisions(word: str) -> Iterable[tuple[str, str]]:
    """Head and rest of a word, the longest head first, the whole word before all."""
    yield word.replace(SOFT_HYPHEN, ""), ""
    syllables = word.split(SOFT_HYPHEN)
    for cut in range(len(syllables) - 1, 0, -1):
        yield "".join(syllables[:cut]) + "-", SOFT_HYPHEN.join(syllables[cut:])


def place(sheet: Sheet, kind: str, lines: Sequence[BrokenLine], box: Box, style: Style) -> list[BrokenLine]:
    """Set lines from the top of the box as one region; returns those that found no room."""
    em = sheet.em(style)
    step = style.leading * em
    count = max(0, min(len(lines), int((box.height - em) / step) + 1))
    placed = [_place_line(sheet, line, box, box.top + em + i * step, style) for i, line in enumerate(lines[:count])]
    if placed:
        sheet.regions.append(TrueRegion(kind, tuple(placed)))
    return list(lines[count:])


def write(sheet: Sheet, kind: str, text: str, box: Box, style: Style) -> None:
    """Set a short text that must fit its box. Raises ValueError when it does not."""
    if place(sheet, kind, break_lines(sheet, text.split("\n"), box.width, style), box, style):
        raise ValueError(f"no room for {text!r} in {box}")


def _place_line(sheet: Sheet, line: BrokenLine, box: Box, y: float, style: Style) -> TrueLine:
    size = sheet.em(style)
    widths = [sheet.fonts.length(style.font, size, word) for word in line.words]
    space = sheet.fonts.length(style.font, size, " ")
    indent = style.indent * size if line.first else 0.0
    spare = box.width - indent - sum(widths) - space * (len(widths) - 1)
    if style.align == "justify" and not line.last and len(widths) > 1:
        space += spare / (len(widths) - 1)
    x = box.left + indent + spare * {"center": 0.5, "right": 1.0}.get(style.align, 0.0)
    if style.wander and style.align == "left":
        x += min(spare, sheet.rng.uniform(0, 0.6) * size)
    heights = _drift(sheet, style, y)
    pieces = []
    for word, width in zip(line.words, widths, strict=True):
        pieces += _pieces(sheet, word, x, heights(x + width / 2), style)
        x += width + space
    sheet.pieces += pieces
    return _truth(sheet, " ".join(line.words), pieces)


def _drift(sheet: Sheet, style: Style, y: float) -> Callable[[float], float]:
    """Height of a hand's baseline over x: a slope and a slow wave, in pixels."""
    em = sheet.em(style)
    slope, phase = sheet.rng.uniform(-0.5, 0.3) * style.wander / 10, sheet.rng.uniform(0, 2 * np.pi)
    return lambda x: float(y + slope * (x - sheet.width / 2) + style.wander * em * np.sin(x / (5 * em) + phase))


def _pieces(sheet: Sheet, word: str, x: float, y: float, style: Style) -> list[Piece]:
    size = sheet.em(style)
    parts = [word[i] for i in range(len(word))] if style.typed else [word]
    starts = [sheet.fonts.length(style.font, size, word[:i]) if style.typed else 0.0 for i in range(len(parts))]
    shifts = sheet.rng.normal(0, 0.02 * size, len(parts)) if style.typed else np.zeros(len(parts))
    strengths = 1 - style.uneven * sheet.rng.random(len(parts))
    return [
        Piece(part, x + start, y + float(shift), style.font, size, style.ink, float(strength))
        for part, start, shift, strength in zip(parts, starts, shifts, strengths, strict=True)
    ]


def _truth(sheet: Sheet, text: str, pieces: Sequence[Piece]) -> TrueLine:
    """The baseline runs through the middles of all pieces, the polygon reaches as far up and down as any of them."""
    boxes = np.array([sheet.fonts.face(p.font, p.size).getbbox(p.text, anchor="ls") for p in pieces], float)
    xs, ys = np.array([p.x for p in pieces]), np.array([p.y for p in pieces])
    lengths = np.array([sheet.fonts.length(p.font, p.size, p.text) for p in pieces])
    left, right = (xs + boxes[:, 0]).min(), (xs + boxes[:, 2]).max()
    middles = np.clip(xs + lengths / 2, left, right)
    baseline = np.array([(left, ys[0]), *zip(middles, ys, strict=True), (right, ys[-1])])
    pad = 0.05 * pieces[0].size
    up, down = np.array([(0, boxes[:, 1].min() - pad), (0, boxes[:, 3].max() + pad)])
    return TrueLine(text, baseline, np.concatenate([baseline + up, (baseline + down)[::-1]]))
