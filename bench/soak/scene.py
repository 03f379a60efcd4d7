"""What the faults act upon: the run, its processes, its disk, its clock, its scans."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from bench.soak.inputs import Maker, Scan

Role = Literal["submitter", "wave", "worker", "guard"]

MEGABYTE: Final = 1 << 20
ROOM: Final = 2048 * MEGABYTE
PRELOADED: Final = Path(__file__).parent / "preloaded"
MARK: Final = "INKBEAM_SOAK"
SETTINGS: Final = "[run]\nwave_pages = 64\nchunk_pages = 2\nmax_failed = 1\n"
# What a process of a run has in its command line, the telling ones first.
ROLES: Final[Mapping[str, Role]] = {
    "pipeline.guard": "guard",
    "sdk_worker_main": "worker",
    "multiprocessing.spawn": "wave",
    "pipeline.cli": "submitter",
}


@dataclass(frozen=True)
class Disk:
    """A file system of its own in memory, which can be made full and larger again. Needs the right to mount."""

    folder: Path

    def mount(self) -> None:
        """Put it in its place."""
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(self.folder)], check=True)

    def fill(self, left: int) -> None:
        """Leave so many bytes."""
        used = psutil.disk_usage(str(self.folder)).used
        self._resize(used + left)

    def make_room(self) -> None:
        """Have room for everything again."""
        self._resize(ROOM)

    def _resize(self, size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)


@dataclass(frozen=True)
class Clock:
    """What a run takes for the time of day, by libfaketime, which reads the distance to the true time from a file."""

    file: Path

    def jump(self, seconds: int) -> None:
        """From now on, show the true time plus so many seconds."""
        temporary = self.file.with_suffix(".new")
        temporary.write_text(f"{seconds:+}\n")
        temporary.replace(self.file)

    def environment(self) -> dict[str, str]:
        """For the runs that have this clock. The monotonic clock goes on, as it does when a machine's clock is set."""
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        return {
            "LD_PRELOAD": str(library),
            "PYTHONPATH": os.pathsep.join([str(PRELOADED), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


@dataclass
class Scene:
    """A soak's folder with its scans, and where the runs write. `run` is the one that goes on, `problems` what was
    seen of it that must not be.
    """

    folder: Path
    out: Path
    scans: Sequence[Scan]
    maker: Maker
    disk: Disk
    clock: Clock
    run: subprocess.Popen[str] | None = None
    problems: list[str] = field(default_factory=list)

    def command(self, *more: str) -> list[str]:
        """A run over all scans."""
        base = [sys.executable, "-m", "pipeline.cli", "digitize", str(self.folder / "scans"), "--bundle", "quick"]
        return [*base, "--config", str(self.folder / "soak.toml"), "--output", str(self.out), *more]

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """For a run: marked, so that nothing of it can be missed, with a folder for temporary files."""
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        ours = {MARK: str(self.folder), "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"}
        return {**os.environ, **ours, **more}

    def processes(self, role: Role) -> list[psutil.Process]:
        """Those of the run with this role."""
        return [process for process in family(self.run) if role_of(process) == role]

    def deliver(self, scan: Scan) -> None:
        """Write a late scan as it is in the end, in place, as a scanner does."""
        (self.folder / "scans" / scan.name).write_bytes(self.maker.content(scan))

    @property
    def late(self) -> list[Scan]:
        return [scan for scan in self.scans if scan.late]

    def left_over(self) -> list[psutil.Process]:
        """Processes of earlier runs that are still there."""
        return [process for process in psutil.process_iter() if self._is_marked(process)]

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get(MARK) == str(self.folder))
        except psutil.Error:
            return False

    def records(self) -> list[dict[str, Any]]:
        """What the runs that came to an end noted, in their order."""
        return [json.loads(path.read_text()) for path in sorted((self.out / "runs").glob("*.json"))]

    def tried_last(self) -> int:
        """Pages that the last of these runs tried to read."""
        pages = self.records()[-1]["pages"]
        return sum(number for status, number in pages.items() if status != "standing")


def family(run: subprocess.Popen[str] | None) -> list[psutil.Process]:
    """A run and its descendants, while it lives."""
    if run is None or run.poll() is not None:
        return []
    try:
        process = psutil.Process(run.pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def role_of(process: psutil.Process) -> Role | None:
    """What a process is in a run; None for Python's own helpers and for poppler."""
    try:
        command, *words = process.cmdline() or [""]
    except psutil.Error:
        return None
    line = "" if command.endswith("sh") else " ".join(words)  # Beam starts its workers by a shell
    return next((role for sign, role in ROLES.items() if sign in line), None)


def kill(processes: Sequence[psutil.Process]) -> None:
    """SIGKILL to all, as good as at once."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)


def until(seconds: float, period: float = 0.002) -> Iterator[None]:
    """Turns of a loop that waits for something at most so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(period)
