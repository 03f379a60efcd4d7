"""Tesseract beside us, by pytesseract: pages and line crops as they are given to our own reader, on one thread."""

import hashlib
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

import pytesseract
from PIL import Image

from pipeline.document import Line
from pipeline.failures import UsageError
from pipeline.formats import hocr
from segmentation.layout import Gray

LANGUAGES: Final = "eng+fra+deu"
PAGE_MODE: Final = 3  # automatic layout analysis
LINE_MODE: Final = 13  # a raw line, without looking for others in it
SECONDS: Final = 600  # after which it is given up on a page
END_OF_PAGE: Final = "\f"
WATCHED: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
FOLDER: Final = re.compile(r'available languages in "(.*)"')


@dataclass
class Spent:
    """Seconds of processor and wall time."""

    cpu: float = 0.0
    wall: float = 0.0

    @contextmanager
    def counting(self, who: int) -> Iterator[None]:
        """Add what the block takes; `who` is resource.RUSAGE_SELF or RUSAGE_CHILDREN."""
        before, began = resource.getrusage(who), time.perf_counter()
        try:
            yield
        finally:
            after = resource.getrusage(who)
            self.cpu += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            self.wall += time.perf_counter() - began


@dataclass(frozen=True)
class Tesseract:
    """The installed Tesseract: its version, and of each language the first 16 digits of its data's SHA-256."""

    languages: str
    version: str
    data: dict[str, str]
    spent: Spent = field(default_factory=Spent, compare=False)

    @classmethod
    def found(cls, languages: str = LANGUAGES) -> Self:
        """Raises UsageError where Tesseract is not installed, or lacks a language."""
        os.environ["OMP_THREAD_LIMIT"] = "1"
        try:
            version = str(pytesseract.get_tesseract_version())
            known = pytesseract.get_languages()
        except pytesseract.TesseractNotFoundError as error:
            raise UsageError("Tesseract is not installed; install the package tesseract-ocr") from error
        for language in languages.split("+"):
            if language not in known:
                raise UsageError(
                    f"Tesseract has no language {language!r}, only {', '.join(known)}; "
                    f"install tesseract-ocr-{language}, or name others"
                )
        return cls(languages, version, {name: _digest(name) for name in languages.split("+")})

    def page(self, gray: Gray) -> tuple[Line, ...] | None:
        """The lines of a page uint8 [h, w] that say something; None where it crashes or takes too long."""
        image = Image.fromarray(gray)
        image.format = "BMP"  # what pytesseract hands over; PNG would cost time on both sides
        content = self._run(pytesseract.image_to_pdf_or_hocr, image, PAGE_MODE, extension="hocr")
        return None if content is None else tuple(line for line in hocr.parse(content).lines if line.text)

    @property
    def name(self) -> str:
        """With its version and languages."""
        return f"Tesseract {self.version} ({self.languages})"

    def record(self) -> dict[str, Any]:
        """Version, languages and data, as JSON has them."""
        return {"version": self.version, "languages": self.languages, "traineddata": self.data}

    def peak_megabytes(self, gray: Gray) -> float:
        """The most memory that it takes for a page uint8 [h, w].

        A small process starts it: of processes that large ones start, Linux counts the parent's memory as theirs.
        """
        with TemporaryDirectory() as folder:
            path = f"{folder}/page.bmp"
            Image.fromarray(gray).save(path)
            command = ["tesseract", path, "-", "-l", self.languages]
            done = subprocess.run([sys.executable, "-c", WATCHED, *command], capture_output=True, check=True)
        return int(done.stdout) / 1024

    def lines(self, crops: Sequence[Gray]) -> list[str]:
        """The texts of line crops uint8 [h, w], read by one process; none where it takes too long."""
        if not crops:
            return []
        with TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{number}.bmp" for number in range(len(crops))]
            for path, crop in zip(paths, crops, strict=True):
                Image.fromarray(crop).save(path)
            listed = Path(folder) / "crops.txt"
            listed.write_text("\n".join(map(str, paths)) + "\n", encoding="utf-8")
            found = self._run(pytesseract.image_to_string, str(listed), LINE_MODE) or ""
        texts = [" ".join(text.split()) for text in found.split(END_OF_PAGE)]
        return (texts + [""] * len(crops))[: len(crops)]

    def _run(self, way: Callable[..., Any], image: Any, mode: int, **options: Any) -> Any:
        # A crash and a timeout are RuntimeErrors; a full disk, where the image is handed over, is an OSError.
        with self.spent.counting(resource.RUSAGE_CHILDREN), suppress(RuntimeError, OSError):
            return way(image, lang=self.languages, config=f"--psm {mode}", timeout=SECONDS, **options)


def _digest(language: str) -> str:
    """Of a language's traineddata; empty where it is not found."""
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False).stdout
    folder = FOLDER.search(listed)
    path = Path(folder[1]) / f"{language}.traineddata" if folder else None
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path and path.exists() else ""
