"""What is told to remote runners, and what they say told apart."""

import logging
import threading

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


def unavailable(text: str) -> Exception:
    kind: type[Exception] = type("Unavailable", (grpc.RpcError,), {"__module__": "grpc._channel"})
    return kind(text)


def test_messages_of_jobs_are_told_once_as_errors_of_ours() -> None:
    record = logging.LogRecord("root", logging.ERROR, "beam/portable_runner.py", 1, "a traceback", None, None)
    other = logging.LogRecord("root", logging.ERROR, "beam/other.py", 1, "text", None, None)
    assert not remote._is_no_message(record)
    assert remote._is_no_message(other)


def test_a_broken_connection_of_a_thread_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (unavailable("gone"), ValueError("wrong")):
        remote._of_thread(threading.ExceptHookArgs((type(error), error, None, None)))
    assert "gone" not in (told := capsys.readouterr().err)
    assert "ValueError: wrong" in told
