"""`python -m bench.dask [PAGES]`: pages a second on Dask with one worker and with two, beside as many local processes.

Scheduler and workers are processes of this machine, on loopback. PAGES is a folder of scans, default samples/.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.document import DONE

ROOT: Final = Path(__file__).parents[1]
WORKERS: Final = (1, 2)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.dask", description=__doc__)
    parser.add_argument("pages", nargs="?", type=Path, default=ROOT / "samples")
    pages = parser.parse_args().pages
    os.environ["OMP_NUM_THREADS"] = "1"
    print(f"{'':12}{'pages/s local':>15}{'pages/s Dask':>15}{'Dask / local':>15}")
    for workers in WORKERS:
        local = speed(pages, "--workers", str(workers))
        with cluster(workers) as address:
            dask = speed(pages, "--", "--runner=DaskRunner", f"--dask_client_address={address}")
        print(f"{f'{workers} workers':12}{local:>15.2f}{dask:>15.2f}{dask / local:>15.2f}")


def speed(pages: Path, *options: str) -> float:
    """Pages a second of a whole run, start of the submitter's Python aside."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipeline.cli", "digitize", str(pages), "--output", folder, *options]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        (account,) = Path(folder, "runs").glob("*.json")
        told = json.loads(account.read_text(encoding="utf-8"))
    return float(sum(told["pages"][status] for status in DONE) / told["seconds"])


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """The address of a scheduler with so many workers, which have started when the block begins."""
    from distributed import Client

    with tempfile.TemporaryDirectory() as folder:
        told = f"{folder}/scheduler.json"
        processes = [_start("scheduler", told, "--host", "127.0.0.1", "--port", "0")]
        processes += [_start("worker", told, "--nthreads", "1") for _ in range(workers)]
        try:
            with Client(scheduler_file=told, timeout=60) as client:
                client.wait_for_workers(workers, timeout=120)
                address = client.scheduler.address
            yield address
        finally:
            for process in processes:
                process.terminate()
                process.wait()


def _start(kind: str, scheduler_file: str, *arguments: str) -> subprocess.Popen[bytes]:
    given = ("--scheduler-file", scheduler_file, "--no-dashboard", *arguments)
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *given]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
