"""The command `compare`: pages or lines -> who reads them better, as a table, JSON, and texts to look at.

Where there is no truth, how far both agree.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from pipeline import agreement
from pipeline.bundles import load_bundle, load_tools
from pipeline.compare import (
    ENGINES,
    GROUPS,
    Compared,
    Engine,
    Ours,
    Theirs,
    as_rows,
    compare_lines,
    compare_page,
    figures,
    pages_of,
    verdict,
)
from pipeline.failures import UsageError
from pipeline.files import display, write_text
from pipeline.pairing import Tally, told
from pipeline.settings import Settings
from pipeline.tesseract import Tesseract
from pipeline.truth import true_pages
from recognizer.arithmetic import processor
from recognizer.bundle import Bundle
from recognizer.errors import RecognizerError
from recognizer.samples import SPLITS, Sample, find_parquet, load_lines

COMPARISON: Final = "comparison.json"
TEXTS: Final = "texts.parquet"
COLUMNS: Final = {"cer": "CER", "wer": "WER", "word_recall": "words found", "cpu_seconds": "CPU-s a page"}
PAGES: Final = "pages"


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    data: tuple[Path, ...]
    output: Path
    bundle: str
    languages: str
    config: str | None
    json: Path | None


def compare(options: Options) -> str:
    """Let both read all data; what to tell the user. Raises UsageError."""
    bundle = load_bundle(options.bundle)
    tesseract = Tesseract.found(options.languages)
    engines: list[Engine] = [Ours(load_tools(bundle), Settings.load(options.config).segment), Theirs(tesseract)]
    left_out = Tally()
    found, shown, rows = _judged(options, bundle, engines, left_out)
    circumstances = {
        "bundle": bundle.id,
        "tesseract": {"version": tesseract.version, "languages": options.languages, "traineddata": tesseract.data},
        "processor": processor()[0],
        "arithmetic": bundle.arithmetic(),
    }
    text = json.dumps(found | circumstances, indent=1, ensure_ascii=False) + "\n"
    for path in filter(None, (options.json, options.output / COMPARISON)):
        write_text(path, text)
    pq.write_table(pa.Table.from_pylist(rows), options.output / TEXTS, compression="zstd")
    return "\n".join([*shown, "", *_told(circumstances), *told(left_out.table())])


def _judged(
    options: Options, bundle: Bundle, engines: Sequence[Engine], left_out: Tally
) -> tuple[dict[str, Any], list[str], list[dict[str, Any]]]:
    """Figures, what to tell, and a row for every page: by the truth, or by each other where there is none."""
    pages = list(_compared(options.data, bundle, engines, left_out))
    if pages:
        found = figures(pages)
        return found, table(found), as_rows(pages)
    left_out.reasons.clear()
    bar = tqdm(desc="comparing", unit="page", disable=None)
    agreed = []
    for page in agreement.agreements(options.data, bundle.text_policy, engines, left_out):
        agreed.append(page)
        bar.update()
    if not agreed:
        names = ", ".join(display(str(path)) for path in options.data)
        raise UsageError("\n".join([f"{names}: no page that can be read", *told(left_out.table())]))
    found = agreement.figures(agreed)
    return found, agreement.table(found), agreement.as_rows(agreed)


def table(found: dict[str, Any]) -> list[str]:
    """Rates of both in percent, side by side, and the verdicts on the scripts."""
    rows = ["Inkbeam | Tesseract", _row("", [*COLUMNS.values(), PAGES]), _row("all", _cells(found["all"]))]
    for kind in GROUPS:
        rows += ["", kind, *(_row(f"  {name}", _cells(of)) for name, of in found[kind].items())]
    return [*rows, "", *(verdict(name, of) for name, of in found["script"].items()), verdict("all", found["all"])]


def _cells(of: dict[str, Any]) -> list[str]:
    def cell(name: str, value: float) -> str:
        return f"{value:.2f}" if name == "cpu_seconds" else f"{100 * value:.1f}"

    return [" | ".join(cell(name, of[engine][name]) for engine in ENGINES) for name in COLUMNS] + [str(of["pages"])]


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name[:14]:14}" + "".join(f"{text:>16}" for text in cells)


def _told(of: dict[str, Any]) -> Iterator[str]:
    tesseract = of["tesseract"]
    yield f"bundle {of['bundle']} ({of['arithmetic']}) and Tesseract {tesseract['version']} ({tesseract['languages']})"
    yield f"one thread each on {of['processor']}; rates in percent, those of whole pages with their order left free"


def _compared(data: Sequence[Path], bundle: Bundle, engines: Sequence[Engine], left_out: Tally) -> Iterator[Compared]:
    """Lines of the split test, or all where there is none, by pages; then whole pages."""
    sources = [path for path in data if path.suffix == ".parquet" or any(path.glob("*.parquet"))]
    folders = [path for path in data if path not in sources]
    policy = bundle.text_policy
    if sources:
        for samples in tqdm(list(pages_of(_samples(sources, bundle))), desc="comparing", unit="page", disable=None):
            yield compare_lines(samples, policy, engines)
    if folders:
        for page in tqdm(true_pages(folders, left_out), desc="comparing", unit="page", disable=None):
            if "text" in page.facts.judge and any(page.texts):
                yield compare_page(page, policy, engines)


def _samples(sources: Sequence[Path], bundle: Bundle) -> Sequence[Sample]:
    height = int(bundle.crop["height"])
    try:
        files = find_parquet(sources)
        test = load_lines(files, height, ["test"], bundle.text_policy).samples
        return test or load_lines(files, height, SPLITS, bundle.text_policy).samples
    except RecognizerError as error:
        raise UsageError(str(error)) from error
