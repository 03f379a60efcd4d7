"""`python -m bench [PAGES]`: prints and keeps the figures of this machine in bench/results.json.

PAGES is a folder of scans, default samples/. Tesseract (eng+fra+deu, one thread, as many processes as Inkbeam has
workers) gets the very page images that Inkbeam renders; their rendering is not counted against it.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from bench.tesseract_layout import LayoutAnalysis
from bench.watch import Usage, watch
from pipeline.bundles import line_finder
from pipeline.failures import PageError
from pipeline.rendering import Renderer
from pipeline.settings import Render
from pipeline.sources import find
from recognizer.arithmetic import best, processor
from recognizer.bundle import Bundle
from segmentation import segment
from segmentation.layout import Gray

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results.json"
LANGUAGES = "eng+fra+deu"


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("pages", nargs="?", type=Path, default=ROOT / "samples")
    parser.add_argument(
        "--memory", nargs="*", type=int, default=[100, 1000], help="numbers of pages to measure memory at"
    )
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OMP_THREAD_LIMIT"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        images = render(options.pages, Path(folder) / "images")
        result = {
            "machine": {
                "processor": processor()[0],
                "cores": os.cpu_count(),
                "arithmetic": best(),
                "python": platform.python_version(),
            },
            "pages": len(images),
            "inkbeam": inkbeam(options.pages, Path(folder) / "out"),
            "tesseract": tesseract(images),
            "finding_lines": finding_lines(images),
            "memory": {str(number): memory(images, number, Path(folder)) for number in options.memory},
        }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result))


def render(source: Path, folder: Path) -> list[Path]:
    """All pages of a folder as PNG files; those that cannot be rendered are left out."""
    folder.mkdir()
    images = []
    with Renderer(Render()) as renderer:
        for origin in find([str(source)], "file").origins:
            try:
                for page in range(1, renderer.count_pages(origin.files[0].path) + 1):
                    images.append(folder / f"{origin.document_id}-{page}.png")
                    Image.fromarray(renderer.render(origin.files[0].path, page).gray).save(images[-1], compress_level=1)
            except PageError as error:
                print(f"left out: {origin.name}: {error.message}")
    return images


def inkbeam(source: Path, output: Path) -> dict[str, Any]:
    """A whole run, start of the processes included, and what its own record says of the stages."""
    usage = digitize(source, output)
    record = json.loads((output / "runs" / "000001.json").read_text())
    pages = record["pages"]["read"] + record["pages"]["blank"]
    stages = {stage: round(seconds / pages, 3) for stage, seconds in record["seconds_by_stage"].items()}
    return per_page(usage, pages) | {"seconds_a_page_by_stage": stages, "lines": record["lines"]}


def digitize(source: Path, output: Path) -> Usage:
    """`inkbeam digitize` in a process of its own."""
    usage = watch([sys.executable, "-m", "pipeline.cli", "digitize", str(source), "--output", str(output)])
    if usage.code not in (0, 3):
        raise SystemExit(f"inkbeam digitize {source} ended with {usage.code}")
    return usage


def tesseract(images: list[Path]) -> dict[str, Any]:
    """Tesseract on the same pages, as many at a time as there are cores."""
    command = ["tesseract", "IMAGE", "-", "-l", LANGUAGES]
    began, before = time.monotonic(), os.times()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        work = pool.map(
            lambda image: subprocess.run([*command[:1], str(image), *command[2:]], capture_output=True, check=True),
            images,
        )
        for _ in tqdm(work, total=len(images), desc="tesseract"):
            pass
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return per_page(Usage(time.monotonic() - began, cpu, 0.0, 0, 0), len(images))


def finding_lines(images: list[Path]) -> dict[str, float]:
    """CPU-seconds a page of finding lines alone: ours, learned and classical, and Tesseract's layout analysis."""
    cv2.setNumThreads(1)
    network = line_finder(Bundle.load("default"))
    ways: dict[str, Callable[[Gray], object]] = {
        "learned": lambda page: segment(page, network=network),
        "classical": segment,
        "tesseract": LayoutAnalysis(),
    }
    pages = [np.asarray(Image.open(image), np.uint8) for image in images]
    seconds = {}
    for name, find_lines in ways.items():
        began = time.process_time()
        for page in tqdm(pages, desc=name):
            find_lines(page)
        seconds[name] = round((time.process_time() - began) / len(pages), 3)
    return seconds


def per_page(usage: Usage, pages: int) -> dict[str, Any]:
    """Rates of a run."""
    return {"pages_a_second": round(pages / usage.wall, 3), "cpu_seconds_a_page": round(usage.cpu / pages, 3)}


def memory(images: list[Path], number: int, folder: Path) -> dict[str, Any]:
    """Peak memory of a run over so many pages: the pages again and again, under other names."""
    source = folder / f"{number}-pages"
    source.mkdir()
    for k, image in enumerate(islice(cycle(images), number)):
        (source / f"{k:05}.png").hardlink_to(image)
    usage = digitize(source, folder / f"{number}-out")
    shutil.rmtree(folder / f"{number}-out")
    return {name: round(value, 1) for name, value in asdict(usage).items()}


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    ours, theirs = result["inkbeam"], result["tesseract"]
    rows = [
        f"{result['machine']}, {result['pages']} pages",
        f"{'':<12}{'pages/s':>10}{'CPU-s a page':>14}",
        *(
            f"{name:<12}{r['pages_a_second']:>10}{r['cpu_seconds_a_page']:>14}"
            for name, r in (("inkbeam", ours), ("tesseract", theirs))
        ),
        "by stage, seconds a page: " + ", ".join(f"{k} {v}" for k, v in ours["seconds_a_page_by_stage"].items()),
        "finding lines alone, CPU-s a page: " + ", ".join(f"{k} {v}" for k, v in result["finding_lines"].items()),
        *(
            f"peak memory, {number} pages: {m['peak_mb']:.0f} MB in at most {m['processes']} processes"
            for number, m in result["memory"].items()
        ),
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
