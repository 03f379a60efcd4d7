"""Runs one after the other while faults strike, until all have struck; what became of each run."""

import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

from bench.soak.faults import FAULTS, Strike
from bench.soak.memory import Memory
from bench.soak.scene import Scene, family, kill

PERIOD: Final = 0.05
SETTLED: Final = 0.5
DONE: Final = (0, 3)
FULL: Final = 4
STUCK: Final = 7200.0  # seconds in which a run without faults must come to its end


@dataclass
class Ran:
    """One run: how it ended, what it said last, and the faults that struck it, in their order."""

    code: int
    seconds: float
    said: str
    faults: list[str] = field(default_factory=list)

    @property
    def expected(self) -> bool:
        """Whether the faults explain how it ended: killed, done, or told that the disk is full."""
        full = self.code == FULL and self.faults[-1:] == ["disk"] and "the disk is full" in self.said
        return self.code < 0 or self.code in DONE or full

    @property
    def ended(self) -> str:
        """In words."""
        return "killed, started again" if self.code < 0 else f"exit {self.code}"


def effects(runs: Sequence[Ran]) -> dict[str, Counter[str]]:
    """What became of the runs that each fault struck: the last fault of a run is taken to have ended it."""
    found: dict[str, Counter[str]] = {name: Counter() for name in FAULTS}
    for run in runs:
        for fault in run.faults[:-1]:
            found[fault]["run went on"] += 1
        for fault in run.faults[-1:]:
            found[fault]["run went on" if run.code in DONE else run.ended] += 1
    return found


def storm(scene: Scene, strikes: Sequence[Strike], memory: Memory) -> list[Ran]:
    """Run until all faults have struck. What is done too early is done again, all of it."""
    waiting, runs = list(strikes), list[Ran]()
    scene.clock.jump(0)
    while waiting:
        again = bool(runs) and runs[-1].code in DONE
        ran = _one_run(scene, waiting, memory, ["--redo", "all"] if again else [])
        runs.append(ran)
        if not ran.expected:
            scene.problems.append(f"a run ended with {ran.code} after {ran.faults}: {ran.said}")
        print(f"storm: run {len(runs)} {ran.ended}, {len(waiting)} faults to come: {ran.faults}", flush=True)
    return runs


def calm_run(scene: Scene, memory: Memory, *more: str) -> Ran:
    """A run that nothing disturbs."""
    return _one_run(scene, [], memory, more, scene.environment({}))


def _one_run(
    scene: Scene, waiting: list[Strike], memory: Memory, more: Sequence[str], environment: dict[str, str] | None = None
) -> Ran:
    """Faults are taken from those waiting as they strike."""
    began, struck = time.monotonic(), list[str]()
    environment = environment or scene.environment(scene.clock.environment())
    with (scene.folder / "run.log").open("w+") as log:
        scene.run = subprocess.Popen(scene.command(*more), env=environment, stdout=log, stderr=log, text=True)
        memory.watch(scene.run)
        _disturb(scene, waiting, struck)
        code = _ended(scene, scene.run)
        log.seek(0)
        said = log.read()[-2000:]
    return Ran(code, time.monotonic() - began, said, struck)


def _disturb(scene: Scene, waiting: list[Strike], struck: list[str]) -> None:
    """Let faults strike until the run has ended or none is left."""
    last = time.monotonic()
    while waiting and scene.run is not None and scene.run.poll() is None:
        strike = waiting[0]
        if time.monotonic() - last < strike.wait or not FAULTS[strike.fault].strike(scene, Random(strike.seed)):
            time.sleep(PERIOD)
            continue
        struck.append(waiting.pop(0).fault)
        with suppress(subprocess.TimeoutExpired):  # a run that was hit itself shall not be hit again
            scene.run.wait(SETTLED)
        last = time.monotonic()


def _ended(scene: Scene, run: subprocess.Popen[str]) -> int:
    """The exit code; a run that hangs is a problem, and killed."""
    try:
        return run.wait(STUCK)
    except subprocess.TimeoutExpired:
        scene.problems.append(f"a run hung for {STUCK:.0f} seconds")
        kill(family(run))
        return run.wait()
