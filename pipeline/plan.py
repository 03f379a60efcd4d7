"""What a run would do with each document, and why: one comparison of the listing with the state, nothing opened in
vain.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.failures import UsageError
from pipeline.sources import Origin, SourceFile, hash_file
from pipeline.state import DocumentState
from recognizer.decode.decoding import AUTO

Reason = Literal["new", "changed", "interrupted", "outdated", "retried", "redone", "done", "failed before", "removed"]
Redo = frozenset[str]
Making = Callable[[Origin], str]

RESULT_VERSION = 4
"""Raised when the code gives other text or geometry for the same source, bundle and settings.

Not raised when the text of digital PDFs began to be taken from their letters: nobody can tell from outside which PDFs
these are, and all others would have been read again in vain. Those that were read before are kept as they are.
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """A document, why it is read or left, and its row if there is one.

    `read`: whether this run reads it. `outdated`: it was made with another bundle, settings or version, and is left.
    `touched`: its files bear another date and the same content, so only the row's stamp is renewed.
    """

    origin: Origin
    reason: Reason
    read: bool
    state: DocumentState | None
    outdated: bool = False
    touched: bool = False


@dataclass(frozen=True)
class Planner:
    """Decides for each document.

    `making` tells what its revision depends on beside the source; `removed` are ids of those withdrawn for good.
    """

    making: Making
    redo: Redo
    verify: bool
    retries: int
    hashed: Callable[[Origin], str]
    removed: frozenset[str] = frozenset()

    def decide(self, origin: Origin, state: DocumentState | None) -> Decision:
        """The decision for one document; hashes its files only where name, size or time differ, or with `verify`."""
        if origin.document_id in self.removed:
            return Decision(origin, "removed", False, None)
        if state is None:
            return Decision(origin, "new", True, None)
        if not state.revision:
            return Decision(origin, "interrupted", True, state)
        touched = stamp(origin.files) != state.stamp
        if (touched or self.verify) and not self._same(origin, state):
            return Decision(origin, "changed", True, state)
        return replace(self._unchanged(origin, state), touched=touched)

    def _same(self, origin: Origin, state: DocumentState) -> bool:
        """Whether the content is what was read; a file that cannot be read is not, and fails when its turn comes."""
        try:
            return self.hashed(origin) == state.sha256
        except OSError:
            return False

    def _unchanged(self, origin: Origin, state: DocumentState) -> Decision:
        outdated = revision(state.sha256, self.making(origin)) != state.revision
        if "all" in self.redo or origin.document_id in self.redo:
            return Decision(origin, "redone", True, state)
        if outdated and "outdated" in self.redo:
            return Decision(origin, "outdated", True, state)
        if state.failures and "failed" in self.redo:
            return Decision(origin, "retried", True, state)
        if state.transient and state.tries <= self.retries:
            return Decision(origin, "retried", True, state)
        return Decision(origin, "failed before" if state.failures else "done", False, state, outdated)


def decide_all(planner: Planner, origins: Iterable[Origin], states: Mapping[str, DocumentState]) -> list[Decision]:
    """Decisions in the order of the listing; raises UsageError when --redo names an unknown or removed document."""
    if removed := planner.redo & planner.removed:
        names = " ".join(sorted(removed))
        raise UsageError(
            f"--redo: removed before: {names}; `inkbeam remove OUT {names} --undo` lets them be read again"
        )
    decisions = [planner.decide(origin, states.get(origin.document_id)) for origin in origins]
    unknown = planner.redo - {"all", "outdated", "failed"} - {decision.origin.document_id for decision in decisions}
    if unknown:
        raise UsageError(
            f"--redo: no document {', '.join(sorted(unknown))} in the input; give all, outdated, failed or ids "
            "as they stand in the column document_id"
        )
    return decisions


def stamp(files: Iterable[SourceFile]) -> str:
    """Hash of names, sizes and modification times, to see without opening a file that nothing happened to it."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{file.size}\0{file.modified}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def content_hash(hashes: Sequence[tuple[str, str]]) -> str:
    """SHA-256 of a document's content from its files' paths and hashes: its file's, or that of all names and hashes."""
    if len(hashes) == 1:
        return hashes[0][1]
    digest = hashlib.sha256()
    for path, sha256 in hashes:
        digest.update(f"{path}\0{sha256}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def hash_origin(origin: Origin) -> str:
    """SHA-256 of a document's content as it is now; raises OSError."""
    return content_hash([(file.path, hash_file(file.path)) for file in origin.files])


def making(bundle_id: str, fingerprint: str, layout: str = "", language: str = AUTO, reread: bool = False) -> str:
    """What results depend on beside their source: bundle, settings, the hash of a given layout, a given language.

    `reread`: whether PDFs are read whose text could be taken from their letters.
    """
    given = "" if language == AUTO else f"language {language}"
    again = "reread" if reread else ""
    return " ".join(filter(None, (str(RESULT_VERSION), bundle_id, fingerprint, layout, given, again)))


def revision(sha256: str, made_with: str) -> str:
    """What a document's results were made from: source, bundle, settings, version; 16 hex digits."""
    return hashlib.sha256(f"{sha256} {made_with}".encode()).hexdigest()[:16]


def reasons(decisions: Iterable[Decision]) -> Counter[str]:
    """How many documents for each reason."""
    return Counter(decision.reason for decision in decisions)
