"""What a worker process keeps warm: one network a process, one guard child a thread.

Beam may call `setup` once a bundle, a wave or a partition; loading belongs to the process.
"""

import ctypes
import threading
from functools import lru_cache

import cv2

from pipeline.bundles import Tools
from pipeline.failures import NothingDone, UsageError
from pipeline.rendering import Renderer
from pipeline.settings import Render
from pipeline.tesseract import Tesseract
from recognizer.arithmetic import Arithmetic
from recognizer.bundle import Bundle, BundleError
from recognizer.infer import ArithmeticMissing

_of_thread = threading.local()
_loading = threading.Lock()


def tools(bundle_name: str, bundle_id: str, arithmetic: Arithmetic, language: str) -> Tools:
    """The networks of a bundle and its models for the language, loaded once a process, whatever its threads.

    Raises NothingDone when this worker has another bundle than the submitter, or lacks the arithmetic: that concerns
    every page, so it ends the run.
    """
    with _loading:
        return _tools(bundle_name, bundle_id, arithmetic, language)


@lru_cache(maxsize=1)
def _tools(bundle_name: str, bundle_id: str, arithmetic: Arithmetic, language: str) -> Tools:
    cv2.setNumThreads(1)
    try:
        bundle = Bundle.load(bundle_name)
        if bundle.id != bundle_id:
            raise NothingDone(
                f"bundle {bundle_name} is {bundle.id} on this worker and {bundle_id} where the run was started; "
                "install the same on both"
            )
        loaded = Tools.of(bundle, arithmetic, language)
    except (BundleError, ArithmeticMissing) as error:
        raise NothingDone(str(error)) from error
    _return_memory()
    return loaded


def tesseract(expected: Tesseract) -> Tesseract:
    """This worker's Tesseract; raises NothingDone when it is another than the submitter's, or none."""
    try:
        found = Tesseract.found(expected.languages)
    except UsageError as error:
        raise NothingDone(f"a worker cannot run the baseline: {error}") from error
    if found != expected:
        raise NothingDone(
            f"{found.name} is on this worker and {expected.name} where the run was started, or its language data "
            "differs; install the same on both"
        )
    return found


def _return_memory() -> None:
    """Give back what loading took for a while: glibc would keep it, 150 MB for three language models."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def renderer(settings: Render) -> Renderer:
    """The thread's renderer with its guard child, started at the first call."""
    if getattr(_of_thread, "settings", None) != settings:
        close_renderer()
        _of_thread.renderer, _of_thread.settings = Renderer(settings), settings
    found: Renderer = _of_thread.renderer
    return found


def close_renderer() -> None:
    """End the thread's guard child, if there is one."""
    if getattr(_of_thread, "settings", None) is not None:
        _of_thread.renderer.close()
        _of_thread.settings = None
