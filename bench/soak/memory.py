"""Memory of a run's processes over time, by what they are."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from subprocess import Popen
from typing import Final

import psutil

from bench.soak.scene import MEGABYTE, family, role_of

PERIOD: Final = 0.5
GROWTH: Final = 1.15
ENOUGH: Final = 600.0  # seconds from which on growth is told from chance
ALL: Final = "all"


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
            if last > GROWTH * first
        ]

    def _sample(self) -> None:
        while True:
            sizes: Counter[str] = Counter()
            for process in family(self.run):
                size = _resident(process)
                sizes[ALL] += size
                role = role_of(process)
                if role is not None:
                    sizes[role] = max(sizes[role], size)
            if sizes:
                self.samples.append((time.monotonic(), sizes))
            time.sleep(PERIOD)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss) // MEGABYTE
    except psutil.Error:
        return 0
