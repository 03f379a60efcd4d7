"""The last run as plain text that a mail can carry: some 40 lines of at most 76 columns."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

from pipeline.counting import counted
from pipeline.document import DONE
from pipeline.ending import INTERRUPTED, TERMINATED
from pipeline.failures import ExitCode, Failure
from pipeline.report.charts import percent, said
from pipeline.report.runs import Run, Trend, all_runs, trends
from pipeline.report.standing import standing
from pipeline.storage import LocalStorage, Storage, open_storage, output_root
from pipeline.summary import WORTH_A_LOOK

WIDTH: Final = 76
KINDS_NAMED: Final = 3
NAMED: Final = 2
ENDINGS: Final = {
    ExitCode.DONE: "all that was begun is done",
    ExitCode.SOME_FAILED: "some pages failed, now or before",
    ExitCode.NOTHING_DONE: "nothing could be done",
    ExitCode.STOPPED: "stopped: something common to all pages is wrong",
    INTERRUPTED: "interrupted",
    TERMINATED: "terminated",
}
UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def text_report(output: str) -> str:
    """What to print. Raises NothingDone where there is no run, or a file is damaged."""
    storage = open_storage(output)
    runs = all_runs(storage)
    failures = standing(output_root(output, storage))
    blocks = [
        [f"Inkbeam: {output}"],
        _glance(runs[-1], storage),
        _alarms(trends(runs) if runs[-1].pages else []),
        _failed(failures),
        _look(runs[-1].record.get("worst_pages", ())),
    ]
    return "\n\n".join("\n".join(map(_fitting, block)) for block in map(list, blocks) if block)


def _glance(run: Run, storage: Storage) -> Iterator[str]:
    for name, value in _facts(run):
        yield f"{name:<11}{value}"
    if isinstance(storage, LocalStorage):
        disk = shutil.disk_usage(storage.root)
        yield f"{'disk':<11}{disk.free / 1e9:,.0f} GB free of {disk.total / 1e9:,.0f}"


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    account = run.record
    yield "run", f"{run.number}, begun {run.started} UTC, {_duration(account['seconds'])}"
    if (code := account.get("exit_code")) is not None:
        yield "ended", f"{ENDINGS.get(code, 'by an error; its log says which')} (exit code {code})"
    if due := account.get("due"):
        yield "documents", f"{due['done']:,} done, {due['left']:,} left for the next run"
    yield "pages", _pages(run)
    if unmatched := (account.get("corrections") or {}).get("unmatched"):
        yield "by hand", f"{counted(unmatched, 'correction')} found no line any more; the report lists them"
    if not run.pages:
        return
    yield "lines", f"{account['lines']:,}"
    yield "speed", f"{run.speed or 0:.2f} pages a second"
    yield "errors", f"{percent(run.expected_cer)} of characters expected, confidence {percent(run.confidence)}"
    if deaths := account.get("worker_deaths"):
        yield "workers", f"died {counted(deaths, 'time')}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 1:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _pages(run: Run) -> str:
    counts = run.record["pages"]
    parts = ", ".join(f"{counts.get(status, 0):,} {status}" for status in (*DONE, "failed"))
    if run.pages:
        return f"{run.pages:,}: {parts}"
    return "none" if run.record.get("due", {}).get("left") else "none: nothing was due"


def _alarms(of: Sequence[Trend]) -> Iterator[str]:
    off = [each for each in of if each.alarm and each.usual]
    if off:
        yield "OFF THE USUAL"
    for each in off:
        low, high = (said(each.figure, end) for end in each.usual or ())
        yield f"  {each.figure.name}: {said(each.figure, each.values[-1])}, usual is {low} to {high}"


def _failed(kinds: Mapping[str, Sequence[Failure]]) -> Iterator[str]:
    """The failures that stand, whenever they came."""
    if kinds:
        yield f"FAILED, all runs together: {sum(map(len, kinds.values())):,}"
    for kind, failures in list(kinds.items())[:KINDS_NAMED]:
        yield from wrap(
            f"{len(failures):,} {kind}: {failures[0].advice}", WIDTH, initial_indent="  ", subsequent_indent="    "
        )
        for failure in failures[:NAMED]:
            yield f"    {_place(failure.source, failure.page)}"
        if len(failures) > NAMED:
            yield f"    and {len(failures) - NAMED:,} more"
    if others := list(kinds)[KINDS_NAMED:]:
        yield f"  and {', '.join(f'{len(kinds[kind]):,} {kind}' for kind in others)}"


def _look(worst: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Of this run, the pages with most errors to expect."""
    bad = [page for page in worst if page["expected_cer"] >= WORTH_A_LOOK]
    if bad:
        yield "LOOK AT FIRST, with the share of characters expected to be wrong"
    for page in bad:
        yield f"  {page['expected_cer']:>4.0%} {_place(page['source'], page['page'])}"


def _place(source: str, page: int | None) -> str:
    return f"{source}, page {page}" if page else source


def _fitting(line: str) -> str:
    """A line without what would spoil a mail or terminal, its middle left out where it is too long."""
    clean = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", line)
    if len(clean) <= WIDTH:
        return clean
    head = WIDTH // 4
    return f"{clean[:head]}…{clean[head + 1 - WIDTH :]}"
