"""What the soak's faults act upon: processes told apart, a disk that gets full, a clock, the calm after the storm."""

import errno
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
import psutil
import pytest

from bench.soak import __main__ as soak
from bench.soak import scene as scenes
from bench.soak.faults import FAULTS
from bench.soak.inputs import Maker, Scan
from bench.soak.memory import ALL, ALONE, Memory
from bench.soak.scene import Clock, Disk, Role, Scene
from bench.soak.storm import Ran

ROOT = Path(__file__).parents[2]
SLEEP = "import time; time.sleep(60)"
LIBRARY = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    maker = Maker([np.zeros((500, 900), np.uint8)], seed=1)
    disk = Disk(tmp_path / "disk")
    return Scene(tmp_path, disk.folder / "out", [Scan("a.png", (0,))], maker, disk, Clock(tmp_path / "clock"))


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A process with these words in its command line."""
    with subprocess.Popen([sys.executable, "-c", SLEEP, *words], text=True) as process:
        try:
            for _ in scenes.until(10):  # the kernel shows its command line a moment later
                if psutil.Process(process.pid).cmdline():
                    break
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("-m pipeline.cli digitize", "submitter"),
        ("from multiprocessing.spawn import spawn_main", "wave"),
        ("-m apache_beam.runners.worker.sdk_worker_main", "worker"),
        ("-m pipeline.guard 300", "guard"),
        ("-m multiprocessing.resource_tracker", None),
    ],
)
def test_processes_are_told_apart(words: str, role: Role | None) -> None:
    with running(*words.split()) as process:
        assert scenes.role_of(psutil.Process(process.pid)) == role
    assert scenes.family(process) == []


def test_the_shell_that_started_a_worker_is_none() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60; : sdk_worker_main"]) as process:
        assert scenes.role_of(psutil.Process(process.pid)) is None
        children: list[psutil.Process] = []
        for _ in scenes.until(5):
            children = children or psutil.Process(process.pid).children()
            if children:
                break
        scenes.kill([psutil.Process(process.pid), *children])


def test_a_run_and_what_it_leaves_are_found_by_its_mark(scene: Scene) -> None:
    environment = scene.environment({"MORE": "1"})
    assert Path(environment["TMPDIR"]).parent == scene.folder
    with subprocess.Popen([sys.executable, "-c", SLEEP], env=environment) as process:
        assert [left.pid for left in scene.left_over()] == [process.pid]
        process.kill()
    assert scene.left_over() == []


def test_memory_is_sampled_while_a_run_lives() -> None:
    memory = Memory.started()
    with running("pipeline.cli") as process:
        memory.watch(process)
        for _ in scenes.until(10, 0.1):
            if memory.samples and memory.samples[-1][1][ALONE]:
                break
    assert memory.peaks()[ALL] >= memory.peaks()[ALONE] > [0.0, 0.0, 0.0]


def test_a_stopped_worker_goes_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # noqa: ARG005
    with running("pipeline.cli", "sdk_worker_main") as process:
        scene.run = process
        assert FAULTS["pause"].strike(scene, Random(1))
        assert psutil.Process(process.pid).status() != psutil.STATUS_STOPPED


@pytest.mark.parametrize(
    ("program", "problems"),
    [("import sys; sys.exit(4 * bool(print('another run is writing', file=sys.stderr) is None))", 0), ("", 1)],
)
def test_a_second_run_must_be_refused(
    program: str, problems: int, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scene, "command", lambda self: [sys.executable, "-c", program])  # noqa: ARG005
    with running("multiprocessing.spawn") as process:
        scene.run = process
        assert FAULTS["second"].strike(scene, Random(1)) is not bool(problems)
    assert len(scene.problems) == problems


FILLING = f"""
from pathlib import Path
from bench.soak.scene import Disk
disk = Disk(Path("DISK"))
disk.mount()
file = disk.folder / "file"
file.write_bytes(bytes(1 << 20))
disk.fill(1 << 16)
try:
    file.write_bytes(bytes(1 << 21))
except OSError as error:
    assert error.errno == {errno.ENOSPC}
    disk.make_room()
    file.write_bytes(bytes(1 << 21))
    print("full, then not")
"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "--map-root-user", "--mount", "true"], check=False, capture_output=True).returncode != 0,
    reason="no mount namespaces here",
)
def test_a_disk_gets_full_and_has_room_again(tmp_path: Path) -> None:
    program = FILLING.replace("DISK", str(tmp_path / "disk"))
    command = ["unshare", "--map-root-user", "--mount", sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "full, then not\n", done.stderr
    assert not (tmp_path / "disk" / "file").exists()


@pytest.mark.skipif(not LIBRARY, reason="libfaketime is not installed")
def test_a_clock_jumps_while_a_process_sleeps(scene: Scene) -> None:
    program = "import time; a = time.time(); print(flush=True); input(); time.sleep(3); print(time.time() - a)"
    scene.clock.jump(0)
    environment = scene.environment(scene.clock.environment())
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        scene.clock.jump(-86_400)
        out, _ = process.communicate("\n", timeout=30)
    assert float(out) == pytest.approx(-86_400, abs=60)


def calm(scene: Scene, record: str, *writes: str) -> Callable[..., Ran]:
    """A calm run that writes one of these at each call, and its record."""
    remaining = list(writes)

    def run(*_: object) -> Ran:
        (scene.out / "runs").mkdir(parents=True, exist_ok=True)
        (scene.out / "runs" / "000001.json").write_text(record)
        if remaining:
            (scene.out / "file").write_text(remaining.pop())
        return Ran(0, 1.0, "")

    return run


@pytest.mark.parametrize(
    ("record", "writes", "runs", "problems"),
    [
        ('{"pages": {"read": 0, "standing": 3}}', ["a"], 2, 0),
        ('{"pages": {"read": 0, "standing": 3}}', ["a", "b", "c", "d", "e"], 4, 1),
        ('{"pages": {"read": 1, "standing": 3}}', [], 4, 1),
    ],
)
def test_it_is_calm_when_a_run_reads_and_writes_nothing(
    record: str, writes: list[str], runs: int, problems: int, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soak, "calm_run", calm(scene, record, *writes))
    assert len(list(soak.calm_down(scene, scene.folder / "reference", Memory()))) == runs
    assert len(scene.problems) == problems


def test_a_folder_is_prepared_afresh(tmp_path: Path) -> None:
    (tmp_path / "soak").mkdir()
    (tmp_path / "soak" / "old").write_text("")
    scene = soak.prepared(3, 1, tmp_path / "soak")
    assert not (tmp_path / "soak" / "old").exists()
    assert all((tmp_path / "soak" / "scans" / scan.name).is_file() for scan in scene.scans)
    assert (tmp_path / "soak" / "soak.toml").read_text().startswith("[run]")
    shutil.rmtree(tmp_path / "soak")
