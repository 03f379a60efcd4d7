"""`python -m bench.report [--pages 5000]`: how large the report of so many pages is, and how fast it opens.

The pages are those of samples/print-german.png again and again, with the lines that are read on it, under other names.
The time is that of chromium, headless, until the page is drawn and its table filled; the median of five.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import sync_playwright

from pipeline.bundles import load_bundle, load_tools
from pipeline.comparison.engines import Ours
from pipeline.comparison.sheets import unknown_sheets
from pipeline.document import Document, Page
from pipeline.outcome import Outcome
from pipeline.pairing import Tally
from pipeline.report.command import write_report
from pipeline.settings import Settings
from pipeline.storage import LocalStorage
from pipeline.store import file_name, lines_parquet, pages_parquet
from pipeline.summary import Summary

SCAN: Final = Path(__file__).parents[1] / "samples" / "print-german.png"
A_DOCUMENT: Final = 100
TIMES: Final = 5
SETTLED: Final = "document.querySelectorAll('#page-table tbody tr').length > 0"


def main() -> None:
    """Make the dataset and its report, open it, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("--pages", type=int, default=5000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        output = make(Path(folder), options.pages)
        began = time.monotonic()
        report = Path(write_report(output))
        written = time.monotonic() - began
        seconds = sorted(opening(report))
        size = report.stat().st_size / 1e6
    print(f"{options.pages} pages: {size:.1f} MB, written in {written:.0f} s, opens in {median(seconds):.2f} s")


def make(folder: Path, pages: int) -> str:
    """OUT with so many pages."""
    storage, read = LocalStorage(str(folder / "out")), _read()
    lines = lines_parquet(Document("x", "default", tuple(replace(read, number=1 + k) for k in range(A_DOCUMENT))))
    for number in range(0, pages, A_DOCUMENT):
        document = Document(f"document-{number:06}", "default", tuple(_pages(folder / str(number), read)))
        storage.write(file_name("lines", "default", document.id), lines)
        storage.write(file_name("pages", "default", document.id), pages_parquet(document))
    summary = Summary({}, "bundle", "fp32", storage.root, (), 0, ())
    summary.take([Outcome((read,), (), {"segment": 0.1, "recognise": 0.5}).figures()])
    summary.write(storage)
    return storage.root


def _read() -> Page:
    bundle = load_bundle("default")
    (sheet,) = unknown_sheets([SCAN], Tally())
    return Ours(load_tools(bundle), bundle.id, Settings.load(None)).read(sheet)


def _pages(folder: Path, read: Page) -> Iterator[Page]:
    """A document's pages, each a file of its own, with expected errors spread as in a mixed archive."""
    folder.mkdir()
    for number in range(1, A_DOCUMENT + 1):
        source = folder / f"scan-{number:04}.png"
        source.symlink_to(SCAN)
        yield replace(read, number=number, source=str(source), expected_cer=0.5 * (number / A_DOCUMENT) ** 3)


def opening(report: Path) -> Iterator[float]:
    """Seconds until the report stands."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(TIMES):
            page = browser.new_page()
            began = time.monotonic()
            page.goto(report.as_uri())
            page.wait_for_function(SETTLED)
            yield time.monotonic() - began
            page.close()


if __name__ == "__main__":
    main()
