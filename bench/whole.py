"""Whole runs over folders of scans: ours from the command line, and Tesseract's on the same page images."""

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from PIL import Image
from tqdm import tqdm

from bench.watch import Usage, watch
from pipeline.document import DONE
from pipeline.every_page import every_page
from pipeline.pairing import Tally, told
from pipeline.tesseract import LANGUAGES


def render(source: Path, folder: Path) -> list[Path]:
    """All pages of a folder as PNG files; those that cannot be rendered are left out."""
    folder.mkdir(parents=True)
    images, left_out = [], Tally()
    for origin, page, rendered in every_page([source], left_out):
        images.append(folder / f"{origin.document_id}-{page}.png")
        Image.fromarray(rendered.gray).save(images[-1], compress_level=1)
    for line in told(left_out.table()):
        print(line)
    return images


def inkbeam(source: Path, output: Path, *options: str) -> dict[str, Any]:
    """A whole run, start of the processes included, and what its own record says of the stages."""
    usage = _digitize(source, output, *options)
    record = json.loads((output / "runs" / "000001.json").read_text())
    pages = sum(record["pages"][status] for status in DONE)
    stages = {stage: round(seconds / pages, 3) for stage, seconds in record["seconds_by_stage"].items()}
    return _per_page(usage, pages) | {"seconds_a_page_by_stage": stages, "lines": record["lines"]}


def tesseract(images: list[Path]) -> dict[str, Any]:
    """Tesseract on the same pages, as many at a time as there are cores."""

    def read(image: Path) -> None:
        subprocess.run(["tesseract", str(image), "-", "-l", LANGUAGES], capture_output=True, check=True)

    began, before = time.monotonic(), os.times()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in tqdm(pool.map(read, images), total=len(images), desc="tesseract"):
            pass
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return _per_page(Usage(time.monotonic() - began, cpu, 0.0, 0, 0), len(images))


def memory(images: list[Path], number: int, folder: Path) -> float:
    """Peak MB of a run over so many pages: the pages again and again, under other names."""
    source = folder / f"{number}-pages"
    source.mkdir()
    for k, image in enumerate(islice(cycle(images), number)):
        (source / f"{k:05}.png").hardlink_to(image)
    usage = _digitize(source, folder / f"{number}-out")
    shutil.rmtree(folder / f"{number}-out")
    return round(usage.peak_mb)


def tesseract_memory(images: list[Path]) -> float:
    """Peak MB of Tesseract on the largest page, times the cores that it would run on."""
    largest = max(images, key=lambda image: image.stat().st_size)
    usage = watch(["tesseract", str(largest), "-", "-l", LANGUAGES])
    return round(usage.peak_mb * (os.cpu_count() or 1))


def _digitize(source: Path, output: Path, *options: str) -> Usage:
    """`inkbeam digitize` in a process of its own."""
    command = [sys.executable, "-m", "pipeline.cli", "digitize", str(source), "--output", str(output), "--reread"]
    usage = watch([*command, *options])
    if usage.code not in (0, 3):
        raise SystemExit(f"inkbeam digitize {source} ended with {usage.code}")
    return usage


def _per_page(usage: Usage, pages: int) -> dict[str, Any]:
    """Rates of a run."""
    return {
        "pages": pages,
        "pages_a_second": round(pages / usage.wall, 3),
        "cpu_seconds_a_page": round(usage.cpu / pages, 3),
    }
