"""A command and all its descendants, watched from outside: wall time, processor time, peak memory."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

PERIOD = 0.1


@dataclass(frozen=True)
class Usage:
    """`wall`, `cpu`: seconds. `peak_mb`: highest sum over all processes of the memory that belongs to them (PSS, in MB,
    shared pages counted once); `processes`: most at a time."""

    wall: float
    cpu: float
    peak_mb: float
    processes: int
    code: int


def watch(command: Sequence[str], memory: bool = True) -> Usage:
    """Run a command to its end."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cpu: dict[int, float] = {}
    peak, most = 0.0, 0
    while process.poll() is None:
        family = _family(process.pid)
        for member in family:
            cpu[member.pid] = max(cpu.get(member.pid, 0.0), _cpu(member))
        if memory:
            peak = max(peak, sum(map(_pss, family)))
        most = max(most, len(family))
        time.sleep(PERIOD)
    return Usage(time.monotonic() - began, sum(cpu.values()), peak, most, process.returncode)


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu(process: psutil.Process) -> float:
    """Seconds of a process and of its children that have ended, such as poppler's."""
    try:
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    except psutil.Error:
        return 0.0


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        return 0.0
