"""All pages of scans, as people see them, for those who only look at them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.failures import PageError
from pipeline.files import display
from pipeline.pairing import Tally
from pipeline.rendering import Rendered, Renderer
from pipeline.settings import Render
from pipeline.sources import Origin, find


def every_page(paths: Sequence[Path], left_out: Tally) -> Iterator[tuple[Origin, int, Rendered]]:
    """Each page's document, number and image; what cannot be rendered is left out.

    Raises UsageError and NothingDone as `sources.find` does.
    """
    with Renderer(Render()) as renderer:
        for origin in find([str(path) for path in paths], "file").origins:
            source = origin.files[0].path
            try:
                count = renderer.count_pages(source)
            except PageError as error:
                left_out.add("unreadable image", f"{display(source)}: {error}")
                continue
            for number in range(1, count + 1):
                try:
                    rendered = renderer.render(source, number)
                except PageError as error:
                    left_out.add("unreadable image", f"{display(source)}, page {number}: {error}")
                    continue
                yield origin, number, rendered
