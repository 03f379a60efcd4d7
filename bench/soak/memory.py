"""Memory of a run's processes over time, by what they are."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from subprocess import Popen
from typing import Final

import psutil

from bench.soak.scene import MEGABYTE, Role, family, role_of

PERIOD: Final = 0.5
GROWTH: Final = 1.15
ENOUGH: Final = 600.0  # seconds from which on growth is told from chance
ALL: Final = "all"
ALONE: Final = "submitter alone"
"""Before and after its waves, when it lists sources, packs and indexes: more than in the midst, and once a run."""


@dataclass
class Memory:
    """Samples of the largest process of each role, and of all together, in MB of resident memory."""

    samples: list[tuple[float, Counter[str]]] = field(default_factory=list)
    run: Popen[str] | None = None

    @classmethod
    def started(cls) -> "Memory":
        """Sampling until this process ends."""
        memory = cls()
        threading.Thread(target=memory._sample, daemon=True).start()
        return memory

    def watch(self, run: Popen[str]) -> None:
        """From now on, this run."""
        self.run = run

    def peaks(self) -> dict[str, list[float]]:
        """For each role and for all together the peaks of the first, the second and the last third of the time."""
        if not self.samples:
            return {}
        begin, end = self.samples[0][0], self.samples[-1][0]
        thirds: list[Counter[str]] = [Counter(), Counter(), Counter()]
        for moment, sizes in self.samples:
            thirds[min(2, int(3 * (moment - begin) / max(1e-9, end - begin)))] |= sizes
        return {role: [round(third[role], 1) for third in thirds] for role in sorted(thirds[0] | thirds[-1])}

    def growth(self) -> list[str]:
        """Who had more in the last third than in the first; nothing of a soak too short to tell."""
        if not self.samples or self.samples[-1][0] - self.samples[0][0] < ENOUGH:
            return []
        return [
            f"memory of {role}: {first:.0f} MB in the first third, {last:.0f} MB in the last"
            for role, (first, _, last) in self.peaks().items()
            if last > GROWTH * first and role != ALONE
        ]

    def _sample(self) -> None:
        while True:
            sizes = largest([(role_of(process), _resident(process)) for process in family(self.run)])
            if sizes:
                self.samples.append((time.monotonic(), sizes))
            time.sleep(PERIOD)


def largest(processes: Sequence[tuple[Role | None, int]]) -> Counter[str]:
    """Of processes with their roles and sizes, the largest size of each role, and that of all together."""
    sizes: Counter[str] = Counter()
    alone = all(role != "wave" for role, _ in processes)
    for role, size in processes:
        sizes[ALL] += size
        if role is not None:
            name = ALONE if alone and role == "submitter" else role
            sizes[name] = max(sizes[name], size)
    return sizes


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss) // MEGABYTE
    except psutil.Error:
        return 0
