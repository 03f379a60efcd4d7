"""The account of a run: what the table shows and OUT/runs/<n>.json keeps, and the exit code."""

import platform
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from time import monotonic
from typing import Any, Final

from pipeline.accounts import write_account
from pipeline.catalogue import Catalogue
from pipeline.corrections.kept import Kept
from pipeline.counting import counted
from pipeline.document import DONE
from pipeline.failures import KINDS, ExitCode
from pipeline.index.update import Indexed
from pipeline.outcome import NAMED
from pipeline.plan import Decision, reasons
from pipeline.records import Catalogued
from pipeline.storage import Storage
from pipeline.tesseract import Tesseract
from recognizer.arithmetic import Arithmetic, processor

WORTH_A_LOOK: Final = 0.05  # expected CER
# In options with a null byte between, of which each may stand as --name=value or as two.
SECRET: Final = re.compile(r"(--\w*(?:key|token|secret|password)\w*[=\0])[^\0]*")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class Summary:
    """Counts of one run, taken in wave by wave.

    `begun`: documents of those due, in their order, that were read, or tried; the others are left for later.
    `by_kind` counts the failures, of which the first of each kind are `named`: source, page, message.
    `worst`: the pages of this run with most errors to expect, the worst first: expected CER, source, page. `tesseract`
    is what read beside us, `baseline` the sums of what `Outcome` tells of it. `indexed`: what came of the word index,
    `kept`: of what people had corrected in the documents that were due.
    """

    settings: Mapping[str, Any]
    bundle: str
    arithmetic: Arithmetic
    output: str
    decisions: Sequence[Decision]
    left_out: int
    unreadable: Sequence[str]
    started: str = field(default_factory=_now)
    began: float = field(default_factory=monotonic)
    begun: int = 0
    documents: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[tuple[str, int | None, str]]] = field(default_factory=lambda: defaultdict(list))
    worst: list[tuple[float, str, int]] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    tesseract: Tesseract | None = None
    baseline: Counter[str] = field(default_factory=Counter)
    deaths: int = 0
    indexed: Indexed | None = None
    catalogued: Catalogued | None = None
    kept: Kept | None = None

    @property
    def failed(self) -> int:
        """Pages, and sources as a whole, that failed in this run; not formats that could not be made of them."""
        return self.by_kind.total() - self.by_kind["unwritable"]

    @property
    def tried(self) -> int:
        """Pages, and sources that could not be opened, that this run tried."""
        return sum(self.counts[status] for status in DONE) + self.failed

    @property
    def due(self) -> list[Decision]:
        """Documents that this run was to read."""
        return [decision for decision in self.decisions if decision.read]

    @property
    def left(self) -> list[Decision]:
        """Documents that are due and were not begun."""
        return self.due[self.begun :]

    @property
    def untouched(self) -> list[Decision]:
        """Documents that this run left alone: not due, or left for later."""
        return [d for d in self.decisions if not d.read] + self.left

    @property
    def standing(self) -> int:
        """Failures of earlier runs that stand, in documents which this run left alone."""
        return sum(d.state.failures for d in self.untouched if d.state)

    @property
    def elapsed(self) -> float:
        """Wall seconds since the run began."""
        return monotonic() - self.began

    def take(self, outcomes: Iterable[Mapping[str, Any]], deaths: int = 0) -> None:
        """Take in the figures of a wave's outcomes; a document that was only begun has none."""
        self.deaths += deaths
        for figures in filter(None, outcomes):
            self.documents += 1
            self.counts.update({name: figures[name] for name in (*DONE, "lines", "letters")})
            self.letters.update({name: figures[f"{name}_letters"] for name in ("confident", "estimated", "wrong")})
            self.baseline.update(figures["baseline"])
            for kind, source, page, message in figures["failures"]:
                self.by_kind[kind] += 1
                if self.by_kind[kind] <= NAMED:
                    self.named[kind].append((source, page, message))
            self.seconds.update(figures["seconds"])
            self.worst += [(expected, source, page) for expected, source, page in figures["worst"]]
        self.worst = sorted(self.worst, key=lambda page: -page[0])[:NAMED]

    def exit_code(self) -> ExitCode:
        """What the command returns when the run came to its end."""
        not_indexed = self.indexed is not None and bool(self.indexed.left_out)
        if not self.by_kind and not self.standing:
            return ExitCode.SOME_FAILED if not_indexed else ExitCode.DONE
        done_before = any(d.state and d.state.pages > d.state.failures for d in self.untouched)
        return ExitCode.SOME_FAILED if done_before or self.tried > self.failed else ExitCode.NOTHING_DONE

    def table(self) -> str:
        """What is printed at the end."""
        return "\n".join(f"{name:<16} {value}" for name, value in self._rows())

    def _rows(self) -> Iterator[tuple[str, str]]:
        why = reasons(self.decisions)
        yield (
            "documents",
            f"{self.documents} done now ({_listed(reasons(self.due[: self.begun]))}), {why['done']} done before",
        )
        if self.left:
            yield "left for later", f"{counted(len(self.left), 'document')}: the next run goes on there"
        yield (
            "pages",
            f"{self.tried} tried: {', '.join(f'{self.counts[status]} {status}' for status in DONE)}, "
            f"{self.failed} failed",
        )
        yield "lines", f"{self.counts['lines']:,}"
        if self.counts["letters"]:
            yield "confidence", f"{self.letters['confident'] / self.counts['letters']:.3f} on average, by letters"
        yield "speed", f"{self.tried / max(self.elapsed, 1e-9):.2f} pages/s, {self.elapsed:.0f} s"
        if self.tesseract:
            yield "tesseract", self._beside(self.tesseract)
        yield "output", self.output
        if self.indexed:
            yield "word index", self.indexed.told()
        yield from self._doubts()
        yield from self._trouble()

    def _beside(self, tesseract: Tesseract) -> str:
        """How far Tesseract agrees, and what it took."""
        pages, letters = self.baseline["pages"], self.baseline["letters"]
        if not pages:
            return f"{tesseract.name} read no page in this run"
        share = self.baseline["agreeing_letters"] / letters if letters else 1.0
        failed = f", {self.baseline['failed']:.0f} it did not manage" if self.baseline["failed"] else ""
        seconds = self.seconds["tesseract"] / max(1, pages + self.baseline["failed"])
        return (
            f"{tesseract.version} agrees on {share:.1%} of the characters of {counted(pages, 'page')}{failed}, "
            f"{seconds:.2f} s a page"
        )

    def _doubts(self) -> Iterator[tuple[str, str]]:
        """The pages that people should look at first."""
        bad = (page for page in self.worst if page[0] >= WORTH_A_LOOK)
        for place, (expected, source, page) in enumerate(bad):
            name = "" if place else "look at first"
            yield name, f"{source}, page {page}: {expected:.0%} of its characters expected to be wrong"

    def _trouble(self) -> Iterator[tuple[str, str]]:
        for kind, number in self.by_kind.most_common():
            yield "failed", f"{number} {kind}: {KINDS[kind].advice}"
            for source, page, message in self.named[kind]:
                yield "", f"  {source}{f', page {page}' if page else ''}: {message}"
        if self.standing:
            failed = [d for d in self.untouched if d.state and d.state.failures]
            yield "failed before", f"{counted(self.standing, 'page')} of {_names(failed)}; --redo failed tries again"
        outdated = [d for d in self.decisions if d.outdated]
        if outdated:
            yield (
                "outdated",
                f"{_names(outdated)}: made with another bundle or settings; --redo outdated reads them again",
            )
        if self.left_out:
            yield "left out", f"{counted(self.left_out, 'file')}, neither PDF nor image"
        if self.unreadable:
            yield "unreadable", ", ".join(self.unreadable[:NAMED])
        for place, note in enumerate(_described(self.catalogued) if self.catalogued else ()):
            yield "" if place else "catalogue", note
        for place, note in enumerate(self.kept.told() if self.kept else ()):
            yield "" if place else "corrections", note
        if removed := reasons(self.decisions)["removed"]:
            yield "removed", f"{counted(removed, 'document')} that `inkbeam remove` withdrew"
        if self.deaths:
            yield "workers died", counted(self.deaths, "time")
        for reason in self.indexed.left_out if self.indexed else ():
            yield "not indexed", reason

    def write(self, storage: Storage, code: int | None = None) -> dict[str, Any]:
        """Keep the account as OUT/runs/<n>.json and return it; `code` where an error gave another than `exit_code`."""
        account = self._account(self.exit_code() if code is None else code)
        write_account(storage, account)
        return account

    def _baseline_record(self, tesseract: Tesseract) -> dict[str, Any]:
        return {
            "engine": "tesseract",
            **tesseract.record(),
            "pages": self.baseline["pages"],
            "failed": self.baseline["failed"],
            "agreement": _share(self.baseline["agreeing_letters"], self.baseline["letters"]),
        }

    def _account(self, code: int) -> dict[str, Any]:
        name, flags = processor()
        return {
            "schema_version": "1.1",
            "started": self.started,
            "ended": _now(),
            "exit_code": int(code),
            "seconds": round(self.elapsed, 3),
            "seconds_by_stage": {stage: round(value, 3) for stage, value in sorted(self.seconds.items())},
            "documents": dict(reasons(self.decisions)),
            "due": {"all": len(self.due), "done": self.documents, "left": len(self.left)},
            "outdated": sum(d.outdated for d in self.decisions),
            "pages": {name: self.counts[name] for name in DONE} | {"failed": self.failed, "standing": self.standing},
            "lines": self.counts["lines"],
            "letters": self.counts["letters"],
            "confidence": _share(self.letters["confident"], self.counts["letters"]),
            "expected_cer": _share(self.letters["wrong"], self.letters["estimated"]),
            "baseline": self._baseline_record(self.tesseract) if self.tesseract else None,
            "worst_pages": [{"expected_cer": cer, "source": source, "page": page} for cer, source, page in self.worst],
            "failures": dict(self.by_kind),
            "catalogue": _catalogue_counts(self.catalogued) if self.catalogued else None,
            "index": {"documents": self.indexed.documents, "rows": self.indexed.rows} if self.indexed else None,
            "corrections": self.kept.counts() if self.kept else None,
            "left_out": self.left_out,
            "worker_deaths": self.deaths,
            "settings": self.settings,
            "bundle": self.bundle,
            "arithmetic": self.arithmetic,
            "processor": {"name": name, "bf16": any("bf16" in flag for flag in flags), "machine": platform.machine()},
            "inkbeam": version("inkbeam"),
        }


