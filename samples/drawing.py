"""Sheets to pictures: paper, ink, and what years and scanners do to both.

A picture is float32 [h, w, 3], 0 black to 255 white. All chance comes from the generator that is passed in.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from samples.layout import BLACK, Colour, Points, Rule, Sheet, TrueLine, TrueRegion

Picture = npt.NDArray[np.float32]
Mask = npt.NDArray[np.float32]
Random = np.random.Generator

WHITE: Colour = (255, 255, 255)
SCANNER_LID: Colour = (58, 56, 55)


@dataclass(frozen=True)
class Scan:
    """A picture of a page with its truth in the same pixels."""

    picture: Picture
    dpi: int
    regions: tuple[TrueRegion, ...]

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.picture.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.picture.shape[0])


def draw(sheet: Sheet, paper: Picture) -> Scan:
    """The sheet's words and rules on the paper."""
    picture = paper
    for ink in sorted({piece.ink for piece in sheet.pieces} | {BLACK}):
        picture = _dye(picture, coverage(sheet, ink), ink)
    return Scan(picture, sheet.dpi, tuple(sheet.regions))


def coverage(sheet: Sheet, ink: Colour) -> Mask:
    """How much of each pixel one ink covers, float32 [h, w] in 0..1; rules are printed in black."""
    layer = Image.new("L", (sheet.width, sheet.height), 0)
    pen = ImageDraw.Draw(layer)
    for rule in sheet.rules if ink == BLACK else []:
        _rule(pen, rule)
    for piece in sheet.pieces:
        if piece.ink == ink:
            face = sheet.fonts.face(piece.font, piece.size)
            pen.text((piece.x, piece.y), piece.text, fill=round(255 * piece.strength), font=face, anchor="ls")
    return np.asarray(layer, np.float32) / np.float32(255)


def _rule(pen: ImageDraw.ImageDraw, rule: Rule) -> None:
    pen.line((rule.start, rule.end), fill=200, width=rule.width)


def _dye(picture: Picture, mask: Mask, ink: Colour) -> Picture:
    cover = mask[..., None]
    return picture * (1 - cover) + np.array(ink, np.float32) * cover


def blank(sheet: Sheet, colour: Colour = WHITE) -> Picture:
    """Even paper of one colour."""
    return np.broadcast_to(np.array(colour, np.float32), (sheet.height, sheet.width, 3)).copy()


def paper(sheet: Sheet, colour: Colour, clouds: float = 5, grain: float = 1.5) -> Picture:
    """Old paper: `clouds` and `grain` are the deviations, in grey values, of its slow and its fine unevenness."""
    shape = sheet.height, sheet.width
    uneven = clouds * _clouds(shape, sheet.mm(30), sheet.rng) + grain * _clouds(shape, sheet.mm(0.4), sheet.rng)
    warmth = np.array([0.8, 1.0, 1.25], np.float32)
    return blank(sheet, colour) + (uneven[..., None] - 14 * _edge(sheet)[..., None]) * warmth


