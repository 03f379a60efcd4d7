"""`python -m bench.soak`: thousands of small pages digitized while processes are killed, the disk fills, the clock set.

First a calm run tells what has to come out; then the storm, in another OUT, until every fault has struck; then calm
runs, the last of which must find nothing to do. Whatever differs is printed, and the exit code is 1. Prints a table and
keeps the figures in bench/soak.json. Needs Linux, `unshare` (a disk of its own is mounted where nobody else sees it)
and libfaketime.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.soak import faults, inputs
from bench.soak.check import failed, judged, snapshot
from bench.soak.memory import Memory
from bench.soak.report import result, table, told_scans
from bench.soak.scene import SETTINGS, Clock, Disk, Scene
from bench.soak.storm import Ran, calm_run, storm

ROOT: Final = Path(__file__).parents[2]
RESULT: Final = ROOT / "bench" / "soak.json"
PAGES_A_ROUND: Final = 600
MOST_CALM: Final = 4
UNSHARED: Final = "INKBEAM_SOAK_UNSHARED"


def main() -> None:
    """Parse, get a mount namespace, soak."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="what is made, which faults strike, in which order")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "soak", help="a folder for everything")
    options = parser.parse_args()
    if UNSHARED not in os.environ:
        again = [sys.executable, "-m", "bench.soak", *sys.argv[1:]]
        os.execvpe("unshare", ["unshare", "--map-root-user", "--mount", *again], os.environ | {UNSHARED: "1"})
    sys.exit(soak(options.pages, options.seed, options.output.resolve()))


def soak(pages: int, seed: int, folder: Path) -> int:
    """The whole course; the exit code."""
    scene = prepared(pages, seed, folder)
    calm, stormy = Memory.started(), Memory.started()
    reference = replace(scene, out=folder / "reference")
    ran = calm_run(reference, calm)
    print(f"calm run: {ran.ended}, {ran.seconds:.0f} s\n{ran.said}", flush=True)
    for scan in scene.late:
        (folder / "scans" / scan.name).write_bytes(scene.maker.first_content(scan))
    scene.disk.mount()
    Disk(Path("/dev/shm")).mount()  # where libfaketime leaves something of every process that is killed
    runs = storm(scene, faults.plan(max(1, pages // PAGES_A_ROUND), seed), stormy)
    for scan in scene.late:
        scene.deliver(scan)
    ends = list(calm_down(scene, reference.out, stormy))
    verdict = judged(scene.out, scene.scans, folder / "scans", reference.out)
    verdict.other += [*scene.problems, *calm.growth(), *stormy.growth(), *_left_over(scene)]
    found = result(scene, runs, ends, verdict, calm, stormy)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print("\n".join([*table(found), *verdict.lines()]))
    if verdict:
        shutil.copytree(scene.out, folder / "out", dirs_exist_ok=True)
    return int(bool(verdict))


def prepared(pages: int, seed: int, folder: Path) -> Scene:
    """A fresh folder with the scans as they are in the end."""
    shutil.rmtree(folder, ignore_errors=True)
    scans, maker = inputs.plan(pages, seed), inputs.Maker.of_samples(seed)
    print(told_scans(scans), flush=True)
    inputs.make(scans, maker, folder / "scans")
    (folder / "soak.toml").write_text(SETTINGS)
    disk = Disk(folder / "disk")
    return Scene(folder, disk.folder / "out", scans, maker, disk, Clock(folder / "clock"))


def calm_down(scene: Scene, reference: Path, memory: Memory) -> Iterator[Ran]:
    """Runs until one finds nothing to do; failures that the storm left for good are tried again on demand."""
    for _ in range(MOST_CALM):
        before = snapshot(scene.out)
        stubborn = failed(scene.out) != failed(reference)
        ran = calm_run(scene, memory, *(["--redo", "failed"] if stubborn else []))
        yield ran
        if not ran.expected:
            scene.problems.append(f"a calm run after the storm ended with {ran.code}: {ran.said}")
        if not scene.tried_last() and snapshot(scene.out) == before:
            return
    scene.problems.append(f"the last of {MOST_CALM} calm runs still found something to do, or wrote something")


def _left_over(scene: Scene) -> Iterator[str]:
    """Processes of ours that outlived their runs."""
    return (f"still there: process {process.pid} {process.cmdline()}" for process in scene.left_over())


if __name__ == "__main__":
    main()
