"""Lines by a small network: from a page to maps of its baselines, their ends and the bodies of its lines.

The network is an ONNX file (`segmentation.train` makes it), run by cv2.dnn or by whatever else is a `LineNetwork`.
Its maps are followed and joined by the code that follows smeared rows. Lengths are in pitches unless they say pixels.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.layout import Gray
from segmentation.paper import Mask, upright_rules
from segmentation.skew import quarters
from segmentation.traces import Ground, Joining, Map, Trace, crests, follow, join, smooth, spacing

LONG_SIDE: Final = 1024
MULTIPLE: Final = 32
LEAST_SIDE: Final = 16
MAPS: Final = ("baseline", "ends", "body")
JOINING: Final = Joining(weak=0.3, strong=0.6, bridge=0.12, close=0.6, across=0.6)
ENDS, RULES = 0.6, 0.7  # how much of the baseline map line ends and upright rules take away
DARK: Final = 0.3
RULE_LENGTH: Final = 70  # pixels of what the network sees
LEAST_LENGTH, LEAST_STRENGTH = 0.6, 0.62
IN_A_CELL: Final = 0.45  # strength enough for what stands between two upright rules, no longer than so much, so near
CELL, NEAR_A_RULE = 3.0, 1.5
LEAST_LINES: Final = 4  # that tell how a page lies
USUAL_LINES: Final = 40  # on a page that does not tell
BESIDE: Final = 0.2  # so far from a line its body is told from the white on the other side
SEEN: Final = np.linspace(0, 1, 30)  # shares of its length where one looks

Points = npt.NDArray[np.float64]


class UnfitNetwork(Exception):
    """The file is no line finder that this version can run."""


@dataclass(frozen=True)
class Maps:
    """What the network says of a page, each float32 [h, w] in 0..1, at half the size that it sees.

    `ink` and `rules` are the page's own, and `factor` is the size of a map's pixel in pixels of the page.
    """

    baseline: Map
    ends: Map
    body: Map
    ink: Map
    rules: Mask
    factor: float


class LineNetwork(Protocol):
    """What says of a page where its lines are. The same ink gives the same bits."""

    def logits(self, ink: Map) -> Map:
        """What it says of ink float32 [h, w] in -0.3..1.3, sides multiples of 32: float32 [3, h / 2, w / 2]."""


class DnnNetwork:
    """A line finder by cv2.dnn in fp32, from the bytes of its ONNX file, one page at a time. Raises UnfitNetwork."""

    def __init__(self, content: bytes) -> None:
        self._lock = Lock()
        try:
            self._network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
            check(self)
        except cv2.error as error:
            raise UnfitNetwork(str(error)) from error

    def logits(self, ink: Map) -> Map:
        """See `LineNetwork`."""
        with self._lock:
            self._network.setInput(ink[None, None])
            output: Any = self._network.forward()
        return np.array(output[0], np.float32)


def check(network: LineNetwork) -> None:
    """Raises UnfitNetwork when a network does not say as many maps, of such a size, as a line finder does."""
    shape = network.logits(np.zeros((2 * MULTIPLE, MULTIPLE), np.float32)).shape
    if shape != (len(MAPS), MULTIPLE, MULTIPLE // 2):
        raise UnfitNetwork(f"its maps are {list(shape)}")


def find_maps(gray: Gray, network: LineNetwork) -> Maps | None:
    """The maps of a page uint8 [h, w]; None when the page is too thin for a line."""
    scale = LONG_SIDE / max(gray.shape)
    high, wide = (max(1, round(side * scale)) for side in gray.shape)
    if min(high, wide) < LEAST_SIDE:
        return None
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    ink = normalise(np.asarray(cv2.resize(gray, (wide, high), interpolation=method), np.uint8))
    padded = np.pad(ink, ((0, -high % MULTIPLE), (0, -wide % MULTIPLE)), mode="edge")
    logits = network.logits(padded)[:, : (high + 1) // 2, : (wide + 1) // 2]
    baseline, ends, body = 1 / (1 + np.exp(-logits))
    rules = upright_rules((ink > DARK).astype(np.uint8), RULE_LENGTH)[::2, ::2]
    seen = cv2.dilate(ink.clip(0, 1), np.ones((2, 2), np.uint8))[::2, ::2]
    return Maps(baseline, ends, body, np.asarray(seen, np.float32), np.asarray(rules, np.uint8), 2 / scale)


def normalise(gray: Gray) -> Map:
    """Ink about 1 and paper about 0, float32 [h, w] in -0.3..1.3, by the grays in the middle of the page.

    A black scan border would pass for ink otherwise.
    """
    high, wide = gray.shape
    middle = gray[high // 10 : high - high // 10 : 3, wide // 10 : wide - wide // 10 : 3]
    ink, paper = np.percentile(middle, (1, 75)) if middle.size else (0.0, 255.0)
    shares = (paper - np.arange(256)) / max(paper - ink, 25.0)
    return np.asarray(cv2.LUT(gray, np.clip(shares, -0.3, 1.3).astype(np.float32)), np.float32)


@dataclass(frozen=True)
class Found:
    """Baselines on maps, float64 [n, 2] in reading direction, each with the sum of its map's values; their pitch."""

    baselines: tuple[Points, ...]
    weights: tuple[float, ...]
    pitch: float

    def surest(self, most: int) -> list[Points]:
        """At most so many baselines, in their order."""
        order = sorted(range(len(self.weights)), key=lambda index: -self.weights[index])[:most]
        return [self.baselines[index] for index in sorted(order)]


