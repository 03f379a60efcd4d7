"""Metrics, read back by Prometheus's own parser."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.failures import KINDS
from pipeline.metrics import NAME, Metric, exposition, write_metrics
from pipeline.plan import Decision
from pipeline.storage import LocalStorage
from pipeline.summary import Summary
from tests.pipeline.test_summary import ORIGIN, report

Samples = dict[str, dict[str, float]]


def parsed(content: bytes) -> Samples:
    """Samples by metric and by what stands in labels other than `output`."""
    found: Samples = defaultdict(dict)
    for family in text_string_to_metric_families(content.decode()):
        assert family.type == "gauge"
        assert family.documentation.endswith(".")
        for sample in family.samples:
            assert sample.labels["output"] == "/srv/out"
            found[sample.name][", ".join(v for k, v in sample.labels.items() if k != "output")] = sample.value
    return found


def written(storage: LocalStorage, code: int | None = None, **figures: Any) -> Samples:
    summary = Summary({}, "bundle", "fp32", "out", [Decision(ORIGIN, "new", True, None)] * 3, 0, ())
    summary.take([report(**figures)], deaths=2)
    summary.begun = 1
    account = summary.write(storage, code)
    write_metrics(storage, "/srv/out", account)
    return parsed(storage.read(NAME))


def test_a_run_in_figures(tmp_path: Path) -> None:
    found = written(LocalStorage(str(tmp_path)), read=3, blank=1, failures=2)
    assert found["inkbeam_pages"] == {"read": 3, "doubtful": 0, "blank": 1, "failed": 2}
    assert found["inkbeam_failures"] == dict.fromkeys(KINDS, 0.0) | {"truncated": 2}
    assert [found[f"inkbeam_documents_{name}"][""] for name in ("due", "done", "left")] == [3, 1, 2]
    assert found["inkbeam_stage_seconds"] == {"render": 0.5}
    assert found["inkbeam_expected_cer_ratio"][""] == pytest.approx(0.05)
    assert (found["inkbeam_worker_deaths"][""], found["inkbeam_run_exit_code"][""]) == (2, 3)
    assert found["inkbeam_last_success_timestamp_seconds"] == found["inkbeam_last_run_timestamp_seconds"]
    assert found["inkbeam_last_run_timestamp_seconds"][""] > 1.7e9


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    found = written(LocalStorage(str(tmp_path)))
    unknown = ("inkbeam_index_rows", "inkbeam_expected_cer_ratio", "inkbeam_tesseract_agreement_ratio")
    assert found.keys().isdisjoint(unknown)


def test_a_run_that_failed_keeps_the_last_success(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    assert "inkbeam_last_success_timestamp_seconds" not in written(storage, 5)
    succeeded = written(storage, read=1)["inkbeam_last_success_timestamp_seconds"]
    failed = written(storage, 143, read=1)
    assert failed["inkbeam_run_exit_code"] == {"": 143}
    assert failed["inkbeam_last_success_timestamp_seconds"] == succeeded


def test_odd_names_of_outputs_are_escaped() -> None:
    content = exposition('/a "b"\\c\n', [Metric("inkbeam_lines", "Lines.", {"": 1.0})]).decode()
    (family,) = text_string_to_metric_families(content)
    assert family.samples[0].labels == {"output": '/a "b"\\c\n'}
