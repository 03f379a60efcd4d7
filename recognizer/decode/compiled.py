"""Compilation of the decoder's loops, the one place that knows numba."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

_compile = partial(numba.njit, nogil=True, error_model="numpy")


def compiled(function: Function) -> Function:
    """Machine code of a function on numbers and arrays, which lets other threads run meanwhile.

    It is kept on disk, where a folder for it can be written to.
    """
    try:
        return cast(Function, _compile(cache=True)(function))
    except RuntimeError:
        return cast(Function, _compile()(function))
