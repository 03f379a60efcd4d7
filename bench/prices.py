"""`python -m bench.prices`: what pages may cost on Dataflow, as a table. ESTIMATES, from two numbers each:

    seconds a page  = CPU-seconds a page, as bench/results.json has them, / vCPUs of a machine
    dollars a hour  = vCPUs * price + GB * price + GPUs * price

Dataflow bills a vCPU and a GB alike in all machines. A vCPU of the cloud is taken to be as fast as a core of the
machine measured, and busy all the time; starting workers, disks, shuffle, storage and the index are left out. No GPU
was measured: of its machine the table says how fast it must read to be worth its price.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).with_name("results.json")
AS_OF: Final = "2025-06"
MILLION: Final = 1_000_000
HOUR: Final = 3600


@dataclass(frozen=True)
class Machine:
    """A worker. `vcpu`, `gb`, `gpu`: list prices in dollars an hour of one, us-central1, batch; to be checked."""

    name: str
    vcpus: int
    gigabytes: int
    vcpu: float
    gb: float
    gpu: float = 0.0

    @property
    def dollars_an_hour(self) -> float:
        """All of it, one GPU where there is any."""
        return self.vcpus * self.vcpu + self.gigabytes * self.gb + self.gpu

    def pages_a_second(self, cpu_seconds: float) -> float:
        """By its vCPUs alone, all busy."""
        return self.vcpus / cpu_seconds

    def dollars_a_million(self, pages_a_second: float) -> float:
        """Dollars for a million pages at that speed."""
        return MILLION / pages_a_second / HOUR * self.dollars_an_hour


ON_DEMAND: Final = Machine("c3-standard-4", 4, 16, 0.056, 0.003557)
FLEXRS: Final = Machine("c3-standard-4, FlexRS", 4, 16, 0.0336, 0.0021342)
GPU: Final = Machine("g2-standard-4, one L4", 4, 16, 0.056, 0.003557, 0.672)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.prices", description=__doc__)
    parser.add_argument("--cpu-seconds", type=float, default=measured(), help="of a page; default: bench/results.json")
    print("\n".join(table(parser.parse_args().cpu_seconds)))


def measured() -> float:
    """CPU-seconds of an archive page in the last benchmark, in int8."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    return float(results["runs"]["pages"]["inkbeam"]["cpu_seconds_a_page"])


def table(cpu_seconds: float, machines: Sequence[Machine] = (ON_DEMAND, FLEXRS)) -> Iterator[str]:
    """Lines of Markdown; the last row says from which speed on the GPU is worth its price."""
    told = f"estimates at {cpu_seconds} CPU-seconds a page, list prices as of {AS_OF}"
    yield f"| {told} | $ an hour | pages/s | a million pages |"
    yield "|---|---|---|---|"
    for machine in machines:
        speed = machine.pages_a_second(cpu_seconds)
        dollars = machine.dollars_a_million(speed)
        yield f"| {machine.name} | {machine.dollars_an_hour:.3f} | {speed:.1f} | {dollars:.0f} $ |"
    even = ON_DEMAND.pages_a_second(cpu_seconds) * GPU.dollars_an_hour / ON_DEMAND.dollars_an_hour
    price = ON_DEMAND.dollars_a_million(ON_DEMAND.pages_a_second(cpu_seconds))
    yield f"| {GPU.name} | {GPU.dollars_an_hour:.3f} | not measured; from {even:.1f} on | under {price:.0f} $ |"


if __name__ == "__main__":
    main()
