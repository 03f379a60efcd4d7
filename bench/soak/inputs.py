"""Scans for the soak: small pages cut out of samples/ and tests/cases, no two alike, some files damaged.

What is made depends on the seed alone.
"""

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.soak.damage import DAMAGES, damaged
from pipeline.every_page import every_page
from pipeline.pairing import Tally

Gray = npt.NDArray[np.uint8]

ROOT: Final = Path(__file__).parents[2]
MODELS: Final = (ROOT / "samples", ROOT / "tests" / "cases")
WIDTH, HEIGHT = 720, 380  # pixels of a page: about a dozen lines
DPI: Final = (150, 150)
DAMAGED: Final = 0.05  # of the pages
LATE: Final = 0.04  # of the documents
# Suffix, fewest and most pages, how often.
KINDS: Final = (
    (".png", 1, 1, 6),
    (".jpg", 1, 1, 6),
    (".webp", 1, 1, 2),
    (".tif", 1, 8, 3),
    (".pdf", 2, 12, 4),
    (".pdf", 50, 50, 0.4),
)


@dataclass(frozen=True)
class Scan:
    """One file to be made: its name, the numbers of its pages, which no other file has, and how it is damaged, if it
    is. `late`: it is delivered with other pages first and with these during the storm.
    """

    name: str
    pages: tuple[int, ...]
    damage: str | None = None
    late: bool = False


def plan(pages: int, seed: int) -> list[Scan]:
    """Scans of so many pages in all, in the order of their names."""
    random = Random(f"scans {seed}")
    scans: list[Scan] = []
    begun = 0
    while begun < pages:
        suffix, fewest, most, _ = random.choices(KINDS, [kind[3] for kind in KINDS])[0]
        count = min(random.randint(fewest, most), pages - begun)
        name = f"box-{len(scans) // 100:02}/{len(scans):04}{suffix}"
        late = random.random() < LATE
        scans.append(Scan(name, tuple(range(begun, begun + count)), late=late))
        begun += count
    return scans + _damaged(pages, seed)


def _damaged(pages: int, seed: int) -> list[Scan]:
    """The damages in turn, so that even a short soak has them all; their pages are numbered after all others."""
    names = list(DAMAGES)
    count = max(len(names), round(DAMAGED * pages))
    random = Random(f"damaged {seed}")
    return [
        Scan(f"damaged/{k:04}-{name}{DAMAGES[name].suffix}", (pages + 2 * k, pages + 2 * k + 1), name)
        for k, name in enumerate(random.sample(names, len(names)) * (count // len(names) + 1))
    ][:count]


class Maker:
    """Makes the files of scans from pages to cut out of."""

    def __init__(self, models: Sequence[Gray], seed: int) -> None:
        self._models, self._seed = models, seed

    @classmethod
    def of_samples(cls, seed: int) -> "Maker":
        """With the pages of samples/ and tests/cases that are large enough."""
        found = (rendered.gray for _, _, rendered in every_page(MODELS, Tally()))
        return cls([gray for gray in found if gray.shape[0] > HEIGHT and gray.shape[1] > WIDTH], seed)

    def content(self, scan: Scan) -> bytes:
        """The file as it is in the end."""
        random = Random(f"{scan.name} {self._seed}")
        whole = _encoded([self.page(number) for number in scan.pages], Path(scan.name).suffix)
        return whole if scan.damage is None else damaged(whole, scan.damage, random)

    def first_content(self, scan: Scan) -> bytes:
        """What a late scan is delivered with at first: pages that no scan has."""
        return _encoded([self.page(-number - 1) for number in scan.pages], Path(scan.name).suffix)

    def page(self, number: int) -> Gray:
        """A piece of one of the models, a little turned, as light as no other."""
        random = Random(f"page {number} {self._seed}")
        model = random.choice(self._models)
        top, left = random.randint(0, model.shape[0] - HEIGHT), random.randint(0, model.shape[1] - WIDTH)
        piece = model[top : top + HEIGHT, left : left + WIDTH]
        turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), random.uniform(-1, 1), 1)
        turned = cv2.warpAffine(piece, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(turned * random.uniform(0.85, 1), np.uint8)


def make(scans: Sequence[Scan], maker: Maker, folder: Path) -> None:
    """Write all files as they are in the end."""
    for scan in scans:
        path = folder / scan.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(maker.content(scan))


def healthy(scans: Sequence[Scan]) -> Iterator[Scan]:
    """Those that are not damaged."""
    return (scan for scan in scans if scan.damage is None)


def _encoded(pages: Sequence[Gray], suffix: str) -> bytes:
    first, *rest = [Image.fromarray(page) for page in pages]
    buffer = io.BytesIO()
    if suffix == ".pdf":
        dates = {"creationDate": time.gmtime(0), "modDate": time.gmtime(0)}
        first.save(buffer, "PDF", resolution=DPI[0], save_all=True, append_images=rest, **dates)
    elif suffix == ".tif":
        # Not compressed: libtiff fills up with whatever is in memory.
        first.save(buffer, "TIFF", dpi=DPI, save_all=True, append_images=rest)
    else:
        kind = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP"}[suffix]
        first.save(buffer, kind, dpi=DPI, quality=85)
    return buffer.getvalue()
