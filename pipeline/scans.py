"""Scans of pages that were read before, opened again."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import numpy as np

from pipeline.document import Page
from pipeline.failures import PageError
from pipeline.fetching import local_copy
from pipeline.files import display, hash_file, shown_path
from pipeline.rendering import Renderer
from segmentation.layout import Gray

CHANGED: Final = "is not the file any more that was read; digitize it again"
NOT_AS_READ: Final = "has another size than the page that was read; digitize it again"


class ScanGone(Exception):
    """A scan cannot be opened any more, or is another now; the message names it and says why."""


def places(pages: Iterable[Page]) -> dict[int, int]:
    """Number of each page in its document -> which page of its source it is, from 1."""
    seen: Counter[str] = Counter()
    found: dict[int, int] = {}
    for page in sorted(pages, key=lambda page: page.number):
        seen[page.source] += 1
        found[page.number] = seen[page.source]
    return found


@contextmanager
def unchanged(page: Page) -> Iterator[str]:
    """The path of the page's source, of a copy where that lies in a store; raises ScanGone where it is another file."""
    with ExitStack() as stack:
        try:
            path = stack.enter_context(local_copy(shown_path(page.source), page.source_sha256))
            if page.source_sha256 not in ("", hash_file(path)):
                raise ScanGone(CHANGED)
        except PageError as error:
            raise ScanGone(CHANGED if error.kind == "changed" else str(error)) from error
        except OSError as error:
            raise ScanGone(str(error.strerror or error)) from error
        yield path


def open_scan(page: Page, place: int, renderer: Renderer) -> Gray:
    """The page image, uint8 [height, width], as the page was read; `place` as `places` has it. Raises ScanGone."""
    name = display(page.source)
    try:
        with local_copy(shown_path(page.source), page.source_sha256) as path:
            rendered = renderer.render(path, place)
    except (PageError, OSError) as error:
        raise ScanGone(f"{name}: {error}") from error
    turn = (page.rotation - rendered.rotation) // 90
    gray = np.ascontiguousarray(np.rot90(rendered.gray, -turn))
    if gray.shape != (page.height, page.width):
        raise ScanGone(f"{name} {NOT_AS_READ}")
    return gray
