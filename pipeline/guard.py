"""The guard process: decodes pages where a crash, a hang or a bomb in a native library costs one page.

Started by `pipeline.rendering.Renderer` as `python -m pipeline.guard DPI MAX_MEGAPIXELS MEMORY_MB LIFELINE`; answers
the requests that come in on standard input, one by one, until that ends. Messages are framed as in `pipeline.rendered`:

    request   {stage: probe | text | render, path, page}
    answer    {ready: true}, once | {pages} | {text: null or as DigitalText} | {kind, message}
              | {height, width, dpi, rotation} and the pixels
"""

import errno
import fcntl
import json
import os
import resource
import sys
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from PIL import Image

from pipeline import images, poppler
from pipeline.faults import inject
from pipeline.filetypes import HEAD_BYTES, FileType, sniff
from pipeline.rendered import LENGTH, Rendered, Unrenderable, pack

MEGABYTE: Final = 1 << 20


@dataclass(frozen=True)
class Decoder:
    """Answers single requests within the limits of the settings."""

    dpi: int
    max_megapixels: int

    def answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes | memoryview]:
        """The message and the pixels to send back; every error of the page becomes a message."""
        try:
            return self._done(request["stage"], Path(request["path"]), request["page"])
        except Unrenderable as reason:
            kind, message = reason.kind, reason.message
        except MemoryError:
            kind, message = "out-of-memory", "decoding took more memory than allowed"
        except OSError as error:
            kind = "out-of-memory" if error.errno == errno.ENOMEM else "unreadable"
            message = error.strerror or str(error)
        except Exception as error:
            kind, message = "internal", f"{type(error).__name__}: {error}"
        return {"kind": kind, "message": message}, b""

    def _done(self, stage: str, path: Path, page: int) -> tuple[dict[str, Any], bytes | memoryview]:
        inject(stage, path.name)
        filetype = _filetype(path)
        if stage == "probe":
            return {"pages": _count(path, filetype)}, b""
        if stage == "text":
            return {"text": self._text(path, page) if filetype == "pdf" else None}, b""
        rendered = self._render(path, filetype, page)
        height, width = rendered.gray.shape
        message = {"height": height, "width": width, "dpi": rendered.dpi, "rotation": rendered.rotation}
        return message, rendered.gray.data.cast("B")

    def _text(self, path: Path, page: int) -> dict[str, Any] | None:
        from pipeline import digital  # its libraries are of no use to those who have no PDFs

        found = digital.read(path, page, self.dpi, self.max_megapixels)
        return None if found is None else asdict(found)

    def _render(self, path: Path, filetype: FileType, page: int) -> Rendered:
        if filetype == "pdf":
            return poppler.render(path, page, self.dpi, self.max_megapixels)
        return images.render(path, filetype, page, self.max_megapixels)


def _count(path: Path, filetype: FileType) -> int:
    return poppler.count_pages(path) if filetype == "pdf" else images.count_pages(path, filetype)


def _filetype(path: Path) -> FileType:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise Unrenderable("empty", "the file has no bytes")
    filetype = sniff(head)
    if filetype is None:
        raise Unrenderable("wrong-type", "the content is neither a PDF nor an image that Inkbeam reads")
    return filetype


def serve(requests: BinaryIO, answers: BinaryIO, decoder: Decoder) -> None:
    """Answer requests until there are no more."""
    answers.write(pack({"ready": True}))
    answers.flush()
    while len(length := requests.read(LENGTH.size)) == LENGTH.size:
        message, pixels = decoder.answer(json.loads(requests.read(*LENGTH.unpack(length))))
        answers.write(pack(message))
        answers.write(pixels)
        answers.flush()


def _end_with(lifeline: int) -> None:
    """Have the kernel end this process and its children as soon as the other end of this pipe is closed.

    That is when the Renderer's process ends, however it does. It works while this one hangs in native code: SIGIO,
    whose default is to end a process, goes to the whole group. PR_SET_PDEATHSIG would act as soon as the thread that
    started this process ends, as Beam's idle threads do, and would spare the processes of poppler.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _limit(memory_mb: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * MEGABYTE, memory_mb * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output, for the protocol alone: what native code prints goes to the null device."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    return requests, answers


def main() -> None:
    """Serve the Renderer that started this process."""
    dpi, max_megapixels, memory_mb, lifeline = map(int, sys.argv[1:])
    _end_with(lifeline)
    _limit(memory_mb)
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # ours is checked instead, and can be set
    serve(*_private_streams(), Decoder(dpi, max_megapixels))


if __name__ == "__main__":
    main()