def _share(some: float, of: float) -> float | None:
    return some / of if of else None


def catalogue_notes(catalogue: Catalogue) -> Iterator[str]:
    """Rows and documents of a catalogue that have not found each other."""
    strangers = catalogue.strangers
    if strangers:
        names = ", ".join(strangers[:NAMED]) + (", ..." if len(strangers) > NAMED else "")
        yield f"{counted(len(strangers), 'row')} without a document in the input: {names}"
    if catalogue.silent:
        yield f"{counted(catalogue.silent, 'document')} without a row"


def _described(catalogued: Catalogued) -> Iterator[str]:
    if catalogued.described:
        yield f"{counted(catalogued.described, 'document')} described, {catalogued.written} of them new or changed"
    yield from catalogue_notes(catalogued.catalogue)
    if catalogued.stale:
        yield (
            f"{counted(catalogued.stale, 'document')} of these done before: `inkbeam export` writes what is new into "
            "the formats that tell it (mets, pdf, tei)"
        )


def _catalogue_counts(catalogued: Catalogued) -> dict[str, int]:
    """For the run's record; names are left to the terminal."""
    unknown = {"rows_without_document": len(catalogued.catalogue.strangers), "without_row": catalogued.catalogue.silent}
    return {"described": catalogued.described, "written": catalogued.written, **unknown}


def settings_record(options: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The command line, without its secrets, and the settings file as the run's record keeps them."""
    beam = SECRET.sub(r"\1...", "\0".join(options.beam)).split("\0") if options.beam else []
    command = asdict(options) | {"redo": sorted(options.redo), "beam": beam}
    return {"command": command, **settings}


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counter.most_common()) or "nothing was due"


def _names(decisions: Sequence[Decision]) -> str:
    shown = ", ".join(f"{d.origin.name} ({d.origin.document_id})" for d in decisions[:NAMED])
    return f"{counted(len(decisions), 'document')}: {shown}{', ...' if len(decisions) > NAMED else ''}"
