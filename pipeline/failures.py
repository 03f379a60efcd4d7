"""What can go wrong: failures of single pages, which are recorded, and errors of a whole run, which end it.

InkbeamError                exit code 1
+-- UsageError              2  bad option, bad settings file, unknown bundle
+-- NothingDone             4  no input, output unusable, disk full, second run on one output
+-- Stopped                 5  the run stopped half-way for something common to all pages
    +-- TooManyFailures        the share of failed pages passed `max_failed`
    +-- StoreLost              the disk or bucket of scans or OUT is gone
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType


class ExitCode(IntEnum):
    """Exit codes of the command line."""

    DONE = 0
    BUG = 1
    USAGE = 2
    SOME_FAILED = 3
    NOTHING_DONE = 4
    STOPPED = 5


class InkbeamError(Exception):
    """An error that ends the run; its message says what happened and how to get out."""

    exit_code = ExitCode.BUG


class UsageError(InkbeamError):
    """The command line, the settings file or the bundle is wrong."""

    exit_code = ExitCode.USAGE


class NothingDone(InkbeamError):
    """The run could not begin or go on: no input, unusable output, another run on the same output."""

    exit_code = ExitCode.NOTHING_DONE


class Stopped(InkbeamError):
    """The run stopped half-way; what was done is kept."""

    exit_code = ExitCode.STOPPED


class TooManyFailures(Stopped):
    """So many pages failed that something common to all of them must be wrong."""


class StoreLost(Stopped):
    """Scans or OUT cannot be reached any more: one message, not a failure a page."""


def lost(where: object, why: object) -> StoreLost:
    """What to say of a store or disk that is gone, in one line."""
    said = " ".join(str(why).split())
    return StoreLost(f"{where} cannot be reached ({said}); what was done is kept. Run again when it is back")


def unusable(where: object, why: object) -> StoreLost:
    """What to say of a bucket that is not there, or for which the credentials do not serve."""
    return StoreLost(f"{where} cannot be used: {why}; what was done is kept. Mend that and run again")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of failure: whether trying again may help, and what the user can do."""

    transient: bool
    advice: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "empty": Kind(False, "The file has no bytes. Copy it again from where it came from."),
        "truncated": Kind(
            False,
            "The file ends too early or is damaged. Copy it again, or repair it (a PDF: qpdf broken.pdf mended.pdf).",
        ),
        "encrypted": Kind(
            False, "The PDF asks for a password. Remove it: qpdf --decrypt --password=PASSWORD in.pdf out.pdf"
        ),
        "wrong-type": Kind(
            False,
            "The content is neither a PDF nor an image that Inkbeam reads. Take the file out of the input, "
            "or convert it to PNG or TIFF.",
        ),
        "too-large": Kind(
            False,
            "The page has more pixels than allowed. If it is genuine, raise [render] max_megapixels in the settings.",
        ),
        "out-of-memory": Kind(
            True,
            "Decoding the page took more memory than allowed. Raise [render] memory_mb in the settings, "
            "or shrink the image.",
        ),
        "timeout": Kind(
            True,
            "Rendering the page took too long. Raise [render] timeout_seconds in the settings, "
            "or convert the source to TIFF.",
        ),
        "crashed": Kind(
            True,
            "The decoder crashed on this page. It is tried again; if it goes on, convert the source to TIFF.",
        ),
        "unreadable": Kind(
            True, "The file could not be read. Check that it exists, its permissions, and its disk or network."
        ),
        "remote": Kind(
            False,
            "The METS file names an image on the web, which Inkbeam does not fetch. Download it, and let the METS file "
            "name the copy.",
        ),
        "unusable-mets": Kind(
            False,
            "The METS file names no pages that can be read. Mend it, or give the folder of its images with --document "
            "folder.",
        ),
        "changed": Kind(True, "The file changed while it was being read. It is read again in the next run."),
        "no-layout": Kind(
            False,
            "The folder of --layout has no layout for this page, or one that cannot be used. Export it there under the "
            "name of the image, or leave --layout out to have its lines found.",
        ),
        "worker-died": Kind(
            True,
            "The process that read this page was killed twice, most often for want of memory. "
            "Give the machine more, or use --workers 1.",
        ),
        "unwritable": Kind(
            False,
            "A format could not be made of the document, all else of which is there. When what the message names is "
            "mended, make it: inkbeam export OUT --formats NAME",
        ),
        "internal": Kind(
            False, "This is a fault of Inkbeam. Please report it with the message, and the page if it may be shown."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One page, or one source as a whole (`page` is None), that could not be done.

    `stage` is the step that failed: probe, text, render, segment, recognise or commit. `kind` is a key of `KINDS`.
    `tries` counts the runs that tried so far, this one included.
    """

    source: str
    page: int | None
    stage: str
    kind: str
    message: str
    tries: int = 1

    @property
    def transient(self) -> bool:
        """Whether another try may help."""
        return KINDS[self.kind].transient

    @property
    def advice(self) -> str:
        """What the user can do."""
        return KINDS[self.kind].advice


class Unwritable(Exception):
    """A format cannot be made of a document; the message names what of it is at fault, and why."""


class PageError(Exception):
    """Raised where one page or source fails; the graph turns it into a `Failure` and goes on."""

    def __init__(self, stage: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.stage, self.kind, self.message = stage, kind, message

    def __reduce__(self) -> tuple[type["PageError"], tuple[str, str, str]]:
        return PageError, (self.stage, self.kind, self.message)

    def failure(self, source: str, page: int | None, tries: int = 1) -> Failure:
        """The record of this error for one page of a source."""
        return Failure(source, page, self.stage, self.kind, self.message, tries)
