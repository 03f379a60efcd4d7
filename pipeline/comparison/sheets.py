"""What both engines are to read: pages with truth, line crops with truth by pages, or scans that nobody transcribed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from pipeline.document import Line, polyline
from pipeline.every_page import every_page
from pipeline.failures import UsageError
from pipeline.files import absolute, display
from pipeline.pairing import Tally
from pipeline.reading import Cut
from pipeline.rendered import Rendered
from pipeline.sources import document_id, hash_file
from pipeline.tasks import PageRef
from pipeline.truth import UNKNOWN, Facts, TruePage, true_pages
from recognizer.bundle import Bundle
from recognizer.errors import RecognizerError
from recognizer.samples import SPLITS, Sample, find_parquet, load_lines
from segmentation import Crop, Layout, Region
from segmentation import Line as FoundLine
from segmentation.layout import Gray

MARGIN: Final = 12
BASELINE: Final = 0.7  # of a crop's height, from above
QUALITY: Final = 80


@dataclass(frozen=True)
class Sheet:
    """A page, or the line crops of one below each other, that several engines are to read.

    `truth` are its true lines, None where nobody knows them; `given` its crops, where no lines are to be found.
    """

    ref: PageRef
    rendered: Rendered
    facts: Facts
    truth: tuple[Line, ...] | None
    given: Cut | None = None


def true_sheets(data: Sequence[Path], bundle: Bundle, left_out: Tally, folder: Path) -> Iterator[Sheet]:
    """All that has truth: lines of the split test, or all where there is none, by pages; then whole pages.

    Lines are shown below each other in an image in the folder. Raises UsageError for Parquet that holds no lines.
    """
    sources = [path for path in data if path.suffix == ".parquet" or any(path.glob("*.parquet"))]
    for samples in pages_of(_samples(sources, bundle) if sources else ()):
        yield stacked(samples, folder)
    for page in true_pages([path for path in data if path not in sources], left_out):
        if "text" in page.facts.judge and any(page.texts):
            yield _true_page(page)


def unknown_sheets(data: Sequence[Path], left_out: Tally) -> Iterator[Sheet]:
    """All pages of scans. Raises as `every_page` does."""
    for origin, number, rendered in every_page(data, left_out):
        path = origin.files[0].path
        name = f"{display(path)}, page {number}"
        facts = Facts(name, UNKNOWN, UNKNOWN, UNKNOWN, frozenset())
        yield Sheet(_ref(path, number), rendered, facts, None)


def pages_of(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    """The lines of each page together; a line that names no page is its own."""

    def page(sample: Sample) -> tuple[str, str]:
        return sample.dataset, sample.page or sample.id

    for _, members in groupby(sorted(samples, key=page), key=page):
        yield list(members)


def stacked(samples: Sequence[Sample], folder: Path) -> Sheet:
    """The line crops of a page as one image, written to the folder, with the lines where they lie there."""
    first = samples[0]
    name = first.page or first.id
    width = max(sample.image.shape[1] for sample in samples) + 2 * MARGIN
    height = sum(sample.image.shape[0] + MARGIN for sample in samples) + MARGIN
    gray = np.full((height, width), 255, np.uint8)
    crops, lines, top = [], [], MARGIN
    for sample in samples:
        rows, columns = sample.image.shape
        gray[top : top + rows, MARGIN : MARGIN + columns] = sample.image
        crops.append(_placed(sample, top))
        lines.append(_rectangle(MARGIN, top, columns, rows))
        top += rows + MARGIN
    ref = _ref(_written(gray, folder, f"{first.dataset}-{name}"), 1)
    layout = Layout(0.0, (Region("column", lines[0].polygon),), tuple(lines))
    truth = tuple(_line(line, sample.text) for line, sample in zip(lines, samples, strict=True))
    known = (first.dataset or UNKNOWN, first.script or UNKNOWN, first.split or UNKNOWN)
    facts = Facts(name, *known, frozenset(), first.language or UNKNOWN)
    return Sheet(ref, Rendered(gray, 0.0, 0), facts, truth, Cut(ref, width, height, 0.0, 0, layout, tuple(crops)))


def _placed(sample: Sample, top: int) -> Crop:
    """A crop whose columns lie on the sheet as they are."""
    rows, columns = sample.image.shape
    foot = top + BASELINE * rows
    feet = np.stack([MARGIN + np.arange(columns), np.full(columns, foot)], axis=1).astype(np.float32)
    return Crop(sample.image, feet, np.tile(np.array([0, -1], np.float32), (columns, 1)), BASELINE * rows)


def _rectangle(left: int, top: int, width: int, height: int) -> FoundLine:
    right, foot = left + width, top + BASELINE * height
    outline = [(left, top), (right, top), (right, top + height), (left, top + height)]
    return FoundLine(np.array([(left, foot), (right, foot)], np.float32), np.array(outline, np.float32))


def _written(gray: Gray, folder: Path, name: str) -> str:
    path = folder / f"{name.replace('/', '-')}.webp"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(cv2.imencode(".webp", gray, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1]))
    return str(path.resolve())


def _true_page(page: TruePage) -> Sheet:
    truth = tuple(_line(line, text) for line, text in zip(page.lines, page.texts, strict=True) if text)
    return Sheet(_ref(str(page.image), 1), page.rendered, page.facts, truth)


def _line(line: FoundLine, text: str) -> Line:
    return Line(text, 1.0, polyline(line.baseline), polyline(line.polygon), (), 0, 0)


def _ref(name: str, page: int) -> PageRef:
    path = absolute(name)
    status = Path(path).stat()
    made_from = hash_file(path)
    return PageRef(
        document_id(path), page, path, page, display(path), made_from, status.st_size, status.st_mtime_ns, made_from
    )


def _samples(sources: Sequence[Path], bundle: Bundle) -> Sequence[Sample]:
    height = int(bundle.crop["height"])
    try:
        files = find_parquet(sources)
        test = load_lines(files, height, ["test"], bundle.text_policy).samples
        return test or load_lines(files, height, SPLITS, bundle.text_policy).samples
    except RecognizerError as error:
        raise UsageError(str(error)) from error
