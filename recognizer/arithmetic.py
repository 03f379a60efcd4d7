"""Which arithmetic a processor does well. Asked without torch, so that a submitter can choose for its workers.

Equal bytes are promised for one arithmetic on one kind of processor, not across them: a run records both.
"""

import platform
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Arithmetic = Literal["bf16", "fp32"]
ARITHMETICS: tuple[Arithmetic, ...] = get_args(Arithmetic)

CPUINFO = Path("/proc/cpuinfo")
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


@cache
def processor() -> tuple[str, frozenset[str]]:
    """Name of the processor and its instruction flags (empty where the system does not tell)."""
    if not CPUINFO.exists():
        return platform.processor() or platform.machine(), frozenset()
    pairs = (line.partition(":") for line in CPUINFO.read_text().splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    return fields.get("model name", platform.machine()), frozenset(fields.get("flags", "").split())


def supported(arithmetic: Arithmetic) -> bool:
    """Whether this processor has the instructions; without them bf16 costs twice fp32."""
    return arithmetic == "fp32" or not BF16_FLAGS.isdisjoint(processor()[1])


def best(device: str = "cpu") -> Arithmetic:
    """The fastest arithmetic that this processor, or a GPU (`cuda`), supports."""
    return "bf16" if device == "cuda" or supported("bf16") else "fp32"
