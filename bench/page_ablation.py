"""What each step of line finding gives: python -m bench.page_ablation PAGES... [--bundle B] [VARIANT ...].

Every variant finds the lines of all pages with one step changed or left out; F1 of baselines and CPU seconds a page.
Tesseract's layout analysis stands beside them. One JSON object a variant.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from unittest.mock import patch

import cv2
import numpy as np
import numpy.typing as npt

from bench.tesseract_layout import LayoutAnalysis
from pipeline.bundles import line_finder
from pipeline.evaluate import Result, compared, figures, judge
from pipeline.pairing import Tally
from pipeline.truth import TruePage, true_pages
from recognizer.bundle import Bundle
from segmentation import Segmentation, bands, classical, learned, page, paper
from segmentation.layout import Gray
from segmentation.paper import Mask

WINDOW: Final = 41  # pixels of the reduced page: about two lines


def _moments(gray: Gray) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Mean and deviation around every pixel."""
    values = gray.astype(np.float32)
    mean = cv2.blur(values, (WINDOW, WINDOW))
    variance = cv2.blur(values * values, (WINDOW, WINDOW)) - mean * mean
    return np.asarray(mean, np.float32), np.sqrt(np.maximum(variance, 0))


def sauvola(gray: Gray) -> Mask:
    """Sauvola and Pietikainen 2000, Adaptive Document Image Binarization."""
    mean, deviation = _moments(gray)
    return (gray < mean * (1 + 0.2 * (deviation / 128 - 1))).astype(np.uint8)


def wolf(gray: Gray) -> Mask:
    """Wolf et al. 2002, Text Localization, Enhancement and Binarization in Multimedia Documents."""
    mean, deviation = _moments(gray)
    low, most = float(gray.min()), float(deviation.max()) or 1.0
    return (gray < mean - 0.5 * (1 - deviation / most) * (mean - low)).astype(np.uint8)


def su(gray: Gray) -> Mask:
    """Su et al. 2010, Binarization of Historical Document Images Using the Local Maximum and Minimum."""
    square = np.ones((3, 3), np.uint8)
    high, low = cv2.dilate(gray, square).astype(np.float32), cv2.erode(gray, square).astype(np.float32)
    contrast = ((high - low) / (high + low + 1e-6) * 255).astype(np.uint8)
    _, edge = cv2.threshold(contrast, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    edges = edge.astype(np.float32)
    count = cv2.blur(edges, (WINDOW, WINDOW))
    mean = cv2.blur(edges * gray, (WINDOW, WINDOW)) / np.maximum(count, 1e-6)
    spread = np.sqrt(cv2.blur(edges * (gray - mean) ** 2, (WINDOW, WINDOW)) / np.maximum(count, 1e-6))
    return ((count * WINDOW * WINDOW > WINDOW) & (gray <= mean + spread / 2)).astype(np.uint8)


def otsu(gray: Gray) -> Mask:
    """Otsu 1979, one threshold for the page."""
    _, ink = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    return np.asarray(ink, np.uint8)


def _nowhere(image: Gray) -> Mask:
    return np.zeros_like(image)


def _no_rules(ink: Mask, *_: int) -> Mask:
    return np.zeros_like(ink)


def _as_it_is(image: Mask) -> Mask:
    return image


Change = tuple[Any, str, Any]
CLASSICAL: Final[Mapping[str, tuple[Change, ...]]] = MappingProxyType(
    {
        "classical": (),
        "Sauvola": ((page, "find_ink", sauvola),),
        "Wolf": ((page, "find_ink", wolf),),
        "Su": ((page, "find_ink", su),),
        "one threshold (Otsu)": ((page, "find_ink", otsu),),
        "scan borders left in": ((paper, "_border", _nowhere), (paper, "_without_blots", _as_it_is)),
        "rules left in": ((page, "without_rules", _as_it_is),),
        "rules are no barriers": ((page, "upright_rules", _no_rules),),
        "gutters are no barriers": ((classical, "GUTTER_WIDTH", 50.0),),
        "no deskew": ((page, "find_skew", lambda *_: 0.0),),
        "ends not fitted to ink": ((classical, "_fit_ends", lambda trace, *_: trace),),
        "no look for ink": ((classical, "LEAST_INKED", 0.0),),
    }
)
LEARNED: Final[Mapping[str, tuple[Change, ...]]] = MappingProxyType(
    {
        "learned": (),
        "832 pixels": ((learned, "LONG_SIDE", 832),),
        "1216 pixels": ((learned, "LONG_SIDE", 1216),),
        "rules ignored": ((learned, "upright_rules", _no_rules),),
        "ends ignored": ((learned, "ENDS", 0.0),),
        "no look for ink": ((page, "cut_to_ink", bands.inked),),
        "no short lines": ((learned, "LEAST_LENGTH", 1.2),),
        "weak lines too": ((learned, "LEAST_STRENGTH", 0.4),),
        "pages not turned": ((page, "SURE", 2.0),),
    }
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.page_ablation", description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--bundle", default="default")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pages = list(true_pages(options.pages, Tally()))
    bundle = Bundle.load(options.bundle)
    network = line_finder(bundle, bundle.arithmetic())
    analyse = LayoutAnalysis()
    _tell("Tesseract's layout analysis", [_by_tesseract(each, analyse) for each in pages])
    ways = [(CLASSICAL, Segmentation(learned=False))] + [(LEARNED, Segmentation())] * (network is not None)
    for variants, settings in ways:
        for name, changes in variants.items():
            with ExitStack() as stack:
                for module, attribute, value in changes:
                    stack.enter_context(patch.object(module, attribute, value))
                results = [judge(each, settings, network, None)[1] for each in pages]
            _tell(name, results)


def _by_tesseract(true: TruePage, analyse: LayoutAnalysis) -> Result:
    began = time.process_time()
    layout = analyse(true.gray)
    return compared(true, layout, None, time.process_time() - began)


def _tell(name: str, results: Sequence[Result]) -> None:
    found = figures(results)
    splits = {f"f1_{name}": of["f1"] for name, of in found["split"].items()}
    scripts = {name: of["f1"] for name, of in found["script"].items()}
    every = {"f1": found["all"]["f1"], **splits, **scripts, "cpu_seconds": found["all"]["cpu_seconds"]}
    told = {name: round(value, 3) for name, value in every.items() if value is not None}
    print(json.dumps({"variant": name, **told}), flush=True)


if __name__ == "__main__":
    main()
