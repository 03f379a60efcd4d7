"""The faults of the soak, each a function that acts on the scene, and their order, which depends on the seed alone."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from bench.soak.scene import MEGABYTE, Role, Scene, kill, until

Striking = Callable[[Scene, Random], bool]

WAIT: Final = (3.0, 30.0)  # seconds from one fault to the next
PATIENCE: Final = 60.0  # seconds that a fault waits for its moment
FULL: Final = 600.0  # that the disk stays full at most
DAY: Final = 86_400
TOUCHED: Final = 10


@dataclass(frozen=True)
class Fault:
    """`strike` tells whether it found what it was to hit; if not, it is tried again later."""

    told: str
    strike: Striking


@dataclass(frozen=True)
class Strike:
    """One fault at its turn: seconds after the one before, and the seed of what it chooses."""

    fault: str
    wait: float
    seed: str


def plan(rounds: int, seed: int) -> list[Strike]:
    """Every fault once a round, in an order of its own."""
    random = Random(f"faults {seed}")
    names = [name for _ in range(rounds) for name in random.sample(list(FAULTS), len(FAULTS))]
    return [Strike(name, random.uniform(*WAIT), f"{seed} {k}") for k, name in enumerate(names)]


def _kill_one(role: Role) -> Striking:
    def strike(scene: Scene, random: Random) -> bool:
        found = scene.processes(role)
        if found:
            kill([random.choice(found)])
        return bool(found)

    return strike


def _kill_all(*roles: Role) -> Striking:
    """One of the roles must be there, or the run is only beginning."""

    def strike(scene: Scene, random: Random) -> bool:  # noqa: ARG001
        found = [process for role in roles for process in scene.processes(role)]
        complete = len({*roles}) == 1 or bool(scene.processes("wave"))
        if found and complete:
            kill(found)
        return bool(found and complete)

    return strike


def _kill_submitter_at(pattern: str) -> Striking:
    """As soon as there are other files of this pattern in OUT than at first; a moment later in half the cases."""

    def strike(scene: Scene, random: Random) -> bool:
        later = random.choice((0.0, random.uniform(0, 0.5)))
        before = _files(scene.out, pattern)
        for _ in until(PATIENCE):
            if scene.run is None or scene.run.poll() is not None:
                return False
            if _files(scene.out, pattern) - before:
                time.sleep(later)
                kill(scene.processes("submitter"))
                return True
        return False

    return strike


def _files(out: Path, pattern: str) -> set[str]:
    folder, _, begin = pattern.rpartition("/")
    try:
        return {entry.name for entry in os.scandir(out / folder) if entry.name.startswith(begin)}
    except FileNotFoundError:
        return set()


def _pause(scene: Scene, random: Random) -> bool:
    found = scene.processes("worker")
    if found:
        worker = random.choice(found)
        worker.send_signal(signal.SIGSTOP)
        time.sleep(random.uniform(2, 8))
        worker.send_signal(signal.SIGCONT)
    return bool(found)


def _fill_disk(scene: Scene, random: Random) -> bool:
    """Until the run has ended, as soon as it has more to write."""
    if scene.run is None or not scene.processes("wave"):
        return False
    scene.disk.fill(random.randint(0, MEGABYTE // 8))
    with suppress(subprocess.TimeoutExpired):
        scene.run.wait(FULL)
    scene.disk.make_room()
    return scene.run.poll() not in (None, 0, 3)


def _set_clock(scene: Scene, random: Random) -> bool:
    scene.clock.jump(random.choice((-1, 1)) * random.randint(60, 400 * DAY))
    return True


def _touch(scene: Scene, random: Random) -> bool:
    for scan in random.sample(scene.scans, min(TOUCHED, len(scene.scans))):
        os.utime(scene.folder / "scans" / scan.name)
    return True


def _modify(scene: Scene, random: Random) -> bool:
    """Deliver some of the late scans."""
    for scan in random.sample(scene.late, min(TOUCHED, len(scene.late))):
        scene.deliver(scan)
    return True


def _second_run(scene: Scene, random: Random) -> bool:  # noqa: ARG001
    """Beside the one that goes on; it must be refused."""
    if not scene.processes("wave"):
        return False
    second = subprocess.run(scene.command(), env=scene.environment({}), capture_output=True, text=True, check=False)
    refused = second.returncode == 4 and "another run is writing" in second.stderr
    if not refused and scene.run is not None and scene.run.poll() is None:
        scene.problems.append(f"a second run was not refused: exit {second.returncode} {second.stderr[-500:]}")
    return refused


FAULTS: Final[Mapping[str, Fault]] = {
    "worker": Fault("kill -9 of a worker", _kill_one("worker")),
    "wave": Fault("kill -9 of the wave's process", _kill_one("wave")),
    "submitter": Fault("kill -9 of the run, at any moment", _kill_one("submitter")),
    "committing": Fault("kill -9 of the run while documents are committed", _kill_submitter_at("state/new/")),
    "folding": Fault("kill -9 of the run while the state is written", _kill_submitter_at("state/rows-")),
    "indexing": Fault("kill -9 of the run while words are indexed", _kill_submitter_at("index/part-")),
    "guard": Fault("kill -9 of a process that decodes pages", _kill_one("guard")),
    "power": Fault("kill -9 of all processes at once", _kill_all("submitter", "wave", "worker", "guard")),
    "orphans": Fault("kill -9 of the run and the wave's process; workers stay", _kill_all("submitter", "wave")),
    "pause": Fault("a worker stopped for 2 to 8 seconds", _pause),
    "disk": Fault("disk full, then room made", _fill_disk),
    "clock": Fault("clock set by a minute to 400 days, back or forth", _set_clock),
    "touch": Fault("inputs with another date and the same content", _touch),
    "modify": Fault("inputs overwritten with other pages", _modify),
    "second": Fault("a second run on the same output", _second_run),
}
