"""Pages with truth to judge by: the image, its true lines in its own pixels, and what is known of the page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.failures import PageError, UsageError
from pipeline.files import display
from pipeline.pairing import Scan, Tally, find, transcription
from pipeline.rendering import Rendered, Renderer
from pipeline.settings import Render
from pipeline.transcription import BadTranscription, TranscribedPage
from segmentation import Line
from segmentation.layout import Gray

# Image and XML may differ in size, as scans are exported smaller, but not in shape.
SHAPE_TOLERANCE: Final = 0.02
# What a folder of pages may say of them: a list of {"page": name of the XML without its ending, "dataset", "script",
# "language", "split", "judge": what the truth is good for, some of ASPECTS}.
KNOWN: Final = "pages.json"
ASPECTS: Final = frozenset({"baselines", "text", "order"})
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Facts:
    """Which page it is, and what its truth is good for: `judge` is some of `ASPECTS`."""

    name: str
    dataset: str
    script: str
    split: str
    judge: frozenset[str]
    language: str = UNKNOWN


@dataclass(frozen=True)
class TruePage:
    """A page as people see it, its true lines in their order and their texts ('' for none), and the image's file."""

    facts: Facts
    rendered: Rendered
    lines: tuple[Line, ...]
    texts: tuple[str, ...]
    image: Path

    @property
    def gray(self) -> Gray:
        """Its pixels, uint8 [h, w]."""
        return self.rendered.gray


def true_pages(folders: Sequence[Path], left_out: Tally) -> Iterator[TruePage]:
    """The pages of the folders that have PAGE XML or ALTO, in order; what cannot be used is left out.

    Raises UsageError when a folder's `pages.json` is none.
    """
    known: dict[Path, Mapping[str, Mapping[str, Any]]] = {}
    with Renderer(Render()) as renderer:
        for scan in find(folders, left_out):
            folder = scan.xml.parent
            if folder not in known:
                known[folder] = _known(folder)
            try:
                yield _page(scan, renderer, known[folder].get(scan.xml.stem, {}))
            except BadTranscription as error:
                left_out.add(error.reason, f"{display(str(scan.xml))}: {error}")
            except PageError as error:
                left_out.add("unreadable image", f"{display(str(scan.image))}: {error}")


def shapes(page: TranscribedPage, gray: Gray) -> list[Line]:
    """The lines of a page in pixels of its image; raises BadTranscription when image and XML differ in shape."""
    scale = np.array(_scale(page, gray))
    return [
        Line(*((np.array(shape) * scale).astype(np.float32) for shape in (line.baseline, line.polygon)))
        for line in page.lines
    ]


def _page(scan: Scan, renderer: Renderer, known: Mapping[str, Any]) -> TruePage:
    page = transcription(scan)
    rendered = renderer.render(str(scan.image), 1)
    facts = Facts(
        name=scan.name,
        dataset=known.get("dataset", scan.dataset),
        script=known.get("script", UNKNOWN),
        split=known.get("split", UNKNOWN),
        judge=frozenset(known.get("judge", ASPECTS)),
        language=known.get("language", UNKNOWN),
    )
    lines, texts = shapes(page, rendered.gray), (line.text for line in page.lines)
    return TruePage(facts, rendered, tuple(lines), tuple(texts), scan.image)


def _known(folder: Path) -> dict[str, Mapping[str, Any]]:
    """What `pages.json` beside the pages says of each, by name; nothing where there is none."""
    path = folder / KNOWN
    if not path.exists():
        return {}
    try:
        return {entry["page"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{display(str(path))}: not a list of facts, each with its page ({type(error).__name__}: {error}); "
            "mend it, or move it away"
        ) from error


def _scale(page: TranscribedPage, gray: Gray) -> tuple[float, float]:
    """Pixels of the image for one of the XML, across and down; raises BadTranscription when they differ in shape."""
    height, width = gray.shape
    across, down = width / (page.width or width), height / (page.height or height)
    if abs(across / down - 1) > SHAPE_TOLERANCE:
        raise BadTranscription(
            "image of another shape than its XML",
            f"the image has {width} x {height} pixels as a person sees it, the XML says {page.width} x {page.height}; "
            "export both again, from one program",
        )
    return across, down
