"""Runs on Beam's portable runner, as Flink has it: a job service, and two pools of workers behind one address."""

from pathlib import Path

import pytest

from pipeline.failures import ExitCode
from tests.pipeline.clusters import QUICK, PortableCluster, Submitted, kill
from tests.pipeline.conftest import Digitize, contents
from tests.pipeline.drawn import save_pdf, save_png

pytestmark = pytest.mark.long


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    save_pdf(folder / "long.pdf", range(3))
    for name in "ab":
        save_png(folder / f"{name}.png", ord(name))
    (folder / "broken.png").write_bytes(b"")
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "inkbeam.toml"
    path.write_text("[run]\nchunk_pages = 1\n")
    return path


def test_two_pools_of_which_one_is_killed(scans: Path, config: Path, tmp_path: Path, digitize: Digitize) -> None:
    assert digitize(scans, "--output", tmp_path / "local", *QUICK).code == ExitCode.SOME_FAILED
    local = contents(tmp_path / "local")
    with PortableCluster() as cluster:
        arguments = (scans, "--config", config, *QUICK, *cluster.options)
        ran = Submitted(tmp_path / "both", *arguments).end()
        assert ran.code == ExitCode.SOME_FAILED, ran.err
        assert contents(tmp_path / "both") == local

        run = Submitted(tmp_path / "one", *arguments)
        run.wait_until_reading(chunks=2)
        kill(cluster.pools[0])
        ran = run.end()
        assert ran.code == ExitCode.SOME_FAILED, ran.err
        assert "Traceback" not in ran.err
        assert contents(tmp_path / "one") == local


def test_a_job_service_that_is_killed_is_said(scans: Path, config: Path, tmp_path: Path) -> None:
    with PortableCluster() as cluster:
        run = Submitted(tmp_path / "out", scans, "--config", config, *QUICK, *cluster.options)
        run.wait_until_reading()
        kill(cluster.service)
        ran = run.end()
    assert ran.code == ExitCode.NOTHING_DONE, ran.err
    assert "the runner cannot be reached" in ran.err
    assert "Traceback" not in ran.err


def test_a_runner_that_beam_does_not_know_is_usage(scans: Path, tmp_path: Path, digitize: Digitize) -> None:
    ran = digitize(scans, "--output", tmp_path / "out", "--", "--runner=NoSuchRunner")
    assert ran.code == ExitCode.USAGE
    assert "NoSuchRunner" in ran.err
