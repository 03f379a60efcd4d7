"""What Beam's DaskRunner leaves to its users: partitions, a cluster that answers and has workers, clear errors.

Beam spreads work by the partitions of `Create` alone, waits for workers for as long as it takes, and never closes its
client.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pipeline.failures import NothingDone, UsageError
from pipeline.runner import WorkerDied

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

LOGGERS: Final = ("distributed", "distributed.client", "tornado.application", "asyncio")
RUNNER: Final = "apache_beam.runners.dask.dask_runner.DaskRunner"
NAMES: Final = ("DaskRunner", RUNNER)
# The shuffle takes about n ** 1.5 tasks for n partitions of pages and n of documents: 56,000 here, under a minute of
# the scheduler's time.
MOST_PARTITIONS: Final = 512
CONNECT_SECONDS: Final = 10
WORKER_SECONDS: Final = 30
GONE: Final = (
    "the Dask scheduler cannot be reached any more. Start it and its workers anew and run again; what was done is kept"
)
GONE_KINDS: Final = ("CommClosedError", "CancelledError", "FutureCancelledError", "FuturesCancelledError")
START_WORKERS: Final = "Start some (dask worker ADDRESS --nthreads 1) and run again; what was done is kept"


def prepare(options: "PipelineOptions", chunks: int) -> None:
    """Complete the options for a graph of so many chunks: Beam knows the runner by its full name only.

    Raises UsageError where Dask is not installed, NothingDone when nobody answers at the address or no worker is there.
    """
    from apache_beam.options.pipeline_options import StandardOptions

    try:
        from apache_beam.runners.dask.dask_runner import DaskOptions
        from distributed import Client
    except ImportError as error:
        raise UsageError("Dask is not installed here: pip install 'inkbeam[dask]'") from error
    _hush()
    options.view_as(StandardOptions).runner = RUNNER
    dask = options.view_as(DaskOptions)
    if dask.npartitions is None and dask.partition_size is None:
        dask.npartitions = max(1, min(chunks, MOST_PARTITIONS))
    if dask.timeout is None:
        dask.timeout = CONNECT_SECONDS
    if dask.address or dask.scheduler_file:
        _check(lambda: Client(address=dask.address, scheduler_file=dask.scheduler_file, timeout=dask.timeout))


def _hush() -> None:
    """Unless all logs are wanted, have no tracebacks of a lost connection: what is lost is told as an error of ours."""
    if not logging.getLogger().isEnabledFor(logging.INFO):
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _check(connect: Callable[[], Any]) -> None:
    try:
        with connect() as client:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except TimeoutError as error:
        raise NothingDone(f"the Dask cluster has no workers. {START_WORKERS}") from error
    except OSError as error:
        raise NothingDone(
            f"no Dask scheduler can be reached: {error}. Check --dask_client_address, and that `dask scheduler` runs"
        ) from error


def close(result: Any) -> None:
    """Let the cluster forget the graph once it has ended; of other runners' results nothing is known.

    Raises NothingDone where the scheduler was lost: Beam takes work that was called off for done.
    """
    if client := getattr(result, "client", None):
        lost = any(future.cancelled() for future in result.futures)
        client.close()
        if lost:
            raise NothingDone(GONE)


def explained(error: Exception) -> Exception:
    """What an error of Dask's is about; any other is returned as it is."""
    kind = type(error).__name__
    if kind == "KilledWorker":
        return WorkerDied(str(error))
    if kind in ("NoWorkerError", "NoValidWorkerError"):
        return NothingDone(f"the Dask cluster has lost all its workers. {START_WORKERS}")
    if kind in GONE_KINDS or (kind == "OSError" and "trying to connect" in str(error)):
        return NothingDone(GONE)
    return error
