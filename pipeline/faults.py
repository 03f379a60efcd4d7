"""Faults on demand, for tests only: what a broken decoder or a full memory would do, at a chosen place.

The environment variable INKBEAM_FAULT holds `stage:action:substring`, several separated by commas: at this stage, for
file names that contain the substring, do this. Without the variable nothing happens.

    crash   a segmentation fault
    hang    sleep in native code with the interpreter's lock held, so that no Python code runs any more
    memory  ask for more memory than there is: MemoryError
    die     SIGKILL, as the kernel does when memory runs out
"""

import ctypes
import os
import signal
from collections.abc import Callable, Mapping
from typing import Final

VARIABLE: Final = "INKBEAM_FAULT"


def inject(stage: str, name: str) -> None:
    """Do what INKBEAM_FAULT asks for at this stage and file name; raises ValueError when it is malformed."""
    for fault in filter(None, os.environ.get(VARIABLE, "").split(",")):
        where, action, part = fault.split(":", 2)
        if where == stage and part in name:
            _ACTIONS[action]()


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang() -> None:
    ctypes.PyDLL(None).pause()


def _memory() -> None:
    bytearray(1 << 45)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


_ACTIONS: Final[Mapping[str, Callable[[], None]]] = {"crash": _crash, "hang": _hang, "memory": _memory, "die": _die}
