"""The way of a page: render, segment, cut its lines; then, with the lines of its neighbours, read them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from pipeline.document import Alternative, Line, Page, Region, Status, Word, float32, mean_confidence, polyline
from pipeline.failures import InkbeamError, PageError
from pipeline.faults import inject
from pipeline.fetching import local_copy
from pipeline.layouts import read_layout
from pipeline.rendered import DigitalText, Rendered
from pipeline.rendering import Renderer
from pipeline.storage import check_not_lost
from pipeline.tasks import PageRef
from pipeline.tesseract import Tesseract
from segmentation import Crop, CropGeometry, Layout, Segmentation, crop, segment
from segmentation import Line as FoundLine
from segmentation.layout import Gray

if TYPE_CHECKING:
    from pipeline.bundles import Tools
    from recognizer.decode.decoder import PageReadings
    from recognizer.decode.reading import Reading, WordReading

Seconds = dict[str, float]


@dataclass(frozen=True)
class Cut:
    """A page after segmentation: what is known of it, and its line crops. The image is gone.

    `baseline`: what Tesseract read there, None where it was not asked or did not manage.
    """

    ref: PageRef
    width: int
    height: int
    dpi: float
    rotation: int
    layout: Layout
    crops: tuple[Crop, ...]
    seconds: Seconds = field(default_factory=dict)
    baseline: tuple[Line, ...] | None = None


def render_page(ref: PageRef, renderer: Renderer, keep_text: bool) -> Rendered | DigitalText:
    """The image of a page, or the text that it has in letters, where that is to be kept; raises PageError.

    Where lines are given, they are what is to be read.
    """
    with _reachable(ref), local_copy(ref.path, ref.sha256) as path:
        text = renderer.text(path, ref.page) if keep_text and ref.layout is None else None
        found = renderer.render(path, ref.page) if text is None else text
    _check_unchanged(ref)
    return found


def cut_page(
    ref: PageRef, rendered: Rendered, settings: Segmentation, tools: "Tools", tesseract: Tesseract | None = None
) -> Cut:
    """Find the lines of a page, cut them, and let Tesseract read it where it is given; raises PageError."""
    seconds: Seconds = {}
    name = Path(ref.source).name
    with timed(seconds, "segment"), faithfully("segment"):
        inject("segment", name)
        layout = _layout(ref, rendered.gray, settings, tools)
    with timed(seconds, "crop"), faithfully("segment"):
        cut = cut_lines(ref, rendered, layout, tools.geometry)
    if tesseract is None:
        return replace(cut, seconds=seconds)
    with timed(seconds, "tesseract"):
        baseline = tesseract.page(np.rot90(rendered.gray, -layout.quarters))
    return replace(cut, seconds=seconds, baseline=baseline)


def cut_lines(ref: PageRef, rendered: Rendered, layout: Layout, geometry: CropGeometry) -> Cut:
    """Cut the lines of a page, turned as the layout says."""
    upright = np.ascontiguousarray(np.rot90(rendered.gray, -layout.quarters))
    crops = tuple(crop(upright, line, geometry) for line in layout.lines)
    height, width = upright.shape
    rotation = (rendered.rotation + 90 * layout.quarters) % 360
    return Cut(ref, width, height, rendered.dpi, rotation, layout, crops)


def _layout(ref: PageRef, gray: Gray, settings: Segmentation, tools: "Tools") -> Layout:
    """The page's lines, given or found."""
    if ref.layout is None:
        return segment(gray, settings, tools.finder)
    return read_layout(Path(ref.layout) if ref.layout else None, gray)


@contextmanager
def _reachable(ref: PageRef) -> Iterator[None]:
    """Tell a file that cannot be read, which is a PageError, from a disk that is gone, which is StoreLost."""
    try:
        yield
    except OSError as error:  # of an object: the guard process answers for files
        raise PageError("render", "unreadable", str(error.strerror)) from error
    except PageError as error:
        if error.kind == "unreadable":
            _check_unchanged(ref)
        raise


