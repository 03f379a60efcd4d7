"""Runs on Dask: a scheduler and workers in processes of their own, and what happens to these in mid-run."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import on_dask
from pipeline.failures import ExitCode
from tests.pipeline.clusters import QUICK, DaskCluster, Submitted, kill
from tests.pipeline.conftest import Digitize, command, contents, environment, rows
from tests.pipeline.drawn import save_pdf, save_png

pytestmark = pytest.mark.long

distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")

PAUSE = float(os.environ.get("INKBEAM_PAUSE", "3"))
"""Seconds for which a worker is stopped; deploy/dask/README.md tells what came of thirty."""


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four documents, five pages, and a file that is none."""
    folder = tmp_path_factory.mktemp("scans")
    save_pdf(folder / "long.pdf", range(2))
    for name in ("a", "b", "killer"):
        save_png(folder / f"{name}.png", ord(name[0]))
    (folder / "broken.png").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small chunks, so that there is something to spread."""
    path = tmp_path_factory.mktemp("config") / "inkbeam.toml"
    path.write_text("[run]\nchunk_pages = 1\n")
    return path


@pytest.fixture(scope="module")
def local(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run on this machine alone writes."""
    out = tmp_path_factory.mktemp("local") / "out"
    done = subprocess.run(
        command([scans, "--output", out, *QUICK]), env=environment(), capture_output=True, check=False
    )
    assert done.returncode == ExitCode.SOME_FAILED
    return contents(out)


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskCluster]:
    """One worker at first, the same for several tests."""
    with DaskCluster() as cluster:
        cluster.add()
        yield cluster


@pytest.fixture
def submit(scans: Path, config: Path, tmp_path: Path) -> Any:
    """Start a run on a cluster."""

    def start(cluster: DaskCluster) -> Submitted:
        return Submitted(tmp_path / "out", scans, "--config", config, *QUICK, *cluster.options)

    return start


def loads(cluster: DaskCluster) -> list[int]:
    """How often each worker that was given pages has loaded a bundle."""
    with distributed.Client(cluster.address, timeout=30) as client:
        infos = client.run(tools_cached)
    return [loaded for loaded, used in infos.values() if used]


def tools_cached() -> tuple[int, int]:
    from pipeline import worker

    info = worker._tools.cache_info()
    return info.misses, info.misses + info.hits


def test_what_ends_a_run_here_ends_it_there(cluster: DaskCluster, submit: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "pages").write_bytes(b"a file")
    ran = submit(cluster).end()
    assert ran.code == ExitCode.NOTHING_DONE
    assert "a file stands where a folder must be" in ran.err
    assert "Traceback" not in ran.err


def test_a_worker_that_joins_late_gets_work_and_all_load_the_network_once(
    cluster: DaskCluster, submit: Any, local: dict[str, bytes]
) -> None:
    run = submit(cluster)
    run.wait_until_reading()
    cluster.add()
    ran = run.end()
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    assert contents(run.out) == local
    # the first has had all pages where the second took long to start
    assert set(loads(cluster)) == {1}
    assert "5 read" in ran.out
    assert "1 empty" in ran.out


def test_four_workers_of_which_one_is_paused_and_one_killed(
    cluster: DaskCluster, submit: Any, local: dict[str, bytes]
) -> None:
    cluster.add(2)
    run = submit(cluster)
    run.wait_until_reading()
    killed, paused = cluster.workers[:2]
    os.killpg(paused.pid, signal.SIGSTOP)
    kill(killed)
    time.sleep(PAUSE)
    os.killpg(paused.pid, signal.SIGCONT)
    ran = run.end()
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    assert "Traceback" not in ran.err
    assert contents(run.out) == local
    assert not list(run.out.glob("state/begun/[!.]*"))


def test_a_scheduler_that_is_killed_is_said_and_another_goes_on(submit: Any, local: dict[str, bytes]) -> None:
    with DaskCluster() as cluster:
        cluster.add()
        run = submit(cluster)
        run.wait_until_reading()
        kill(cluster.scheduler)
        began = time.monotonic()
        ran = run.end()
        assert time.monotonic() - began < 60
    assert ran.code == ExitCode.NOTHING_DONE, ran.err
    assert "the Dask scheduler cannot be reached any more" in ran.err
    assert "Traceback" not in ran.err
    with DaskCluster() as other:
        other.add()
        again = submit(other)
        ran = again.end()
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    assert contents(again.out) == local


def test_a_page_that_kills_every_worker_fails_alone(submit: Any, local: dict[str, bytes]) -> None:
    with DaskCluster(allowed_failures=0) as cluster:
        cluster.add(env={"INKBEAM_FAULT": "recognise:die:killer.png"}, nanny=True)
        run = submit(cluster)
        ran = run.end()
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    kinds = {str(failure["kind"]) for failure in rows(run.out, "failures")}
    assert kinds == {"empty", "worker-died"}
    others = {name: content for name, content in local.items() if "killer" not in name}
    assert {name: content for name, content in contents(run.out).items() if "killer" not in name} == others


def test_nobody_at_the_address(
    scans: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_dask, "CONNECT_SECONDS", 1)
    ran = digitize(
        scans, "--output", tmp_path / "out", "--", "--runner=DaskRunner", "--dask_client_address=tcp://127.0.0.1:1"
    )
    assert ran.code == ExitCode.NOTHING_DONE
    assert "no Dask scheduler can be reached" in ran.err
    assert "--dask_client_address" in ran.err


def test_a_cluster_without_workers(
    scans: Path, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_dask, "WORKER_SECONDS", 1)
    with DaskCluster() as empty:
        ran = digitize(scans, "--output", tmp_path / "out", *empty.options)
    assert ran.code == ExitCode.NOTHING_DONE
    assert "the Dask cluster has no workers" in ran.err
