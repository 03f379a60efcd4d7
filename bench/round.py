"""One round of teaching, as an archive does it, and what it brought: python -m bench.round PAGES WORK --bundle BUNDLE.

Twenty pages of a hand, of a layout Parquet like ../shared/data/layout/train.parquet, are written as PNG, digitized by
a bundle that should not know the hand, and thirty lines corrected in chromium, in the order in which `inkbeam correct`
shows them: the truth is typed, a line that no truth is known of is skipped. The bundle learns the corrections with the
lines of --data, then the pages are digitized again and the report is made. Printed are the commands with what they
said, and the CER of all other lines before and after. WORK/lines has pictures of the page in the browser.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.chromium import CHROMIUM
from bench.hands import unknown_to
from pipeline.corrections.matching import Shape, assigned
from pipeline.document import Polyline
from pipeline.storage import LocalStorage
from pipeline.store import files_of, read_document
from recognizer.bundle import Bundle
from recognizer.evaluation.rates import rates

COMMAND: Final = (sys.executable, "-m", "pipeline.cli")
PATIENCE: Final = 120_000  # milliseconds
PICTURES: Final = (1, 10, 20, 30)
"""Of which lines, counted as they come, a picture is kept."""
WHERE: Final = re.compile(r"(?P<source>.*), page 1, line (?P<line>\d+)")

Name = tuple[str, int]
"""A page and the place of a line in its truth."""


@dataclass(frozen=True)
class Truth:
    """The lines of a page as its transcribers drew and read them, in pixels of its image."""

    shapes: list[Shape]
    texts: list[str]


@dataclass(frozen=True)
class Read:
    """A line that was read: its place on its page, from 1, and its text."""

    line: int
    text: str


@dataclass
class Hand:
    """Pages of a hand, by the names of their files, and an OUT that they were digitized to."""

    truths: Mapping[str, Truth]
    out: Path
    corrected: set[Name] = field(default_factory=set)

    def lines(self) -> dict[Name, Read]:
        """The lines that were read, by the truth they are of; others are left out."""
        storage = LocalStorage(str(self.out))
        found: dict[Name, Read] = {}
        for collection, document_id, _ in files_of(storage, "lines"):
            (page,) = read_document(storage, collection, document_id).pages
            name = Path(page.source).name
            lines = [Shape(line.baseline, line.polygon) for line in page.lines]
            for place, at in assigned(self.truths[name].shapes, lines).items():
                found[name, place] = Read(at + 1, page.lines[at].text)
        return found

    def text(self, name: Name) -> str:
        """What stands there."""
        return self.truths[name[0]].texts[name[1]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.round", description=__doc__)
    parser.add_argument("pages", type=Path, help="layout Parquet")
    parser.add_argument("work", type=Path)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="lines that the bundle learned, and others")
    parser.add_argument("--dataset", default="peraire")
    parser.add_argument("--count", type=int, default=20, help="pages")
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    scans, out, taught = (options.work / name for name in ("scans", "out", "taught"))
    hand = Hand(write_pages(options.pages, options.dataset, options.count, scans), out)
    digitize = ("digitize", scans, "--output", out, "--formats", "none", "--bundle")
    inkbeam(*digitize, options.bundle)
    before = hand.lines()
    correct(hand, before, options.lines, options.work / "lines")
    bundle = Bundle.load(options.bundle)
    inkbeam("train", "--from", options.bundle, "--corrections", out, "--output", taught, *mixed(options, bundle))
    inkbeam(*digitize, taught)
    inkbeam("report", out)
    print(judged(hand, before, hand.lines(), bundle))


def write_pages(file: Path, dataset: str, count: int, folder: Path) -> dict[str, Truth]:
    """Write the first pages of a data set as PNG; the truth of each by the name of its file."""
    folder.mkdir(parents=True)
    rows = pq.read_table(file, filters=pc.field("dataset") == dataset).sort_by("page").to_pylist()[:count]
    found = {}
    for row in rows:
        name = f"{row['page'].replace('/', '-')}.png"
        image = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        cv2.imwrite(str(folder / name), image)
        shapes = [Shape(points(line["baseline"]), points(line["polygon"])) for line in row["lines"]]
        found[name] = Truth(shapes, [line["text"] for line in row["lines"]])
    return found


def points(flat: list[float]) -> Polyline:
    """x, y, x, y ... in pairs."""
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def mixed(options: argparse.Namespace, bundle: Bundle) -> Iterator[Any]:
    """The options of a training that learns nothing of what the bundle did not know before but the corrections."""
    yield from (options.data, "--minutes", options.minutes)
    for name in sorted(unknown_to(bundle, options.data)):
        yield from ("--without", name)


def inkbeam(*arguments: object) -> None:
    """Run a command as users do, and show it with what it says."""
    print(f"\n$ inkbeam {' '.join(map(str, arguments))}", flush=True)
    subprocess.run([*COMMAND, *map(str, arguments)], check=True)


def correct(hand: Hand, read: Mapping[Name, Read], count: int, folder: Path) -> None:
    """Correct so many lines in a browser, by keyboard alone."""
    folder.mkdir(parents=True)
    places = {(name, line.line): (name, place) for (name, place), line in read.items()}
    print(f"\n$ inkbeam correct {hand.out} --who round", flush=True)
    command = [*COMMAND, "correct", str(hand.out), "--who", "round"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        told = next(line for line in server.stdout if "http://" in line)
        try:
            _in_browser(re.findall(r"http://\S+", told)[0], hand, places, count, folder)
        finally:
            server.send_signal(signal.SIGINT)
    print(f"{len(hand.corrected)} lines corrected")


def _in_browser(address: str, hand: Hand, places: Mapping[Name, Name], count: int, folder: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        while len(hand.corrected) < count:
            expect(page.locator("#text")).to_be_editable(timeout=PATIENCE)
            where = page.locator("#where").inner_text()
            name = places.get(_place(where))
            if name is not None:
                page.locator("#text").fill(hand.text(name))
                hand.corrected.add(name)
            if len(hand.corrected) in PICTURES:
                page.locator("#scan svg").wait_for()
                page.screenshot(path=folder / f"{len(hand.corrected):02}.png")
            page.keyboard.press("Escape" if name is None else "Enter")
            expect(page.locator("#where")).not_to_have_text(where, timeout=PATIENCE)
        browser.close()


def _place(where: str) -> Name:
    found = WHERE.fullmatch(where)
    assert found, where
    return Path(found["source"]).name, int(found["line"])


def judged(hand: Hand, before: Mapping[Name, Read], after: Mapping[Name, Read], bundle: Bundle) -> str:
    """CER of the lines that both readings have and nobody corrected."""
    names = sorted(before.keys() & after.keys() - hand.corrected)
    policy = bundle.text_policy
    cers = [rates([(policy(hand.text(name)), read[name].text) for name in names]).cer for read in (before, after)]
    return f"\n{len(names)} other lines: CER {cers[0]:.1%} before, {cers[1]:.1%} after"


if __name__ == "__main__":
    main()
