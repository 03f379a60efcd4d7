"""The command `compare`: pages or lines -> who reads them better, as a table, JSON, and a dataset to look at.

Where there is no truth, how far both agree.
"""

import json
import resource
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from pipeline import pairing
from pipeline.bundles import load_bundle, load_tools
from pipeline.comparison import dataset
from pipeline.comparison.engines import Engine, Ours, Theirs
from pipeline.comparison.judge import Compared, agreements, by_page, compare, figures
from pipeline.comparison.sheets import Sheet, true_sheets, unknown_sheets
from pipeline.comparison.wording import told
from pipeline.failures import UsageError
from pipeline.files import display, write_text
from pipeline.pairing import Tally
from pipeline.settings import Settings
from pipeline.summary import Summary
from pipeline.tesseract import Tesseract
from recognizer.arithmetic import processor
from recognizer.bundle import Bundle
from segmentation.layout import Gray

COMPARISON: Final = "comparison.json"


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    data: tuple[Path, ...]
    output: Path
    bundle: str
    tesseract_languages: str
    config: str | None
    json: Path | None


def compare_all(options: Options) -> str:
    """Let both read all data; what to tell the user. Raises UsageError, and NothingDone as `sources.find` does."""
    bundle, settings = load_bundle(options.bundle), Settings.load(options.config)
    tesseract, left_out = Tesseract.found(options.tesseract_languages), Tally()
    storage = dataset.opened(options.output)
    summary = Summary(
        _record(options, settings), bundle.id, bundle.arithmetic(), str(options.output), (), 0, (), tesseract=tesseract
    )
    ours = Ours(load_tools(bundle), bundle.id, settings)
    pages, largest = _read(_sheets(options, bundle, left_out), bundle, (ours, Theirs(tesseract)))
    dataset.write(storage, pages, ours.seconds, summary)
    found = _found(pages) | _circumstances(bundle, tesseract, largest)
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    for path in filter(None, (options.json, options.output / COMPARISON)):
        write_text(path, text)
    return "\n".join([*told(found), *pairing.told(left_out.table())])


def _record(options: Options, settings: Settings) -> dict[str, Any]:
    """The command line and the settings file as the run's record keeps them."""
    command = {"inputs": [display(str(path)) for path in options.data], "output": display(str(options.output))}
    named = {"bundle": options.bundle, "tesseract_languages": options.tesseract_languages}
    return {"command": command | named, **settings.as_dict()}


def _sheets(options: Options, bundle: Bundle, left_out: Tally) -> Iterator[Sheet]:
    """Those with truth, or where there is none all scans; raises UsageError when there is nothing to read."""
    true = true_sheets(options.data, bundle, left_out, options.output / dataset.CROPS)
    first = next(true, None)
    if first is not None:
        return chain([first], true)
    left_out.reasons.clear()
    unknown = unknown_sheets(options.data, left_out)
    first = next(unknown, None)
    if first is None:
        names = ", ".join(display(str(path)) for path in options.data)
        raise UsageError("\n".join([f"{names}: no page that can be read", *pairing.told(left_out.table())]))
    return chain([first], unknown)


def _read(sheets: Iterable[Sheet], bundle: Bundle, engines: tuple[Engine, Engine]) -> tuple[list[Compared], Gray]:
    """All sheets by both engines, and the largest image."""
    pages: list[Compared] = []
    largest: Gray | None = None
    for sheet in tqdm(sheets, desc="comparing", unit="page", disable=None):
        pages.append(compare(sheet, bundle.text_policy, engines))
        if largest is None or sheet.rendered.gray.size > largest.size:
            largest = sheet.rendered.gray
    assert largest is not None
    return pages, largest


def _found(pages: list[Compared]) -> dict[str, Any]:
    known = pages[0].truth is not None
    return (figures(pages) if known else agreements(pages)) | {"page": by_page(pages)}


def _circumstances(bundle: Bundle, tesseract: Tesseract, largest: Gray) -> dict[str, Any]:
    """What the figures were made with. Memory is the most that this process took, and Tesseract on the largest page."""
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "bundle": bundle.id,
        "tesseract": tesseract.record(),
        "memory_mb": {"inkbeam": round(ours), "tesseract": round(tesseract.peak_megabytes(largest))},
        "processor": processor()[0],
        "arithmetic": bundle.arithmetic(),
    }
