"""A graph on this machine's cores.

That is Beam's FnApiRunner with one process a worker, pinned: the DirectRunner would try to download another.
It runs in a process of its own, a wave's, which is killed with all its workers as soon as one of them dies: Beam may
otherwise wait for the dead one for ever. So this module imports Beam only in that process, and a run that finds nothing
to do never does.
"""

import logging
import os
import re
import signal
import threading
from contextlib import suppress
from functools import cache
from multiprocessing import connection, get_context, parent_process
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from pipeline.failures import NothingDone, StoreLost
from pipeline.stores.options import given, use

GraphName = Literal["digitize", "read", "index"]

# In the environment of local workers: their wave's process, the leader of their group.
WAVE: Final = "INKBEAM_WAVE"
QUIET: Final = "--default_sdk_harness_log_level=ERROR"
OURS: Final = re.compile(r"(NothingDone|StoreLost): (.*?)(?: \[while running|\n|$)")
# What the runner says when a worker process is gone before it noticed by itself.
SIGNS_OF_DEATH: Final = ("Channel closed prematurely", "Socket closed", "Worker subprocess exited", "UNAVAILABLE")


class WorkerDied(Exception):
    """A local worker process was killed or crashed."""


def run_local(graph: GraphName, arguments: tuple[Any, ...], workers: int) -> None:
    """Run a graph of `pipeline.graph` with its arguments on this machine in fresh processes.

    Raises WorkerDied, NothingDone, StoreLost, or RuntimeError with the traceback of whatever else a DoFn raised.
    """
    lean()
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    # Killed workers tidy nothing up: what they leave goes with this folder.
    with TemporaryDirectory(prefix="inkbeam-") as folder:
        process = context.Process(
            target=_in_wave_process, args=(graph, arguments, workers, _quiet(), sender, folder, given())
        )
        process.start()
        sender.close()
        try:
            message: str | None = receiver.recv()
        except EOFError as error:
            raise WorkerDied("a worker process was killed") from error
        finally:
            _kill_group(process.pid or 0)
            process.kill()  # it has no group of its own in its first second
            process.join()
    if message is not None:
        raise explained(RuntimeError(message))


def _in_wave_process(
    graph: GraphName,
    arguments: tuple[Any, ...],
    workers: int,
    quiet: bool,
    sender: connection.Connection,
    folder: str,
    options: tuple[str, ...],
) -> None:
    """Run the graph, with temporary files in the folder; say in the end what went wrong, or None.

    Silence means that a worker died.
    """
    os.setsid()
    os.environ[WAVE] = str(os.getpid())
    os.environ["TMPDIR"] = folder
    use(options)  # from here the DoFns take them on to the workers
    if quiet:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    threading.excepthook = _die_with_worker
    threading.Thread(target=_die_with_parent, daemon=True).start()
    message = None
    try:
        _run(graph, arguments, workers)
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
    with suppress(BrokenPipeError):
        sender.send(message)


def _quiet() -> bool:
    """Whether Beam's workers, which log whatever their level is set to, are not to be heard."""
    return not logging.getLogger().isEnabledFor(logging.INFO)


def _die_with_worker(error: threading.ExceptHookArgs) -> None:
    """Hook for errors in Beam's threads. That of the broken connection comes with a dead worker's and tells nothing."""
    if type(error.exc_value).__name__ == "RpcError":
        return
    if any(sign in str(error.exc_value) for sign in SIGNS_OF_DEATH):
        _kill_group(os.getpid())
    threading.__excepthook__(error)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        _kill_group(os.getpid())


@cache
def follow_wave() -> None:
    """Have this local worker, and all others of its wave, end as soon as the wave's process does; elsewhere, nothing.

    A killed run takes its wave's process with it, and that its workers, unless both are killed at once. Beam lets the
    workers go on for some ten seconds then, and what they wrote would mix with what the next run writes.
    """
    leader = int(os.environ.get(WAVE, 0))
    if leader:
        threading.Thread(target=_die_with, args=[leader], daemon=True).start()


def _die_with(leader: int) -> None:
    with suppress(ProcessLookupError):  # it is gone already
        connection.wait([os.pidfd_open(leader)])
    _kill_group(leader)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _run(graph: GraphName, arguments: tuple[Any, ...], workers: int) -> None:
    """The FnApiRunner with its options given twice: pinned by its name alone it would start its workers with none."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.portability.api import beam_provision_api_pb2
    from apache_beam.runners.portability.fn_api_runner import fn_runner
    from apache_beam.runners.portability.portable_runner import JobServiceHandle

    from pipeline import graph as graphs

    options = PipelineOptions([QUIET, "--direct_running_mode=multi_processing", f"--direct_num_workers={workers}"])
    encoded = JobServiceHandle.encode_pipeline_options(options.get_all_options())
    info = fn_runner.ExtendedProvisionInfo(beam_provision_api_pb2.ProvisionInfo(pipeline_options=encoded))
    with beam.Pipeline(runner=fn_runner.FnApiRunner(provision_info=info), options=options) as pipeline:
        getattr(graphs, graph)(pipeline, *arguments)


def explained(error: RuntimeError) -> Exception:
    """What a local run's error is about: a dead worker, an error of ours that a DoFn raised, or something else."""
    text = str(error)
    if any(sign in text for sign in SIGNS_OF_DEATH):
        return WorkerDied(text)
    if told := OURS.search(text):
        return StoreLost(told[2]) if told[1] == "StoreLost" else NothingDone(told[2])
    return error


def lean() -> None:
    """Environment of the workers: one thread a process, and memory that is given back.

    As many processes as cores read, and two threads of one network wait for each other. Without the limits glibc keeps
    an arena for each of Beam's threads, a hundred megabytes a worker.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
