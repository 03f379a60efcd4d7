"""The parts of a page's way, each by itself on one thread: finding lines, the network, the decoder."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from bench.tesseract_layout import LayoutAnalysis
from pipeline.bundles import Tools
from pipeline.tesseract import Tesseract
from recognizer.bundle import Bundle
from segmentation import crop, segment
from segmentation.layout import Gray

LINES: Final = 400


def measure(images: list[Path]) -> dict[str, Any]:
    """CPU-seconds a page of finding lines, lines a second of the network, milliseconds a line of the decoder."""
    cv2.setNumThreads(1)
    bundle = Bundle.load("default")
    tools = Tools.of(bundle, bundle.arithmetic())
    reader, decoder = tools.reader.reader, tools.reader.decoder
    pages = [np.asarray(Image.open(image), np.uint8) for image in images]
    crops = _crops(tools, pages)
    lines = [line for page in crops for line in page][:LINES]
    reader.posteriors(lines[:8])
    posteriors, seconds = _timed(lambda: reader.posteriors(lines))
    decoder.page(posteriors[:8])
    _, decoding = _timed(lambda: [decoder.page(posteriors[start : start + 30]) for start in range(0, len(lines), 30)])
    tesseract = Tesseract.found()
    tesseract.lines(lines)
    return {
        "finding_lines_cpu_seconds_a_page": _finding_lines(tools, pages),
        "network_lines_a_second": round(len(lines) / seconds, 1),
        "decoder_ms_a_line": round(1000 * decoding / len(lines), 2),
        "tesseract_ms_a_line": round(1000 * tesseract.spent.cpu / len(lines), 1),
    }


def _crops(tools: Tools, pages: list[Gray]) -> list[list[Gray]]:
    layouts = [segment(page, network=tools.finder) for page in pages]
    return [
        [crop(page, line, tools.geometry).image for line in layout.lines]
        for page, layout in zip(pages, layouts, strict=True)
    ]


def _finding_lines(tools: Tools, pages: list[Gray]) -> dict[str, float]:
    """Ours, learned and classical, and Tesseract's layout analysis."""
    ways: dict[str, Callable[[Gray], object]] = {
        "learned": lambda page: segment(page, network=tools.finder),
        "classical": segment,
        "tesseract": LayoutAnalysis(),
    }
    seconds = {}
    for name, find_lines in ways.items():
        _, taken = _timed(partial(_on_all, find_lines, pages, name))
        seconds[name] = round(taken / len(pages), 3)
    return seconds


def _on_all(find_lines: Callable[[Gray], object], pages: list[Gray], name: str) -> None:
    for page in tqdm(pages, desc=name):
        find_lines(page)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and its seconds of processor time."""
    began = time.process_time()
    return work(), time.process_time() - began
