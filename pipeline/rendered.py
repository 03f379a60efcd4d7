"""What passes between the Renderer and its guard process: page images, texts, reasons why there is none, their framing.

A message is a JSON object behind its length; the pixels of a page follow its message raw, row by row. Paths travel as
Python's strings, so that names that are not UTF-8 survive (surrogate escapes, as os.fsdecode makes them).
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from pipeline.document import Point

LENGTH: Final = struct.Struct(">I")
SANE_DPI: Final = (50.0, 1200.0)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Rendered:
    """One page as a person sees it.

    `gray` is uint8 [height, width], black 0 to white 255. `dpi` is a multiple of 1/8 in 50..1200, or 0.0 when the file
    does not say. `rotation` is the clockwise quarter turn in degrees (0, 90, 180, 270) that the file asked for; it is
    already done.
    """

    gray: npt.NDArray[np.uint8]
    dpi: float
    rotation: int


@dataclass(frozen=True)
class DigitalWord:
    """A word of a digital page with the box of its ink: left, top, right, bottom in pixels."""

    text: str
    ink: Box


@dataclass(frozen=True)
class DigitalLine:
    """A line of a digital page: first and last point of its baseline, in reading direction, and its words."""

    baseline: tuple[Point, Point]
    words: tuple[DigitalWord, ...]


@dataclass(frozen=True)
class DigitalText:
    """The text that a PDF page has in letters, on the page as it would be `Rendered`: the same size, dpi, rotation."""

    width: int
    height: int
    dpi: float
    rotation: int
    lines: tuple[DigitalLine, ...]

    @classmethod
    def from_json(cls, message: Mapping[str, Any]) -> Self:
        """What dataclasses.asdict made, after its travel."""
        lines = (
            DigitalLine((_point(*line["baseline"][0]), _point(*line["baseline"][1])), tuple(map(_word, line["words"])))
            for line in message["lines"]
        )
        return cls(**{**message, "lines": tuple(lines)})


def _point(x: float, y: float) -> Point:
    return x, y


def _word(message: Mapping[str, Any]) -> DigitalWord:
    left, top, right, bottom = message["ink"]
    return DigitalWord(message["text"], (left, top, right, bottom))


class Unrenderable(Exception):
    """Why a page has no image: `kind` is a key of `failures.KINDS`. Outside the guard process it is a PageError."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def expect_allowed(width: int, height: int, max_megapixels: int) -> None:
    """Raise Unrenderable (too-large) for more pixels than allowed; to be called before anything is decoded."""
    if width * height > max_megapixels * 1_000_000:
        size = f"{width} x {height} pixels, {width * height / 1e6:.0f} megapixels"
        raise Unrenderable("too-large", f"the page has {size}; allowed are {max_megapixels}")


def sane_dpi(value: float) -> float:
    """A resolution as `Rendered.dpi` states it."""
    low, high = SANE_DPI
    return round(value * 8) / 8 if low <= value <= high else 0.0


def pack(message: Mapping[str, Any]) -> bytes:
    """The message as it travels."""
    body = json.dumps(message).encode("ascii")
    return LENGTH.pack(len(body)) + body
