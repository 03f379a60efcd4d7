"""The desk where people correct lines: which line a window gets next, and what it said of it.

A line is named by its place and known by the text that was shown, so that nothing need be remembered of a window: what
it says is checked against the tables at that moment. A line that another window, or another person on another machine,
has said something of meanwhile is told so, and is not overwritten unless that is wanted.
"""

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.corrections.applying import doubt
from pipeline.corrections.correction import Correction, Verdict, cleaned
from pipeline.corrections.matching import match
from pipeline.corrections.queue import MOST, Place, Survey, survey
from pipeline.corrections.table import load, save
from pipeline.counting import counted
from pipeline.document import Document, Line, Page
from pipeline.failures import NothingDone
from pipeline.storage import Storage
from pipeline.store import read_page

LEASE_SECONDS: Final = 900.0
TICK: Final = 1e-6
"""Seconds that a correction is later than the one before, at least, also where a clock was set back."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line with its page, as they were read, and what somebody said of it, None where nobody did.

    `last` is when anybody last said something of its document, in seconds since 1970, 0 if never.
    """

    place: Place
    page: Page
    said: Correction | None
    last: float = 0.0

    @property
    def line(self) -> Line:
        """The line."""
        return self.page.lines[self.place.line - 1]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work has come.

    `saved` lines in this sitting, `waiting` ones of which nobody has said anything and which are not certain, of
    `lines` in all. `done` is the share, 0..1, of all expected errors that stood on lines of which somebody has said
    something; `wrong` the share of all characters that must still be expected to be wrong, None where unknown.
    """

    saved: int
    waiting: int
    lines: int
    done: float
    wrong: float | None


class Meanwhile(Exception):
    """Something else is there than the window was shown: `shown` as it is now, None where the line is gone."""

    def __init__(self, shown: Shown | None) -> None:
        super().__init__("the line was changed meanwhile")
        self.shown = shown


class Desk:
    """Hands out lines, the worst first, and keeps what is said of them. Threads may use it."""

    def __init__(self, storage: Storage, who: str = "") -> None:
        """Weighs all lines. Raises NothingDone where there is none, or a file of corrections is damaged."""
        self._storage, self._who = storage, who
        self._lock = threading.Lock()
        self._leases: dict[Place, tuple[str, float]] = {}
        self._skipped: set[Place] = set()
        self._saved: Counter[Verdict] = Counter()
        self._closed = 0
        self._survey = self._surveyed()
        if not self._survey.lines:
            raise NothingDone(f"{storage.root} holds no line; name an OUT of `inkbeam digitize`")

    @property
    def progress(self) -> Progress:
        """As of now. What others say is counted when lines are weighed again."""
        now = self._survey
        left = max(0.0, now.left) / now.errors if now.errors else 0.0
        wrong = None if now.cer is None else now.cer * left
        return Progress(self._closed, now.waiting, now.lines, 1 - left, wrong)

    def next(self, window: str, beside: Collection[Place] = ()) -> Shown | None:
        """The worst line that no other window has, and that is not one of those `beside`; None when all are done.

        It is this window's for LEASE_SECONDS.
        """
        with self._lock:
            found = self._first(window, beside)
            if found is None and self._survey.waiting > len(self._survey.worst) + len(self._skipped):
                self._survey = self._surveyed()
                found = self._first(window, beside)
            return found

    def show(self, place: Place) -> Shown | None:
        """A line as it is now; None where there is none. Raises NothingDone where a file is damaged."""
        try:
            page = read_page(self._storage, place.collection, place.document_id, place.page)
        except FileNotFoundError:
            return None
        if page is None or not 0 < place.line <= len(page.lines):
            return None
        corrections = load(self._storage, place.collection, place.document_id)
        said = match(page, corrections).by_line.get(place.line - 1)
        return Shown(place, page, said, max((each.time for each in corrections), default=0.0))

    def save(self, place: Place, before: str, seen: float | None, verdict: Verdict, text: str = "") -> Shown:
        """Keep what is said of a line that was shown with the text `before`; durable when this returns.

        `seen` is the time of what was known to be said of it, None for nothing. Saving the same twice keeps it once.
        Raises Meanwhile where the line, or what was said of it, is another by now, and NothingDone where it cannot be
        kept.
        """
        with self._lock:
            shown = self.show(place)
            if shown is None or shown.line.text != before:
                raise Meanwhile(shown)
            if _same(shown.said, verdict, cleaned(text) if verdict == "corrected" else before):
                return shown
            if (shown.said.time if shown.said else None) != seen:
                raise Meanwhile(shown)
            said = self._keep(shown, verdict, text)
            return Shown(place, shown.page, None if verdict == "withdrawn" else said, said.time)

    def skip(self, place: Place) -> None:
        """Put a line aside until the desk is opened again."""
        with self._lock:
            self._survey.worst.pop(place, None)
            self._skipped.add(place)

    def undo(self, window: str, place: Place, before: str, seen: float | None) -> Shown:
        """Withdraw what was said of a line, or take it up again if it was skipped; it is this window's then.

        Raises as `save` does.
        """
        shown = self.show(place) if seen is None else self.save(place, before, seen, "withdrawn")
        if shown is None:
            raise Meanwhile(None)
        with self._lock:
            self._skipped.discard(place)
            self._survey.worst = {place: doubt(shown.line)} | self._survey.worst
            self._lease(place, window)
        return shown

    def summary(self) -> str:
        """What was saved, and which files are damaged, for the terminal."""
        kinds = ", ".join(f"{number} {verdict}" for verdict, number in sorted(self._saved.items()))
        saved = f"saved {counted(self._saved.total(), 'correction')}{f' ({kinds})' if kinds else ''}"
        return "\n".join([saved, *(f"left out: {reason}" for reason in self._survey.left_out)])

    def _surveyed(self) -> Survey:
        found = survey(self._storage, MOST + len(self._skipped))
        found.worst = {place: errors for place, errors in found.worst.items() if place not in self._skipped}
        return found

    def _first(self, window: str, beside: Collection[Place]) -> Shown | None:
        for place in self._free(window, beside):
            try:
                shown = self.show(place)
            except NothingDone as error:
                self._survey.left_out.append(str(error))
                shown = None
            if shown is not None and shown.said is None:
                self._lease(place, window)
                return shown
            del self._survey.worst[place]
        return None

    def _free(self, window: str, beside: Collection[Place]) -> Iterator[Place]:
        """Lines that a window may get, the worst first."""
        now = time.monotonic()
        for place in list(self._survey.worst):
            holder, until = self._leases.get(place, (window, now))
            if place not in beside and (holder == window or until < now):
                yield place

    def _lease(self, place: Place, window: str) -> None:
        self._leases[place] = window, time.monotonic() + LEASE_SECONDS

    def _keep(self, shown: Shown, verdict: Verdict, text: str) -> Correction:
        place, errors = shown.place, doubt(shown.line)
        document = Document(place.document_id, place.collection, (shown.page,))
        now = max(time.time(), shown.last + TICK)
        said = Correction.of(document, shown.page, place.line - 1, verdict, text, time=now, who=self._who)
        save(self._storage, said)
        self._saved[said.verdict] += 1
        self._survey.worst.pop(place, None)
        closes = (said.verdict != "withdrawn") - (shown.said is not None)
        self._closed += closes
        self._survey.left -= closes * errors
        self._survey.waiting -= closes
        return said


def _same(said: Correction | None, verdict: Verdict, text: str) -> bool:
    """Whether this was said already."""
    if said is None or verdict == "withdrawn":
        return said is None and verdict == "withdrawn"
    if "unreadable" in (verdict, said.verdict):
        return verdict == said.verdict
    return said.text == text