def _check_unchanged(ref: PageRef) -> None:
    """Raise PageError for a file that is another than the one that was hashed; `local_copy` does so for objects."""
    if "://" in ref.path:
        return
    try:
        now = Path(ref.path).stat()
    except OSError as error:
        check_not_lost(ref.path, error)
        raise PageError("render", "unreadable", str(error.strerror)) from error
    if (now.st_size, now.st_mtime_ns) != (ref.size, ref.modified):
        raise PageError("render", "changed", "size or modification time differ from the listing")


def assemble(cut: Cut, read: "PageReadings", geometry: CropGeometry, bundle: str, doubtful: float) -> Page:
    """A page from its layout and the readings of its lines; lines on which nothing was read are left out.

    It is doubtful when a greater share of its characters must be expected to be wrong.
    """
    lines = tuple(
        replace(_line(line, image, reading, geometry), language=read.language)
        for line, image, reading in zip(cut.layout.lines, cut.crops, read.readings, strict=True)
        if reading.text
    )
    expected = None if read.expected_cer is None else float32(read.expected_cer)
    return Page(
        number=cut.ref.number,
        source=cut.ref.source,
        source_sha256=cut.ref.sha256,
        width=cut.width,
        height=cut.height,
        dpi=float32(cut.dpi),
        rotation=cut.rotation,
        skew_degrees=float32(cut.layout.skew_degrees),
        status=_status(lines, expected, doubtful),
        lines=lines,
        regions=tuple(Region(region.kind, polyline(region.polygon)) for region in cut.layout.regions),
        bundle=bundle,
        revision=cut.ref.revision,
        language=read.language,
        confidence=mean_confidence(lines),
        expected_cer=expected,
    )


def _status(lines: Sequence[Line], expected_cer: float | None, doubtful: float) -> Status:
    if not lines:
        return "blank"
    return "read" if expected_cer is None or expected_cer <= doubtful else "doubtful"


def failed_page(number: int, source: str, sha256: str, bundle: str, revision: str) -> Page:
    """The row of a page that could not be done."""
    return Page(number, source, sha256, 0, 0, 0.0, 0, 0.0, "failed", (), (), bundle, revision)


def _line(line: FoundLine, image: Crop, reading: "Reading", geometry: CropGeometry) -> Line:
    return Line(
        text=reading.text,
        confidence=reading.confidence,
        baseline=polyline(line.baseline),
        polygon=polyline(line.polygon),
        words=tuple(_word(word, image, geometry) for word in reading.words),
        region=line.region,
        paragraph=line.paragraph,
        row=line.row,
        column=line.column,
    )


def _word(word: "WordReading", image: Crop, geometry: CropGeometry) -> Word:
    """A word's span in the crop, mapped back to the page: its band's corners, clockwise from the upper left."""
    top, foot = geometry.margin, geometry.height - geometry.margin
    corners = [(word.start, top), (word.end, top), (word.end, foot), (word.start, foot)]
    others = tuple(Alternative(text, float32(probability)) for text, probability in word.others)
    return Word(word.text, word.confidence, polyline(image.to_page(np.array(corners, np.float64))), others or None)


@contextmanager
def timed(seconds: Seconds, stage: str) -> Iterator[None]:
    """Add the time that the block takes to the stage's."""
    start = perf_counter()
    try:
        yield
    finally:
        seconds[stage] = seconds.get(stage, 0.0) + perf_counter() - start


@contextmanager
def faithfully(stage: str) -> Iterator[None]:
    """Any error of our own code costs this page and says so, instead of ending the run."""
    try:
        yield
    except (PageError, InkbeamError):
        raise
    except MemoryError as error:
        raise PageError(stage, "out-of-memory", "not enough memory") from error
    except Exception as error:
        raise PageError(stage, "internal", f"{type(error).__name__}: {error}") from error
