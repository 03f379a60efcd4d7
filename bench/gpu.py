"""`python -m bench.gpu PAGES [--workers 1 4 16]`: whole runs on a GPU that workers share, and how busy it is.

What runs on processors (rendering, cutting, decoding) overlaps with the GPU since several workers share it, each with
its own copy of the networks. How many of them keep it busy is what this tells.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from threading import Event, Thread
from typing import Any, Final

from bench import whole

PERIOD: Final = 0.5
QUERY: Final = ("nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("pages", type=Path, help="a folder of scans, of some hundred pages at least")
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 4, 16])
    options = parser.parse_args()
    print("\n".join(table([run(options.pages, workers) for workers in options.workers])))


def run(pages: Path, workers: int) -> dict[str, Any]:
    """Rates of a whole run, the mean use of the GPU in per cent, and the most of its memory that was taken, in MB."""
    with tempfile.TemporaryDirectory() as folder, sampled() as samples:
        found = whole.inkbeam(pages, Path(folder) / "out", "--arithmetic", "gpu", "--workers", str(workers))
    lines = found["lines"] * found["pages_a_second"] / found["pages"]
    use, memory = zip(*samples, strict=True)
    return {"workers": workers, **found, "lines_a_second": lines, "gpu_percent": mean(use), "gpu_mb": max(memory)}


@contextmanager
def sampled() -> Iterator[list[tuple[int, int]]]:
    """Samples of the first GPU's use and memory, taken for as long as the block lasts, one at least."""
    samples, over = [_sample()], Event()

    def watch() -> None:
        while not over.wait(PERIOD):
            samples.append(_sample())

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def _sample() -> tuple[int, int]:
    try:
        said = subprocess.run(QUERY, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"no GPU of NVIDIA's to measure here: {error}") from error
    use, memory = said.splitlines()[0].split(",")
    return int(use), int(memory)


def table(runs: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A row for each number of workers."""
    yield "| workers | pages/s | lines/s | CPU-seconds a page | GPU busy | GPU memory |"
    yield "|---|---|---|---|---|---|"
    for of in runs:
        rates = f"{of['pages_a_second']:.2f} | {of['lines_a_second']:.0f} | {of['cpu_seconds_a_page']:.2f}"
        yield f"| {of['workers']} | {rates} | {of['gpu_percent']:.0f} % | {of['gpu_mb']} MB |"


if __name__ == "__main__":
    main()
