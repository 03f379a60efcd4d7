"""Where a graph runs: on this machine's cores, or wherever the options after `--` say.

Locally that is Beam's FnApiRunner with one process a worker, pinned: the DirectRunner would try to download another
runner.
"""

import os
import re
from collections.abc import Callable, Sequence
from typing import Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.runners.portability.fn_api_runner import fn_runner
from apache_beam.runners.portability.portable_runner import JobServiceHandle
from apache_beam.runners.runner import PipelineState

from pipeline.failures import NothingDone

Build = Callable[[beam.Pipeline], object]

MOST_PARTITIONS: Final = 4096
QUIET: Final = ["--default_sdk_harness_log_level=ERROR"]
# Channel closed, or a worker's state lost: what the runner says when a worker process is gone.
NOTHING_DONE: Final = re.compile(r"NothingDone: (.*?)(?: \[while running|\n|$)")
SIGNS_OF_DEATH: Final = ("Channel closed prematurely", "Socket closed", "worker process died", "UNAVAILABLE")


class WorkerDied(Exception):
    """A local worker process was killed or crashed."""


def run_local(build: Build, workers: int) -> None:
    """Run a graph on this machine in fresh processes; raises WorkerDied, or whatever a DoFn raised."""
    _single_threaded()
    options = PipelineOptions([*QUIET, "--direct_running_mode=multi_processing", f"--direct_num_workers={workers}"])
    try:
        with beam.Pipeline(runner=_local_runner(options), options=options) as pipeline:
            build(pipeline)
    except RuntimeError as error:
        raise explained(error) from error


def run_remote(build: Build, arguments: Sequence[str], chunks: int) -> None:
    """Run a graph where Beam's own options say; waits for the end.

    The DaskRunner spreads work by the partitions of `Create` alone: it gets one for each chunk.
    """
    _single_threaded()
    arguments = list(arguments)
    if "DaskRunner" in " ".join(arguments) and not any("dask_npartitions" in argument for argument in arguments):
        arguments.append(f"--dask_npartitions={max(1, min(chunks, MOST_PARTITIONS))}")
    pipeline = beam.Pipeline(options=PipelineOptions(arguments))
    build(pipeline)
    result = pipeline.run()
    result.wait_until_finish()
    ended = getattr(result, "state", PipelineState.DONE)
    if ended not in (PipelineState.DONE, None):
        raise NothingDone(f"the runner ended as {ended}; its own log says why. A rerun goes on where this one stopped")


def explained(error: RuntimeError) -> Exception:
    """What a local run's error is about: a dead worker, an error of ours that a DoFn raised, Ctrl-C, or something
    else.
    """
    text = str(error)
    if any(sign in text for sign in SIGNS_OF_DEATH):
        return WorkerDied(text)
    if told := NOTHING_DONE.search(text):
        return NothingDone(told[1])
    return error


def _local_runner(options: PipelineOptions) -> fn_runner.FnApiRunner:
    """A FnApiRunner whose worker processes get the options too; pinned by its name alone it would start them with
    none.
    """
    encoded = JobServiceHandle.encode_pipeline_options(options.get_all_options())
    info = beam_provision_api_pb2.ProvisionInfo(pipeline_options=encoded)
    return fn_runner.FnApiRunner(provision_info=fn_runner.ExtendedProvisionInfo(info))


def _single_threaded() -> None:
    """One thread a process: as many processes as cores read, and two threads of one network wait for each other."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