def find_baselines(maps: Maps) -> Found:
    """Level and steep baselines, those that are too short for how sure they are left out, and those without ink."""
    level, steep = crests(maps.baseline, JOINING, (1 - ENDS * maps.ends) * (1 - RULES * maps.rules))
    pieces = follow(level)
    pitch = spacing(pieces, len(level) / USUAL_LINES)
    ground = Ground(maps.baseline, maps.rules, maps.ends)
    upright = Ground(maps.baseline, np.zeros_like(maps.rules), maps.ends).transposed()
    fallen = follow(np.ascontiguousarray(steep.T))
    kept = [
        (trace, on is upright)
        for found, on in ((pieces, ground), (fallen, upright))
        for trace in join(found, on, pitch, JOINING)
        if _is_line(trace, on.barriers, pitch)
    ]
    baselines = tuple(_baseline(smooth(trace, pitch), turned, maps.body, pitch) for trace, turned in kept)
    return Found(baselines, tuple(float(trace[:, 2].sum()) for trace, _ in kept), pitch)


def _is_line(trace: Trace, rules: Mask, pitch: float) -> bool:
    """Whether a trace is long and strong enough; figures of a register, between two rules, need not be as strong."""
    length = float(np.hypot(*(trace[-1, :2] - trace[0, :2])))
    enough = IN_A_CELL if length < CELL * pitch and _is_between(trace, rules, pitch) else LEAST_STRENGTH
    return length >= LEAST_LENGTH * pitch and float(trace[:, 2].mean()) >= enough


def _is_between(trace: Trace, rules: Mask, pitch: float) -> bool:
    """Whether upright rules stand near both ends of a trace."""
    row = rules[int(np.clip(round(float(trace[:, 1].mean())), 0, len(rules) - 1))]
    left, right, reach = int(trace[0, 0]), int(trace[-1, 0]), int(NEAR_A_RULE * pitch)
    return bool(row[max(0, left - reach) : left + 1].any() and row[right : right + reach + 1].any())


def orientation(found: Found) -> tuple[int, float]:
    """By how many quarters a page must be turned clockwise so that its lines can be read, and how sure that is.

    Sure is the share of lines, by length, that say so, in 0..1; a page that is too empty to tell gets no turn, and 0.
    That lines are steep is surer than on which side of them their letters stand: for a page on its side both ways
    count, and a look at the turned page tells whether it is upside down.
    """
    if len(found.baselines) < LEAST_LINES:
        return 0, 0.0
    lengths = [float(np.hypot(*(line[-1] - line[0]))) for line in found.baselines]
    votes = np.bincount(quarters(found.baselines), lengths, 4) / sum(lengths)
    turn, steep = int(votes.argmax()), float(votes[1] + votes[3])
    return turn, steep if turn % 2 else float(votes[turn])


def _baseline(trace: Trace, turned: bool, body: Map, pitch: float) -> Points:
    """The trace as a polyline, a pixel longer at both ends, which their bars have eaten, in reading direction.

    Letters stand on the side of the line's body.
    """
    points = trace[:, 1::-1] if turned else trace[:, :2]
    kept = cv2.approxPolyDP(points.astype(np.float32).reshape(-1, 1, 2), 0.6, False).reshape(-1, 2).astype(np.float64)
    for end, inner in ((0, 1), (-1, -2)):
        way = kept[end] - kept[inner]
        kept[end] += way / (np.hypot(*way) or 1.0)
    above, below = _body_beside(kept, body, BESIDE * pitch)
    return kept[::-1] if above < below else kept


def _body_beside(line: Points, body: Map, offset: float) -> tuple[float, float]:
    """Means of the body map so many pixels above and below the line, seen along it."""
    way = line[-1] - line[0]
    up = np.array([way[1], -way[0]]) / (np.hypot(*way) or 1.0)
    places = np.arange(len(line)) / max(1, len(line) - 1)
    feet = (np.interp(SEEN, places, line[:, axis]) for axis in (0, 1))
    x, y = (foot + np.array([[offset], [-offset]]) * step for foot, step in zip(feet, up, strict=True))
    above, below = cv2.remap(body, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR).mean(1)
    return above, below