def _clouds(shape: tuple[int, int], size: float, rng: Random) -> Mask:
    """Smooth noise of deviation about 1 whose blots are about `size` pixels wide."""
    coarse = rng.standard_normal((int(shape[0] / size) + 3, int(shape[1] / size) + 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _edge(sheet: Sheet) -> Mask:
    """1 at the edge of the sheet, falling off within some millimetres: where hands and light darkened it."""
    across = np.minimum(np.arange(sheet.width), np.arange(sheet.width)[::-1])
    down = np.minimum(np.arange(sheet.height), np.arange(sheet.height)[::-1])
    distance = np.minimum(across[None, :], down[:, None])
    return np.exp(-distance / sheet.mm(5)).astype(np.float32)


def stain(scan: Scan, centre: tuple[float, float], radius: float, depth: float, rng: Random) -> Scan:
    """A water stain with a dark rim: centre in shares of width and height, radius in mm, depth in grey values."""
    reach = radius * scan.dpi / 25.4
    rows, columns = np.mgrid[: scan.height, : scan.width].astype(np.float32)
    distance = np.hypot(columns - centre[0] * scan.width, rows - centre[1] * scan.height)
    distance = distance / reach + 0.08 * _clouds((scan.height, scan.width), reach / 2, rng)
    inside = 0.5 - 0.5 * np.tanh((distance - 1) * 20)
    rim = np.exp(-(((distance - 0.97) / 0.035) ** 2))
    return _darken(scan, depth * (0.45 * inside + 0.75 * rim))


def foxing(scan: Scan, count: int, rng: Random) -> Scan:
    """Brown specks of up to two millimetres."""
    layer = np.zeros((scan.height, scan.width), np.float32)
    for _ in range(count):
        centre = int(rng.integers(scan.width)), int(rng.integers(scan.height))
        radius = max(1, round(float(rng.gamma(2, 0.25)) * scan.dpi / 25.4))
        cv2.circle(layer, centre, radius, float(rng.uniform(15, 50)), -1)
    return _darken(scan, np.asarray(cv2.GaussianBlur(layer, (0, 0), scan.dpi / 100), np.float32))


def fold(scan: Scan, height: float) -> Scan:
    """A crease across the page at a share of its height: a light ridge with a shadow below."""
    offset = (np.arange(scan.height) - height * scan.height) * 25.4 / scan.dpi
    profile = 16 * np.exp(-((offset - 0.5) ** 2)) - 10 * np.exp(-((offset + 0.4) ** 2) / 0.1)
    return _darken(scan, np.repeat(profile.astype(np.float32)[:, None], scan.width, 1))


def bleed(picture: Picture, verso: Sheet, ink: Colour, strength: float) -> Picture:
    """The writing of the other side, mirrored and blurred, shining through the paper."""
    mask = coverage(verso, ink)[:, ::-1]
    soft = cv2.GaussianBlur(mask, (0, 0), verso.mm(0.18))
    return _dye(picture, strength * np.asarray(soft, np.float32), ink)


def turn(scan: Scan, degrees: float, lid: Colour = SCANNER_LID) -> Scan:
    """The page laid on the scanner `degrees` clockwise, its truth turned with it; `lid` is what lies beside it."""
    middle = (scan.width - 1) / 2, (scan.height - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, -degrees, 1), np.float64)
    size = scan.width, scan.height
    turned = cv2.warpAffine(scan.picture, matrix, size, flags=cv2.INTER_CUBIC, borderValue=lid)
    regions = tuple(TrueRegion(r.kind, tuple(_move(line, matrix) for line in r.lines)) for r in scan.regions)
    return replace(scan, picture=np.clip(turned, 0, 255).astype(np.float32), regions=regions)


def _move(line: TrueLine, matrix: npt.NDArray[np.float64]) -> TrueLine:
    def moved(points: Points) -> Points:
        return points @ matrix[:, :2].T + matrix[:, 2]

    return TrueLine(line.text, moved(line.baseline), moved(line.polygon))


def fade(scan: Scan, contrast: float, light: float) -> Scan:
    """Grey values drawn together around `light`; `contrast` 1 changes nothing."""
    return replace(scan, picture=light + (scan.picture - light) * np.float32(contrast))


def expose(scan: Scan, noise: float, rng: Random, blur: float = 0.5) -> Scan:
    """What optics and sensor add: a blur of some pixels and noise of some grey values."""
    soft = cv2.GaussianBlur(scan.picture, (0, 0), blur)
    grain = noise * rng.standard_normal((scan.height, scan.width, 1), np.float32)
    return replace(scan, picture=np.asarray(soft + grain, np.float32))


def _darken(scan: Scan, depth: npt.NDArray[np.floating]) -> Scan:
    """Subtract grey values, more in blue than in red, as brown does."""
    brown = np.array([0.7, 1.0, 1.4], np.float32)
    return replace(scan, picture=scan.picture - depth[..., None].astype(np.float32) * brown)


def rgb(scan: Scan) -> Image.Image:
    """The picture in eight-bit colour."""
    return Image.fromarray(np.clip(np.round(scan.picture), 0, 255).astype(np.uint8), "RGB")


def gray(scan: Scan, levels: int = 256) -> npt.NDArray[np.float32]:
    """The picture's brightness 0..255, in so many steps: fewer steps, smaller lossless files."""
    bright = scan.picture @ np.array([0.299, 0.587, 0.114], np.float32)
    step = 256 / levels
    return np.asarray(np.clip(np.floor(bright / step) * step + step / 2, 0, 255), np.float32)
