"""Which arithmetic a processor does well. Asked without torch, so that a submitter can choose for its workers.

Equal bytes are promised for one arithmetic on one kind of processor, not across them: a run records both. A name means
one arithmetic throughout: in int8 the convolutions of reader and line finder are int8, the reader's LSTM is bf16; gpu
is bf16 on a GPU, which is only used when it is asked for.
"""

import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args

Arithmetic = Literal["int8", "bf16", "fp32", "gpu"]
ARITHMETICS: tuple[Arithmetic, ...] = get_args(Arithmetic)

CPUINFO = Path("/proc/cpuinfo")
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni"})
NEEDED: Final[Mapping[Arithmetic, tuple[frozenset[str], ...]]] = MappingProxyType(
    {"int8": (INT8_FLAGS, BF16_FLAGS), "bf16": (BF16_FLAGS,), "fp32": (), "gpu": ()}
)
"""Instructions, one of each set."""


@cache
def processor() -> tuple[str, frozenset[str]]:
    """Name of the processor and its instruction flags (empty where the system does not tell)."""
    if not CPUINFO.exists():
        return platform.processor() or platform.machine(), frozenset()
    pairs = (line.partition(":") for line in CPUINFO.read_text().splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    return fields.get("model name", platform.machine()), frozenset(fields.get("flags", "").split())


def supported(arithmetic: Arithmetic) -> bool:
    """Whether this processor has the instructions. Without them bf16 costs twice fp32, and sums of int8 overflow."""
    flags = processor()[1]
    return not any(flags.isdisjoint(either) for either in NEEDED[arithmetic])


def best(measured: bool = False) -> Arithmetic:
    """The fastest arithmetic that this processor supports.

    int8 is only for networks whose activations were measured, and for a torch that does it right.
    """
    if measured and supported("int8") and int8_works():
        return "int8"
    return "bf16" if supported("bf16") else "fp32"


@cache
def int8_works() -> bool:
    """`recognizer.int8.works`, as another process finds it, so that this one goes on without torch."""
    command = [sys.executable, "-m", "recognizer.int8"]
    return subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, check=False).returncode == 0
