"""Clusters of processes on this machine, each process killed at will: Dask's, and what Beam's portable runner needs."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.pipeline.conftest import Ran, command, environment

Process = subprocess.Popen[bytes]

PATIENCE: Final = 180
QUICK: Final = ("--bundle", "quick", "--language", "none")
"""Every worker loads its networks: these are there soonest."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience} s for {what}")
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(*command: str, env: Mapping[str, str] | None = None) -> Process:
    """A process of a group of its own, in which `python` is this one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        command,
        env=environment({"PATH": path, **(env or {})}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def module(name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Process:
    """A Python module as a process."""
    return start(sys.executable, "-m", name, *arguments, env=env)


def kill(process: Process) -> None:
    """The process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Submitted:
    """A run of `inkbeam digitize` that was started, and whose end can be waited for."""

    def __init__(self, out: Path, *arguments: object) -> None:
        self.out = out
        self.process = subprocess.Popen(
            command([arguments[0], "--output", out, *arguments[1:]]),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_reading(self, chunks: int = 1) -> None:
        """Until workers read so many chunks at a time, or the run has ended before its time."""

        def reading() -> bool:
            return len(list(self.out.glob("state/begun/*"))) >= chunks or self.process.poll() is not None

        until(reading, "a chunk that is read")

    def end(self) -> Ran:
        out, err = self.process.communicate(timeout=2 * PATIENCE)
        return Ran(self.process.returncode, out, err)


@dataclass
class Cluster:
    """Processes that are killed when the block ends."""

    processes: list[Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            kill(process)


@dataclass
class DaskCluster(Cluster):
    """A scheduler, and workers of one thread each.

    A task may kill workers `allowed_failures` times, and once more.
    """

    allowed_failures: int = 1
    port: int = field(default_factory=free_port)
    workers: list[Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        arguments = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        allowed = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(self.allowed_failures)}
        self.scheduler = module("distributed.cli.dask_scheduler", *arguments, env=allowed)
        self.processes.append(self.scheduler)
        until(lambda: listens(self.port), "the scheduler")
        return self

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def options(self) -> tuple[str, ...]:
        address = f"--dask_client_address={self.address}"
        return ("--", "--runner=DaskRunner", address, "--dask_connection_timeout=5")

    def add(self, count: int = 1, env: Mapping[str, str] | None = None, nanny: bool = False) -> list[Process]:
        """Start workers; a nanny starts its worker again when that dies."""
        kind = "--nanny" if nanny else "--no-nanny"
        arguments = (self.address, "--nthreads", "1", kind, "--no-dashboard", "--host", "127.0.0.1")
        added = [module("distributed.cli.dask_worker", *arguments, env=env) for _ in range(count)]
        self.workers += added
        self.processes += added
        return added


@dataclass
class PortableCluster(Cluster):
    """Beam's own job service, and worker pools behind one address, as a service of Kubernetes puts them."""

    port: int = field(default_factory=free_port)
    front: int = field(default_factory=free_port)
    pools: list[Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.service = module("tests.pipeline.job_service", "2", "-p", str(self.port))
        ports = [free_port(), free_port()]
        self.pools = [pool(port) for port in ports]
        self.processes += [self.service, *self.pools]
        for port in (self.port, *ports):
            until(partial(listens, port), "the job service and the worker pools")
        forward(self.front, ports)
        return self

    @property
    def options(self) -> tuple[str, ...]:
        return (
            *("--", "--runner=PortableRunner", f"--job_endpoint=localhost:{self.port}"),
            *("--environment_type=EXTERNAL", f"--environment_config=localhost:{self.front}"),
        )


def pool(port: int) -> Process:
    """A worker pool, whose workers are processes of its group."""
    return module("apache_beam.runners.worker.worker_pool_main", f"--service_port={port}")


def forward(front: int, ports: Sequence[int]) -> None:
    """Hand each connection to the next port that somebody listens at."""
    listener = socket.create_server(("127.0.0.1", front))

    def serve() -> None:
        following = cycle(ports)
        while True:
            near, _ = listener.accept()
            alive = next(port for port in islice(following, 2 * len(ports)) if listens(port))
            far = socket.create_connection(("127.0.0.1", alive))
            threading.Thread(target=join, args=(near, far), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def join(near: socket.socket, far: socket.socket) -> None:
    """Two connections as one, until either closes."""
    with near, far:
        back = threading.Thread(target=pump, args=(far, near), daemon=True)
        back.start()
        pump(near, far)
        back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Everything from one to the other, until one closes."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
