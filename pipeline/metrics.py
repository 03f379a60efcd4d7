"""OUT/metrics.prom: the last run in Prometheus's text format, for the textfile collector of node_exporter.

All are gauges of that one run, each with the label `output`, so that the files of several OUTs may lie in one folder.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipeline.accounts import last_success
from pipeline.document import DONE
from pipeline.failures import KINDS
from pipeline.storage import Storage

NAME: Final = "metrics.prom"
ALONE: Final = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its values by those of its second label, or one value alone; None for what is not known."""

    name: str
    help: str
    values: Mapping[str, float | None]
    label: str = ALONE


def write_metrics(storage: Storage, output: str, account: Mapping[str, Any]) -> None:
    """Write the metrics of a run from its account, which is kept already. `output` is the label."""
    success = last_success(storage)
    storage.write(NAME, exposition(output, [*_of_time(account, success), *_of_work(account), *_of_quality(account)]))


def exposition(output: str, metrics: list[Metric]) -> bytes:
    """The text format, version 0.0.4, of those metrics that have a value."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    for metric in metrics:
        known = {name: value for name, value in metric.values.items() if value is not None}
        if not known:
            continue
        gauge = Gauge(
            metric.name, metric.help, ["output", metric.label] if metric.label else ["output"], registry=registry
        )
        for name, value in known.items():
            gauge.labels(*([output, name] if metric.label else [output])).set(value)
    return generate_latest(registry)


def _one(name: str, help: str, value: float | None) -> Metric:
    return Metric(name, help, {ALONE: value})


def _of_time(account: Mapping[str, Any], success: str | None) -> Iterator[Metric]:
    yield _one("inkbeam_last_run_timestamp_seconds", "When the last run ended.", _seconds(account["ended"]))
    yield _one(
        "inkbeam_last_success_timestamp_seconds",
        "When a run last came to its end, some pages perhaps failed: exit code 0 or 3.",
        _seconds(success),
    )
    yield _one("inkbeam_run_exit_code", "Exit code of the last run.", account["exit_code"])
    yield _one("inkbeam_run_duration_seconds", "How long the last run took.", account["seconds"])
    stages = account["seconds_by_stage"]
    yield Metric("inkbeam_stage_seconds", "Seconds of all workers in the last run, by stage.", stages, "stage")
    made = {account["inkbeam"]: 1.0}
    yield Metric("inkbeam_build_info", "Version of Inkbeam that did the last run.", made, "version")


def _of_work(account: Mapping[str, Any]) -> Iterator[Metric]:
    due, pages = account["due"], account["pages"]
    yield _one("inkbeam_documents_due", "Documents that the last run was to read.", due["all"])
    yield _one("inkbeam_documents_done", "Documents that it read, or tried.", due["done"])
    yield _one("inkbeam_documents_left", "Documents that it left for later.", due["left"])
    status: dict[str, float | None] = {name: pages[name] for name in (*DONE, "failed")}
    yield Metric("inkbeam_pages", "Pages of the last run, by status.", status, "status")
    failures = {kind: account["failures"].get(kind, 0) for kind in KINDS}
    yield Metric("inkbeam_failures", "Failures of the last run, by kind.", failures, "kind")
    yield _one("inkbeam_failures_standing", "Failures of earlier runs that the last run left alone.", pages["standing"])
    yield _one("inkbeam_lines", "Lines that the last run read.", account["lines"])
    yield _one("inkbeam_worker_deaths", "How often a worker died in the last run.", account["worker_deaths"])
    rows = account["index"] and account["index"]["rows"]
    yield _one("inkbeam_index_rows", "Rows of the word index.", rows)


def _of_quality(account: Mapping[str, Any]) -> Iterator[Metric]:
    agreement = account["baseline"] and account["baseline"]["agreement"]
    yield _one(
        "inkbeam_confidence_ratio", "Mean confidence of the last run's lines, by letters.", account["confidence"]
    )
    yield _one("inkbeam_expected_cer_ratio", "Share of its characters expected to be wrong.", account["expected_cer"])
    yield _one("inkbeam_tesseract_agreement_ratio", "Share of its characters on which Tesseract agrees.", agreement)


def _seconds(moment: str | None) -> float | None:
    return None if moment is None else datetime.fromisoformat(moment).timestamp()
