"""A graph wherever the options after `--` say: a Dask cluster, Flink, Dataflow, or any other runner of Beam's."""

import logging
import threading
from collections.abc import Sequence
from typing import Any, Final

from pipeline import on_dask
from pipeline.failures import ExitCode, InkbeamError, NothingDone, UsageError
from pipeline.runner import GraphName, WorkerDied, explained, lean

# What runners say when a worker was lost more often than they try again.
SIGNS_OF_LOSS: Final = (
    "worker lost contact",  # Dataflow
    "SDK disconnect",  # Dataflow
    "SDK harness",  # Flink, when the worker pool beside a task manager is gone
    "NoRestartBackoffTimeStrategy",  # Flink
    "FixedDelayRestartBackoffTimeStrategy",  # Flink
)


HANDED_OVER: Final = (
    "the job is handed over: one wave of documents ([run] remote_wave_pages). When it has ended, the next run takes in "
    "what it did and goes on with the others"
)


class HandedOver(InkbeamError):
    """No error: a template holds the graph, and who launches it waits for this process to end well."""

    exit_code = ExitCode.DONE


def is_remote(options: Sequence[str]) -> bool:
    """Whether Beam's options name a runner; without one they are for the filesystems, and graphs run here."""
    return any(option.split("=")[0] == "--runner" for option in options)


def run_remote(graph: GraphName, arguments: tuple[Any, ...], options: Sequence[str], chunks: int) -> None:
    """Run a graph where Beam's own options say and wait for the end.

    Raises UsageError for options that Beam refuses, WorkerDied when the runner gives up for want of a worker that was
    lost, NothingDone when it cannot be reached or a worker says what ends the run, HandedOver when the options make a
    template of it, and what else a DoFn raised.
    """
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

    from pipeline import graph as graphs

    lean()
    _hush()
    parsed = PipelineOptions(list(options))
    try:
        if parsed.view_as(StandardOptions).runner in on_dask.NAMES:
            on_dask.prepare(parsed, chunks)
        pipeline = beam.Pipeline(options=parsed)
    except ValueError as error:
        raise UsageError(f"Beam refuses {' '.join(options)}: {error}") from error
    getattr(graphs, graph)(pipeline, *arguments)
    try:
        _finish(pipeline)
    except Exception as error:
        raise told(error) from error


def _finish(pipeline: Any) -> None:
    """Run a pipeline to its end."""
    from apache_beam.options.pipeline_options import GoogleCloudOptions
    from apache_beam.runners.runner import PipelineState

    result = pipeline.run()
    try:
        if pipeline.options.view_as(GoogleCloudOptions).template_location:
            raise HandedOver(HANDED_OVER)
        result.wait_until_finish()
    finally:
        on_dask.close(result)
    ended = getattr(result, "state", PipelineState.DONE)
    if ended not in (PipelineState.DONE, None):
        raise NothingDone(f"the runner ended as {ended}; its own log says why. A rerun goes on where this one stopped")


def _hush() -> None:
    """Unless all of Beam's logs are wanted, have no messages of jobs, nor of broken connections from Beam's threads.

    What is wrong is told as an error of ours, and such a thread may speak after that.
    """
    if not logging.getLogger().isEnabledFor(logging.INFO):
        logging.getLogger().addFilter(_is_no_message)
        threading.excepthook = _of_thread


def _is_no_message(record: logging.LogRecord) -> bool:
    return record.module != "portable_runner"


def _of_thread(error: threading.ExceptHookArgs) -> None:
    if not _is_of_grpc(error.exc_value):
        threading.__excepthook__(error)


def _is_of_grpc(error: BaseException | None) -> bool:
    return type(error).__module__.partition(".")[0] == "grpc"


def told(error: Exception) -> Exception:
    """What a runner's error is about, as far as it is known."""
    text = str(error)
    if _is_of_grpc(error):
        details = getattr(error, "details", error.__str__)()
        return NothingDone(
            f"the runner cannot be reached: {details}. Check that it runs, and --job_endpoint; run again then: "
            "what was done is kept"
        )
    if isinstance(error, RuntimeError):
        return WorkerDied(text) if any(sign in text for sign in SIGNS_OF_LOSS) else explained(error)
    return on_dask.explained(error)
