"""A command and all its descendants, watched from outside: wall time, processor time, peak memory."""

import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

PERIOD = 0.2


@dataclass(frozen=True)
class Usage:
    """What a command took.

    `wall`, `cpu`: seconds, `cpu` of all descendants that were waited for. `peak_mb`: highest sum over all processes
    of the memory that belongs to them (PSS: shared pages counted once), in MB; `processes`: most at a time.
    """

    wall: float
    cpu: float
    peak_mb: float
    processes: int
    code: int


def watch(command: Sequence[str]) -> Usage:
    """Run a command to its end."""
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, most = 0.0, 0
    while process.poll() is None:
        family = _family(process.pid)
        peak, most = max(peak, sum(map(_pss, family))), max(most, len(family))
        time.sleep(PERIOD)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(time.monotonic() - began, cpu, peak, most, process.returncode)


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        return 0.0
