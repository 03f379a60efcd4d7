"""Source and page number -> page image, behind a guard process.

Decoders are native code that meets damaged and hostile files. They run in a process of their own (`pipeline.guard`)
that has a memory limit and, for each call, a deadline. What ends or blocks it costs one page; the next call starts a
new one.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from pipeline.failures import PageError
from pipeline.rendered import LENGTH, DigitalText, Rendered, pack
from pipeline.settings import Render

__all__ = ["Rendered", "Renderer"]

START_SECONDS: Final = 60.0
# How long a killed process may take to go: one that waits for a dead network drive does not go at all.
KILL_SECONDS: Final = 5.0
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Renderer:
    """Renders pages in a warm guard process. To be used by one thread at a time, and closed in the end."""

    def __init__(self, settings: Render) -> None:
        self._settings = settings
        self._guard: _Guard | None = None

    def count_pages(self, path: str) -> int:
        """Pages of a source; raises PageError of stage probe.

        `path` may hold surrogate escapes, as os.fsdecode makes them of names that are not UTF-8.
        """
        message, _ = self._ask("probe", path, 0)
        return int(message["pages"])

    def render(self, path: str, page: int) -> Rendered:
        """One page of a source, from 1; raises PageError of stage render. `path` may hold surrogate escapes."""
        message, pixels = self._ask("render", path, page)
        gray = np.frombuffer(pixels, np.uint8).reshape(message["height"], message["width"])
        return Rendered(gray, message["dpi"], message["rotation"])

    def text(self, path: str, page: int) -> DigitalText | None:
        """The text that a page of a PDF, from 1, has in letters; None where there is none, and of images.

        Raises PageError of stage text. `path` may hold surrogate escapes.
        """
        message, _ = self._ask("text", path, page)
        return None if message["text"] is None else DigitalText.from_json(message["text"])

    def close(self) -> None:
        """End the guard process; the next call starts another."""
        if self._guard is not None:
            self._guard.kill()
            self._guard = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, stage: str, path: str, page: int) -> tuple[dict[str, Any], bytearray]:
        try:
            guard = self._warm_guard()
            message, pixels = guard.ask({"stage": stage, "path": path, "page": page}, self._settings.timeout_seconds)
        except TimeoutError as error:
            self.close()
            raise PageError(stage, "timeout", f"not done after {self._settings.timeout_seconds} seconds") from error
        except (EOFError, BrokenPipeError) as error:
            raise PageError(stage, "crashed", f"the decoder {self._cause_of_death()}") from error
        except OSError as error:
            self.close()
            raise PageError(stage, "crashed", f"the decoder cannot be started: {error.strerror}") from error
        except BaseException:
            self.close()  # an answer that nobody waits for would be taken for the next one's
            raise
        if "kind" in message:
            if message["kind"] == "out-of-memory":
                self.close()
            raise PageError(stage, message["kind"], message["message"])
        return message, pixels

    def _warm_guard(self) -> "_Guard":
        if self._guard is not None and not self._guard.is_alive():
            self.close()
        if self._guard is None:
            self._guard = _Guard(self._settings)
            self._guard.expect_ready()
        return self._guard

    def _cause_of_death(self) -> str:
        guard, self._guard = self._guard, None
        status = None if guard is None else guard.kill()
        if status is None or status >= 0:
            return f"ended with status {status}"
        hint = " (most often for want of memory)" if status == -signal.SIGKILL else ""
        return f"was ended by {signal.Signals(-status).name}{hint}"


class _Guard:
    """One guard process: leader of a process group of its own, with a lifeline that tells it of our end."""

    def __init__(self, settings: Render) -> None:
        their_end, our_end = os.pipe()
        self._lifeline = os.fdopen(our_end, "wb", buffering=0)
        limits = (settings.dpi, settings.max_megapixels, settings.memory_mb, their_end)
        try:
            # -P: not a module of that name in the folder where the user happens to be
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pipeline.guard", *map(str, limits)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                pass_fds=[their_end],
                start_new_session=True,
                env=os.environ | ONE_THREAD,
            )
        except OSError:
            self._lifeline.close()
            raise
        finally:
            os.close(their_end)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def expect_ready(self) -> None:
        self._read_message(time.monotonic() + START_SECONDS)

    def ask(self, request: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bytearray]:
        """Answer and pixels; raises TimeoutError when they take longer, EOFError or OSError when the process ends."""
        deadline = time.monotonic() + seconds
        assert self._process.stdin is not None
        self._process.stdin.write(pack(request))
        message = self._read_message(deadline)
        return message, self._read(message.get("height", 0) * message.get("width", 0), deadline)

    def kill(self) -> int | None:
        """End the process and its children; its exit status (negative: a signal), None if it does not go."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._lifeline, self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(KILL_SECONDS)
        return None

    def _read_message(self, deadline: float) -> dict[str, Any]:
        (length,) = LENGTH.unpack(self._read(LENGTH.size, deadline))
        message: dict[str, Any] = json.loads(self._read(length, deadline))
        return message

    def _read(self, size: int, deadline: float) -> bytearray:
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        buffer = bytearray(size)
        missing = memoryview(buffer)
        readable = select.poll()
        readable.register(stream, select.POLLIN)
        while missing:
            if not readable.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError
            count = os.readv(stream, [missing])
            if not count:
                raise EOFError
            missing = missing[count:]
        return buffer
