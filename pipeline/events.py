"""What a run tells while it goes, for `--log-json`: each event once in words, and with its figures for programs.

Failures are told when their wave is done, since a page that failed may yet be read by another try of the wave.
"""

import logging
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from pipeline.counting import counted
from pipeline.document import DONE
from pipeline.failures import KINDS
from pipeline.logs import event
from pipeline.plan import reasons
from pipeline.state import Report
from pipeline.summary import Summary


def run_begun(output: str, until: str | None, summary: Summary) -> None:
    """`run-begun`, with the documents by reason."""
    documents, due = reasons(summary.decisions), len(summary.due)
    message = f"run begun on {output}: {counted(due, 'document')} to read"
    event("run-begun", message, output=output, until=until, due=due, documents=documents, bundle=summary.bundle)


class WaveLog:
    """`wave-begun` when it is made, `wave-done`, and what went wrong, when `done` is called."""

    def __init__(self, documents: int, pages: int) -> None:
        self.documents, self.pages, self.began = documents, pages, monotonic()
        event("wave-begun", f"wave begun: {self._size}", documents=documents, pages=pages)

    @property
    def _size(self) -> str:
        return f"{counted(self.documents, 'document')}, {counted(self.pages, 'page')}"

    def done(self, reports: Sequence[Report], deaths: int, left: int) -> None:
        """The wave is done; `left` documents are still to be begun."""
        if deaths:
            event("worker-died", f"workers died {counted(deaths, 'time')} in this wave", logging.WARNING, deaths=deaths)
        for report in reports:
            for kind, source, page, reason in report.figures.get("failures", ()):
                _page_failed(report.row.id, kind, source, page, reason)
        seconds = monotonic() - self.began
        speed = self.pages / seconds if seconds else 0.0
        event(
            "wave-done",
            f"wave done: {self._size}, {speed:.2f} pages/s; {counted(left, 'document')} to go",
            documents=self.documents,
            pages=self.pages,
            failed=sum(len(report.figures.get("failures", ())) for report in reports),
            seconds=round(seconds, 3),
            pages_per_second=round(speed, 3),
            left=left,
        )


def _page_failed(document: str, kind: str, source: str, page: int | None, reason: str) -> None:
    place = f"{source}, page {page}" if page else source
    fields = {"document": document, "source": source, "page": page, "kind": kind, "reason": reason}
    event("failed", f"{place}: {kind}: {reason}", logging.WARNING, **fields, advice=KINDS[kind].advice)


def run_ended(account: Mapping[str, Any]) -> None:
    """`run-ended`, with what OUT/runs keeps in figures."""
    pages = sum(account["pages"][status] for status in DONE)
    told = ("exit_code", "seconds", "due", "pages", "lines", "failures", "worker_deaths", "expected_cer", "index")
    message = f"run ended with exit code {account['exit_code']}: {counted(pages, 'page')} in {account['seconds']:.0f} s"
    event("run-ended", message, **{name: account[name] for name in told})
