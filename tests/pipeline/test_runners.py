"""The same bytes from every runner: Beam's portable one with an external worker pool, and Dask with two processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.failures import ExitCode, NothingDone
from pipeline.remote import DASK_RUNNER, beam_options
from pipeline.runner import WorkerDied, explained
from tests.pipeline.conftest import Digitize, contents, environment
from tests.pipeline.drawn import save_pdf, save_png


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(module: str, port: int, *arguments: str) -> Iterator[None]:
    """A Python module that serves a port of this machine for as long as the block lasts."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=environment({"PATH": path}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    save_pdf(folder / "long.pdf", range(3))
    save_png(folder / "a.png", 7)
    (folder / "broken.png").write_bytes(b"")
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Small chunks, so that there is something to spread."""
    path = tmp_path / "inkbeam.toml"
    path.write_text("[run]\nchunk_pages = 1\n")
    return path


def test_portable_runner_with_an_external_worker_pool(
    scans: Path, config: Path, tmp_path: Path, digitize: Digitize, inkbeam: Digitize
) -> None:
    digitize(scans, "--output", tmp_path / "local")
    jobs, pool = free_port(), free_port()
    with (
        serving("apache_beam.runners.portability.local_job_service_main", jobs, "-p", str(jobs)),
        serving("apache_beam.runners.worker.worker_pool_main", pool, f"--service_port={pool}"),
    ):
        ran = inkbeam(
            *(scans, "--output", tmp_path / "portable", "--config", config, "--"),
            *("--runner=PortableRunner", f"--job_endpoint=localhost:{jobs}"),
            *("--environment_type=EXTERNAL", f"--environment_config=localhost:{pool}"),
        )
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    assert contents(tmp_path / "portable") == contents(tmp_path / "local")


def test_dask_with_two_worker_processes(
    scans: Path, config: Path, tmp_path: Path, digitize: Digitize, inkbeam: Digitize
) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    digitize(scans, "--output", tmp_path / "local")
    port = free_port()
    with serving("tests.pipeline.dask_cluster", port, str(port)):
        ran = inkbeam(
            *(scans, "--output", tmp_path / "dask", "--config", config, "--"),
            *("--runner=DaskRunner", f"--dask_client_address=tcp://127.0.0.1:{port}"),
        )
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    assert contents(tmp_path / "dask") == contents(tmp_path / "local")


def test_options_of_dask() -> None:
    given = list(beam_options(["--runner=DaskRunner", "--dask_client_address=x"], 7))
    assert given == [f"--runner={DASK_RUNNER}", "--dask_client_address=x", "--dask_npartitions=7"]
    assert list(beam_options(["--runner=DaskRunner", "--dask_npartitions=2"], 7))[1:] == ["--dask_npartitions=2"]
    assert list(beam_options(["--runner=FlinkRunner"], 7)) == ["--runner=FlinkRunner"]


def test_a_runner_that_beam_does_not_know_is_usage(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    ran = digitize(scans, "--output", tmp_path / "out", "--", "--runner=NoSuchRunner")
    assert ran.code == ExitCode.USAGE
    assert "NoSuchRunner" in ran.err


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
