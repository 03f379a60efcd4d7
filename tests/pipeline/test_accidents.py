"""Runs as users start them, in processes of their own, with accidents: killed workers, killed runs, two at once."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from pipeline.failures import ExitCode
from tests.pipeline.clusters import QUICK
from tests.pipeline.conftest import Digitize, command, contents, environment, rows
from tests.pipeline.drawn import save_pdf, save_png

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four documents, seven pages."""
    folder = tmp_path_factory.mktemp("scans")
    save_pdf(folder / "long.pdf", range(4))
    for name in ("a", "b", "killer"):
        save_png(folder / f"{name}.png", ord(name[0]))
    return folder


@pytest.fixture(scope="module")
def whole(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of an uninterrupted run with two workers."""
    out = tmp_path_factory.mktemp("whole") / "out"
    done = subprocess.run(
        [*command([scans, *QUICK, "--output", out, "--workers", "2"])], env=environment(), check=False
    )
    assert done.returncode == ExitCode.DONE
    return out


def test_one_worker_gives_the_same_bytes_as_two(scans: Path, whole: Path, tmp_path: Path, inkbeam: Digitize) -> None:
    ran = inkbeam(scans, *QUICK, "--output", tmp_path / "out", "--workers", "1")
    assert ran.code == ExitCode.DONE, ran.err
    assert contents(tmp_path / "out") == contents(whole)


def test_a_page_that_kills_its_worker_fails_alone(scans: Path, whole: Path, tmp_path: Path, inkbeam: Digitize) -> None:
    out = tmp_path / "out"
    ran = inkbeam(scans, *QUICK, "--output", out, "--workers", "2", env={"INKBEAM_FAULT": "recognise:die:killer.png"})
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    assert "1 worker-died" in ran.out
    (failure,) = rows(out, "failures")
    assert (failure["kind"], failure["page"], failure["transient"]) == ("worker-died", 1, True)
    others = {name: data for name, data in contents(whole).items() if "killer" not in name}
    assert {name: data for name, data in contents(out).items() if "killer" not in name} == others
    again = inkbeam(scans, *QUICK, "--output", out)
    assert again.code == ExitCode.DONE, again.err
    assert contents(out) == contents(whole)


@pytest.mark.parametrize("moment", ["a first file", "a first row"])
def test_kill_9_and_rerun_give_the_same_bytes(
    moment: str, scans: Path, whole: Path, tmp_path: Path, inkbeam: Digitize
) -> None:
    out = tmp_path / "out"
    config = tmp_path / "inkbeam.toml"
    config.write_text("[run]\nwave_pages = 2\n")
    process = subprocess.Popen(
        command([scans, *QUICK, "--output", out, "--config", config]), env=environment(), stderr=subprocess.DEVNULL
    )
    wanted = "hocr/*/*.hocr" if moment == "a first file" else "state/rows-*.parquet"
    deadline = time.monotonic() + 120
    while not list(out.glob(wanted)) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(3)  # its workers notice that it is gone
    for path in out.rglob("*.parquet"):
        assert path.read_bytes()[-4:] == b"PAR1"
    ran = inkbeam(scans, *QUICK, "--output", out)
    assert ran.code == ExitCode.DONE, ran.err
    assert contents(out) == contents(whole)
    assert not list(out.rglob("*.tmp"))


def test_a_kill_in_the_middle_of_a_redo_is_made_good(
    scans: Path, whole: Path, tmp_path: Path, inkbeam: Digitize
) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    process = subprocess.Popen(
        command([scans, *QUICK, "--output", out, "--redo", "all"]), env=environment(), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not list(out.glob("state/new/*.json")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(3)
    assert inkbeam(scans, *QUICK, "--output", out).code == ExitCode.DONE
    assert contents(out) == contents(whole)


def test_workers_do_not_outlive_a_run_that_was_killed_with_its_wave(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(command([scans, *QUICK, "--output", out]), env=environment(), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(out.glob("hocr/*/*.hocr")) and time.monotonic() < deadline:
        time.sleep(0.005)
    family = psutil.Process(process.pid).children(recursive=True)
    (wave,) = [child for child in family if "spawn_main" in " ".join(child.cmdline())]
    for each in (wave, process):
        each.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive


def test_a_second_run_on_the_same_output_is_refused(scans: Path, whole: Path, inkbeam: Digitize) -> None:
    from pipeline.lock import locked
    from pipeline.storage import LocalStorage

    with locked(LocalStorage(str(whole))):
        ran = inkbeam(scans, *QUICK, "--output", whole)
    assert ran.code == ExitCode.NOTHING_DONE
    assert "another run is writing" in ran.err
