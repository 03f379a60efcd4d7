"""The command `report`: OUT of `digitize` or `compare` -> OUT/report.html."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline.comparison.command import COMPARISON
from pipeline.comparison.judge import ENGINES
from pipeline.corrections.kept import kept
from pipeline.failures import NothingDone
from pipeline.report import charts, overview
from pipeline.report.body import Report, html
from pipeline.report.chosen import Errors, choose, show
from pipeline.report.runs import all_runs, trends
from pipeline.report.standing import standing
from pipeline.storage import Storage, open_output, output_root
from recognizer.html import Markup

NAME: Final = "report.html"


def write_report(output: str) -> str:
    """Write the report; returns where. Raises NothingDone where there is no run, or a file is damaged."""
    storage = open_output(output)
    runs = all_runs(storage)
    known = overview.overview(output_root(output, storage))
    comparison = _comparison(storage)
    errors = _errors(comparison)
    report = Report(
        name=output,
        runs=runs,
        trends=trends(runs),
        pages=known,
        failures=standing(output_root(output, storage)),
        shown=list(show(storage, choose(known.rows, errors), errors)),
        confidences=_histograms(storage, known, comparison),
        comparison=comparison,
        kept=kept(storage),
    )
    storage.write(NAME, html(report).encode("utf-8", "replace"))
    return f"{output.rstrip('/')}/{NAME}"


def _histograms(storage: Storage, known: overview.Overview, comparison: Mapping[str, Any] | None) -> Markup:
    """Of words by confidence, and of pages by their errors: expected ones, and true ones where the truth is known."""
    words = [int(count) for count in overview.confidences(storage)]
    drawn = [charts.histogram("Confidence of words, percent", overview.confidence_labels(), words, "words")]
    rates: dict[str, Iterable[float | None]] = {"Expected CER of pages": known.expected}
    if comparison and "all" in comparison:
        rates |= {f"CER of pages, {name}": _errors(comparison, name).values() for name in ENGINES}
    for name, of in rates.items():
        counts = overview.wrong_pages(of)
        drawn.append(charts.histogram(f"{name}, percent", overview.wrong_labels(), counts, "pages"))
    return Markup("".join(drawn))


def _comparison(storage: Storage) -> Mapping[str, Any] | None:
    """What `inkbeam compare` found, None where it did not write this; raises NothingDone when that is damaged."""
    try:
        found: dict[str, Any] = json.loads(storage.read(COMPARISON))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise NothingDone(f"{storage.root}/{COMPARISON} is damaged ({error}); run `inkbeam compare` again") from error
    return found


def _errors(comparison: Mapping[str, Any] | None, engine: str = "inkbeam") -> Errors:
    """The CER of the pages whose truth is known."""
    pages = comparison["page"] if comparison else ()
    return {
        (page["document_id"], page["page"]): page[engine]["wrong"] / max(1, page[engine]["characters"])
        for page in pages
        if "wrong" in page[engine]
    }
