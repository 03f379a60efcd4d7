"""The report as HTML: the account of the last run, pages to look at, all pages, charts."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from string import Template
from typing import Any, Final

from pipeline.comparison.judge import ENGINES, GROUPS
from pipeline.comparison.wording import cell, interval, verdict
from pipeline.corrections.kept import Kept
from pipeline.counting import counted
from pipeline.document import DONE
from pipeline.failures import Failure
from pipeline.report import charts
from pipeline.report.charts import percent
from pipeline.report.chosen import Shown
from pipeline.report.overview import Overview, PageRow
from pipeline.report.pictures import Pictures
from pipeline.report.runs import FIGURES, Run, Trend, with_pages
from recognizer.html import Markup, headline, markup, page, table

HERE: Final = Path(__file__).parent
BODY: Final = Template((HERE / "report.html").read_text(encoding="utf-8"))
STAGES: Final = ("render", "segment", "crop", "recognise", "tesseract")
NAMED: Final = 10
NO_BREAK: Final = "\u00a0"
NOBODY: Final = "a person"
PAGE_COLUMNS: Final = ("Source", "Page", "Status", "Language", "Lines", "Confidence", "Expected CER", "Agreement")
COMPARED: Final = {"cer": "CER", "word_recall": "words found", "cpu_seconds": "CPU-s"}
SHARES: Final = ("Confidence", "Expected CER", "Agreement")
SEARCHED: Final = ("Source", "Page", "Status", "Language")
SECTIONS: Final = {
    "run": "The run",
    "look": "Look at these first",
    "pages": "All pages",
    "spread": "How sure it is",
    "corrections": "Corrections without a line",
    "comparison": "Beside Tesseract",
    "trend": "Night by night",
    "terms": "Terms",
}


@dataclass(frozen=True)
class Report:
    """All that the report shows. `comparison` is what `inkbeam compare` wrote, None where there was none, `kept` what
    has become of people's corrections.
    """

    name: str
    runs: Sequence[Run]
    trends: Sequence[Trend]
    pages: Overview
    failures: Mapping[str, Sequence[Failure]]
    shown: Sequence[Shown]
    confidences: Markup
    comparison: Mapping[str, Any] | None
    kept: Kept


def html(report: Report) -> str:
    """The whole file."""
    last = (with_pages(report.runs) or report.runs)[-1]
    optional = {"corrections": _corrections(report.kept), "comparison": _comparison(report)}
    sections = {name: title for name, title in SECTIONS.items() if optional.get(name, name)}
    body = BODY.substitute(
        subtitle=_subtitle(report, last),
        alarms=_alarms(report.trends),
        glance=_glance(report, last),
        sections=" ".join(f'<a href="#{name}">{title}</a>' for name, title in sections.items()),
        run=_run(report, last),
        look=_look(report),
        thumbnails="\n".join(_thumbnail(place, each) for place, each in enumerate(report.shown)),
        spread=f'<div class="plots">{report.confidences}</div>',
        listed=_listed(report.pages),
        **optional,
        trend=_trends(report),
        data="\n".join(_data(report)),
    )
    script, style = ((HERE / f"report.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return page("What was read", body, style, script)


def _subtitle(report: Report, last: Run) -> str:
    """Which run is told: the last that had pages."""
    idle = len(list(takewhile(lambda run: run is not last, reversed(report.runs))))
    since = f"; {counted(idle, 'run')} since then found nothing to do" if idle else ""
    made = f"bundle {markup(last.record['bundle'])} ({markup(last.record['arithmetic'])})"
    return f"{markup(report.name)}, run {last.number} of {markup(last.started)} UTC, {made}{since}"


def _alarms(trends: Sequence[Trend]) -> str:
    off = [trend for trend in trends if trend.alarm]
    if not off:
        return ""
    told = (
        f"<p><strong>{markup(each.figure.name)}: {charts.said(each.figure, each.values[-1])}</strong>, "
        f"usual is {charts.said(each.figure, each.usual[0])} to {charts.said(each.figure, each.usual[1])}</p>"
        for each in off
        if each.usual
    )
    return f'<div class="alarms" role="alert"><p>The last run is off the usual:</p>{"".join(told)}</div>'


def _glance(report: Report, last: Run) -> Markup:
    counts = last.record["pages"]
    failed = sum(map(len, report.failures.values()))
    status = ", ".join(f"{counts.get(name, 0):,} {name}" for name in DONE)
    facts: list[tuple[object, object, object]] = [
        ("Pages in the last run", f"{last.pages:,}", status if last.pages else "nothing was due"),
        ("Failed", f"{failed:,}", "see below what to do" if failed else "nothing to do"),
        ("Speed", charts.number(last.speed), f"pages a second, {last.record['seconds']:,.0f} s"),
        ("Expected CER", percent(last.expected_cer), "characters expected to be wrong"),
        ("Mean confidence", percent(last.confidence), f"{last.record['lines']:,} lines"),
    ]
    if baseline := last.record.get("baseline"):
        note = f"of the characters of {counted(baseline['pages'], 'page')}"
        facts.append(("Tesseract agrees on", percent(baseline["agreement"]), note))
    if report.comparison and "all" in report.comparison:
        ours, theirs = (percent(report.comparison["all"][engine]["cer"]) for engine in ENGINES)
        facts.append(("True CER", ours, f"Tesseract {theirs}"))
    if report.kept.lines:
        facts.append(("By hand", f"{report.kept.lines:,}", f"lines on {counted(report.kept.pages, 'page')}"))
    facts.append(("In the dataset", f"{report.pages.total:,}", "pages"))
    return headline(facts)


def _run(report: Report, last: Run) -> str:
    pages = max(1, last.pages)
    stages = {name: last.record["seconds_by_stage"].get(name, 0.0) / pages for name in STAGES}
    known = {name: seconds for name, seconds in stages.items() if seconds}
    time = f"<h3>Seconds a page, by stage</h3>{charts.shares(known, 's')}" if known else ""
    return time + "".join(_failed(kind, failures) for kind, failures in report.failures.items())


def _failed(kind: str, failures: Sequence[Failure]) -> str:
    named = ((f"{each.source}{f', page {each.page}' if each.page else ''}", each.message) for each in failures[:NAMED])
    places = (f"<li>{markup(place)}: {markup(message)}</li>" for place, message in named)
    more = f"<li>and {len(failures) - NAMED:,} more; search for “failed” below</li>" if len(failures) > NAMED else ""
    return (
        f'<div class="failures"><h3>Failed: {len(failures):,} × {markup(kind)}</h3>'
        f"<p>{markup(failures[0].advice)}</p><ul>{''.join(places)}{more}</ul></div>"
    )


def _look(report: Report) -> str:
    if not report.shown:
        return "No page has any text."
    known = report.comparison and "all" in report.comparison
    first = "most characters wrong" if known else "most errors to expect"
    compared = any(row.agreement is not None for row in report.pages.rows)
    then = " Then come those on which Tesseract differs most." if compared else ""
    return f"The pages with {first}, the worst first.{then}"


def _listed(pages: Overview) -> str:
    if len(pages.rows) == pages.total:
        return ""
    return (
        f"<p>Of {pages.total:,} pages these {len(pages.rows):,}: the failed, the doubtful, then those with most errors "
        "to expect.</p>"
    )


def _thumbnail(place: int, shown: Shown) -> str:
    row = shown.row
    if isinstance(shown.pictures, Pictures):
        picture = f'<img loading="lazy" src="data:image/webp;base64,{_base64(shown.pictures.thumbnail)}" alt="">'
    else:
        picture = f'<span class="none">{markup(shown.pictures)}</span>'
    return (
        f'<button type="button" class="thumbnail" data-page="{place}">{picture}<b>{markup(row.title)}</b>'
        f"<span>{markup(_facts(shown))}</span></button>"
    )


def _facts(shown: Shown) -> str:
    told = [] if shown.cer is None else [f"CER {percent(shown.cer)}"]
    told.append(f"expected CER {percent(shown.row.expected_cer)}")
    if shown.row.agreement is not None:
        told.append(f"Tesseract agrees on {percent(shown.row.agreement)}")
    if shown.row.corrected:
        told.append(f"{shown.row.corrected:,} of {counted(shown.row.lines, 'line')} corrected by hand")
    return ", ".join(told)


def _corrections(kept: Kept) -> str:
    """Those that found no line any more, and those that cannot be read."""
    if not kept.unmatched and not kept.left_out:
        return ""
    header = ("Source", "Page", "Line", "It was said to be", "Text", "Read then", "By")
    rows = [
        (each.source, each.page, each.line, each.verdict, each.text, each.before, each.who or NOBODY)
        for each in kept.unmatched
    ]
    lost = "".join(f"<p>{markup(reason)}</p>" for reason in kept.left_out)
    listed = table("Where they were, no line was found when the page was read again", header, rows) if rows else ""
    return f'<h2 id="corrections">{SECTIONS["corrections"]}</h2>{listed}{lost}'


def _comparison(report: Report) -> str:
    """The table of `inkbeam compare`."""
    found = report.comparison
    if not found or "all" not in found:
        return ""
    groups = [*found["script"].items(), ("all", found["all"])]
    verdicts = "".join(f"<li>{markup(verdict(name, of))}</li>" for name, of in groups)
    tables = (_compared(kind.capitalize(), {**found[kind], "all": found["all"]}) for kind in GROUPS)
    tesseract = found["tesseract"]
    made = f"Tesseract {tesseract['version']} ({tesseract['languages']}), one thread each, on {found['processor']}"
    return (
        f'<h2 id="comparison">Beside Tesseract</h2><ul>{verdicts}</ul>{"".join(tables)}'
        f'<p class="faint">{markup(made)}. Rates in percent, those of whole pages with their order left free.</p>'
    )


def _compared(kind: str, groups: Mapping[str, Mapping[str, Any]]) -> Markup:
    header = [kind, *(f"{name}, {engine}" for name in COMPARED.values() for engine in ("ours", "Tesseract"))]
    rows = [
        (
            name,
            *(cell(column, of[engine][column]) for column in COMPARED for engine in ENGINES),
            interval(of["difference"]).replace(" ", NO_BREAK),
            of["pages"],
        )
        for name, of in groups.items()
    ]
    return table(f"By {kind.lower()}", (*header, "CER, difference", "pages"), rows)


def _trends(report: Report) -> str:
    shown = with_pages(report.runs)
    if len(shown) < 2:
        return "<p>This was the first run; from the second on its figures are shown run by run.</p>"
    plots = "".join(map(charts.trend, report.trends))
    columns = [[charts.said(trend.figure, value) for value in trend.values] for trend in report.trends]
    rows = [(run.started, run.pages, *figures) for run, *figures in zip(shown, *columns, strict=True)]
    figures = table(
        "The last runs, the latest first", ("Started (UTC)", "pages", *(each.name for each in FIGURES)), rows[::-1]
    )
    return f'<div class="plots">{plots}</div><details><summary>The figures</summary>{figures}</details>'


def _data(report: Report) -> Iterator[str]:
    """What the script reads: the table of all pages, and of each shown page its words and its scan."""
    yield _json("all-pages", _all_pages(report))
    for place, shown in enumerate(report.shown):
        row, missing = shown.row, "" if isinstance(shown.pictures, Pictures) else f"No picture: {shown.pictures}"
        facts = f"{row.source}, {_facts(shown)}, {row.language or 'no language known'}"
        yield _json(f"page-{place}", {"title": row.title, "facts": facts, "missing": missing, **shown.data})
        if isinstance(shown.pictures, Pictures):
            yield f'<script type="text/plain" id="scan-{place}">{_base64(shown.pictures.scan)}</script>'


def _all_pages(report: Report) -> dict[str, Any]:
    sources = list(dict.fromkeys(row.source for row in report.pages.rows))
    numbers = {source: number for number, source in enumerate(sources)}
    shown = {(each.row.document_id, each.row.page): place for place, each in enumerate(report.shown)}
    return {
        "columns": PAGE_COLUMNS,
        "shares": [PAGE_COLUMNS.index(name) for name in SHARES],
        "searched": [PAGE_COLUMNS.index(name) for name in SEARCHED],
        "confidence": PAGE_COLUMNS.index("Confidence"),
        "numbers": PAGE_COLUMNS.index("Lines"),
        "sources": sources,
        "rows": [_cells(row, numbers[row.source], shown.get((row.document_id, row.page))) for row in report.pages.rows],
    }


def _cells(row: PageRow, source: int, shown: int | None) -> list[Any]:
    shares = (row.confidence, row.expected_cer, row.agreement)
    rounded = [None if value is None else round(value, 4) for value in shares]
    return [source, row.page, row.status, row.language, row.lines, *rounded, shown]


def _json(name: str, value: object) -> str:
    """Data inside a page: a `<` could end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
