"""What is told to remote runners, and what they say told apart."""

import logging

import grpc
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from pipeline import on_dask, remote
from pipeline.failures import NothingDone
from pipeline.runner import WorkerDied, explained

DaskOptions = pytest.importorskip("apache_beam.runners.dask.dask_runner", reason="no extra dask").DaskOptions


def prepared(*options: str, chunks: int = 7) -> PipelineOptions:
    parsed = PipelineOptions(["--runner=DaskRunner", *options])
    on_dask.prepare(parsed, chunks)
    return parsed


def test_dask_gets_a_partition_a_chunk_up_to_a_limit() -> None:
    parsed = prepared()
    assert parsed.view_as(StandardOptions).runner == on_dask.RUNNER
    assert parsed.view_as(DaskOptions).npartitions == 7
    assert prepared(chunks=0).view_as(DaskOptions).npartitions == 1
    assert prepared(chunks=9999).view_as(DaskOptions).npartitions == on_dask.MOST_PARTITIONS


def test_partitions_and_times_that_are_given_stay() -> None:
    dask = prepared("--dask_npartitions=2", "--dask_connection_timeout=3").view_as(DaskOptions)
    assert (dask.npartitions, dask.timeout) == (2, 3)
    assert prepared("--dask_partition_size=5").view_as(DaskOptions).npartitions is None


def test_what_a_local_runner_says_is_told_apart() -> None:
    full = RuntimeError(
        "pipeline.failures.NothingDone: the disk is full: make room [while running 'Commit']\nTraceback"
    )
    found = explained(full)
    assert isinstance(found, NothingDone)
    assert str(found) == "the disk is full: make room"
    assert isinstance(explained(RuntimeError("... Channel closed prematurely.")), WorkerDied)
    other = RuntimeError("something else")
    assert explained(other) is other


@pytest.mark.parametrize("sign", remote.SIGNS_OF_LOSS)
def test_signs_that_a_runner_lost_workers_for_good(sign: str) -> None:
    assert isinstance(remote.told(RuntimeError(f"Pipeline job-1 failed in state FAILED: {sign} ...")), WorkerDied)


def test_a_runner_that_cannot_be_reached() -> None:
    unavailable: type[Exception] = type("Unavailable", (grpc.RpcError,), {"__module__": "grpc._channel"})
    found = remote.told(unavailable("failed to connect"))
    assert isinstance(found, NothingDone)
    assert "failed to connect. Check" in str(found)


def test_errors_of_dask_by_name() -> None:
    kinds = {
        "KilledWorker": WorkerDied,
        "NoWorkerError": NothingDone,
        "CommClosedError": NothingDone,
        "FuturesCancelledError": NothingDone,
    }
    for name, expected in kinds.items():
        assert isinstance(remote.told(type(name, (Exception,), {})("text")), expected)
    other = OSError("no space")
    assert remote.told(other) is other


def test_messages_of_a_job_are_heard_only_by_those_who_asked(caplog: pytest.LogCaptureFixture) -> None:
    record = logging.LogRecord("root", logging.ERROR, "beam/portable_runner.py", 1, "a traceback", None, None)
    root = logging.getLogger()
    root.setLevel(logging.ERROR)
    with remote.quiet():
        assert not root.filter(record)
    assert root.filter(record)
    root.setLevel(logging.INFO)
    with remote.quiet():
        assert root.filter(record)
    root.setLevel(logging.WARNING)
    assert not caplog.records
