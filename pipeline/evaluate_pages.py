"""The command `evaluate-pages`: folders of pages with truth -> figures as a table, JSON and HTML."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pipeline.bundles import load_bundle, load_tools
from pipeline.evaluate import GROUPS, LineReader, Result, figures, judge
from pipeline.failures import UsageError
from pipeline.files import display, write_text
from pipeline.overlay import overlay
from pipeline.page_report import COLUMNS, Shown, cell, html
from pipeline.pairing import Tally, told
from pipeline.settings import Settings
from pipeline.truth import true_pages


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    folders: tuple[Path, ...]
    bundle: str
    lines_only: bool
    config: str | None
    json: Path | None
    html: Path | None


def evaluate_pages(options: Options) -> str:
    """Judge all pages; what to tell the user. Raises UsageError."""
    left_out = Tally()
    settings = Settings.load(options.config).segment
    bundle = load_bundle(options.bundle)
    tools = load_tools(bundle)
    reading = LineReader(tools.reader, tools.geometry, bundle.text_policy)
    results: list[Result] = []
    shown: list[Shown] = []
    for page in tqdm(true_pages(options.folders, left_out), desc="judging", unit="page", disable=None):
        layout, result = judge(page, settings, tools.finder, None if options.lines_only else reading)
        results.append(result)
        if options.html:
            shown.append(Shown(result, overlay(page, layout, result.agreement)))
    if not results:
        names = ", ".join(display(str(folder)) for folder in options.folders)
        raise UsageError("\n".join([f"{names}: no page with PAGE XML or ALTO", *told(left_out.table())]))
    found = figures(results)
    if options.json:
        write_text(options.json, json.dumps(found, indent=1) + "\n")
    if options.html:
        write_text(options.html, html(found, shown))
    return "\n".join([table(found), *told(left_out.table())])


def table(found: dict[str, Any]) -> str:
    """The figures as lines of text; rates in percent."""
    rows = [_row("", list(COLUMNS.values())), _row("all", _cells(found["all"]))]
    for kind in GROUPS:
        rows += ["", kind, *(_row(f"  {name}", _cells(of)) for name, of in found[kind].items())]
    return "\n".join(rows)


def _cells(of: dict[str, Any]) -> list[str]:
    return [cell(name, of[name]) for name in COLUMNS]


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name[:20]:20}" + "".join(f"{text:>10}" for text in cells)
