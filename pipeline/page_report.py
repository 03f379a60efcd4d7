"""Judged pages as a page of HTML that needs nothing beside it: figures, and every page with its lines drawn on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

from pipeline.evaluate import GROUPS, Result, figures
from pipeline.overlay import Picture
from recognizer.html import Markup, headline, image, markup, page, table

BODY: Final = Template(Path(__file__).with_name("page_report.html").read_text(encoding="utf-8"))
NAMES: Final[Mapping[str, str]] = {"dataset": "Data set", "script": "Script", "split": "Split"}
COLUMNS: Final[Mapping[str, str]] = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "tau": "tau",
    "skew_error": "skew",
    "cer_ordered": "CER",
    "cer_free": "CER, free",
    "line_cer": "CER, lines",
    "word_recall": "words",
    "cpu_seconds": "CPU s",
    "pages": "pages",
}
WITH_DECIMALS: Final = ("f1", "tau", "skew_error", "cpu_seconds")


@dataclass(frozen=True)
class Shown:
    """A judged page and its picture."""

    result: Result
    picture: Picture


def html(found: Mapping[str, Any], shown: Sequence[Shown]) -> str:
    """The report of `figures` and the pages behind them."""
    body = BODY.substitute(
        summary=f"{len(shown)} pages",
        figures=_headline(found["all"]),
        groups="\n".join(_group(kind, found[kind]) for kind in GROUPS),
        pages="\n".join(_page(each) for each in sorted(shown, key=_badness)),
    )
    return page("How well the pages were read", body)


def cell(name: str, value: float | int | None) -> str:
    """A figure as people read it: rates in percent, others with three decimals; a dash for none."""
    if value is None:
        return "–"
    if name == "pages":
        return str(value)
    return f"{value:.3f}" if name in WITH_DECIMALS else f"{100 * value:.1f} %"


def _headline(of: Mapping[str, Any]) -> Markup:
    said = {name: cell(name, of[name]) for name in COLUMNS}
    facts = {
        "f1": ("F1 of baselines", f"P {said['precision']}, R {said['recall']}"),
        "tau": ("Reading order", "Kendall's tau"),
        "cer_free": ("CER of pages", f"in reading order {said['cer_ordered']}"),
        "line_cer": ("CER of true lines", "what perfect line finding would give"),
        "word_recall": ("Words found", "of the true ones"),
        "cpu_seconds": ("CPU seconds a page", "for finding lines"),
    }
    return headline([(name, said[key], note) for key, (name, note) in facts.items() if of[key] is not None])


def _group(kind: str, named: Mapping[str, Mapping[str, Any]]) -> Markup:
    rows = [(name, *(cell(key, of[key]) for key in COLUMNS)) for name, of in named.items()]
    return table(f"By {NAMES[kind].lower()}", (NAMES[kind], *COLUMNS.values()), rows)


def _badness(shown: Shown) -> float:
    """F1 of the page; pages that were not judged by it come last."""
    f1 = figures([shown.result])["all"]["f1"]
    return 2.0 if f1 is None else float(f1)


def _page(shown: Shown) -> str:
    result = shown.result
    of = figures([result])["all"]
    facts = " · ".join((result.facts.name, result.facts.dataset, result.facts.script, result.facts.split))
    told = ", ".join(f"{label} {cell(key, of[key])}" for key, label in COLUMNS.items() if key != "pages")
    caption = f"<figcaption>{markup(facts)}<br>{markup(told)}</figcaption>"
    return f"<figure>{image(shown.picture, f'{facts} with its lines')}{caption}</figure>"
