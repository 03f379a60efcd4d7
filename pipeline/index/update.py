"""The word index brought in line with the tables: what is new is gathered and merged in, what is gone taken out.

Segments grow as in a log-structured merge tree (O'Neil et al. 1996): new rows are merged with the latest segments until
the next is several times as large, so that there are few segments and each row is rewritten a few times only.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import count
from typing import Final

import pyarrow as pa

from pipeline.corrections.table import files as corrections_of
from pipeline.counting import counted
from pipeline.failures import ExitCode, NothingDone
from pipeline.index.gather import Batch, Due, Gathered, gather, read_account
from pipeline.index.segments import (
    DamagedIndex,
    Head,
    Segment,
    SegmentFile,
    documents_of,
    load_manifest,
    merged,
    remove_leftovers,
    save_manifest,
    write_segment,
)
from pipeline.lock import locked
from pipeline.remote import is_remote, run_remote
from pipeline.runner import WorkerDied, run_local
from pipeline.storage import Entry, Storage, open_output, open_storage, output_root
from pipeline.store import files_of

# Of the files of lines that are gathered at a time: some 150,000 words.
BATCH_BYTES: Final = 16_000_000
# So many batches are gathered here in the time in which Beam gets its workers ready.
FEW: Final = 4
# Merged into the index together: as many files are open, with a group of rows of each in memory.
PARTS_AT_ONCE: Final = 64
GROWTH: Final = 3


@dataclass(frozen=True)
class Indexed:
    """Documents that were indexed, those taken out, rows of the whole index, and why documents were left out.

    `damaged`: what was wrong with segments whose documents had to be indexed again.
    """

    documents: int
    gone: int
    rows: int
    left_out: tuple[str, ...]
    damaged: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Whether all was indexed."""
        return ExitCode.SOME_FAILED if self.left_out else ExitCode.DONE

    def told(self) -> str:
        """For the terminal."""
        gone = f", {self.gone} taken out" if self.gone else ""
        again = f", {counted(len(self.damaged), 'damaged segment')} made anew" if self.damaged else ""
        return f"{counted(self.documents, 'document')} indexed{gone}{again}, {self.rows:,} rows in all"


def index(output: str, workers: int, beam: Sequence[str]) -> Indexed:
    """The command `index`. Raises NothingDone where there is no document, or a run is writing."""
    storage = open_output(output)
    if next(files_of(storage, "lines"), None) is None:
        raise NothingDone(f"{output} holds no document; name an OUT of `inkbeam digitize`")
    with locked(storage):
        return update_index(output_root(output, storage), workers, beam)


def update_index(root: str, workers: int = 1, beam: Sequence[str] = ()) -> Indexed:
    """Index what is new or another than before, below an absolute path or URL that nobody else writes to.

    What is more than a few batches is gathered on Beam: by `workers` processes here, or where the options `beam` say.
    Much is taken in piece by piece. Whatever happens on the way, the index is one of those in between, and the next
    update takes in the rest. Raises NothingDone where it is damaged.
    """
    storage = open_storage(root)
    loaded = load_manifest(storage)
    segments = loaded or []
    remove_leftovers(storage, segments)
    known, damaged = _sound(storage, segments)
    versions = {name: version for documents in known.values() for name, version in documents.items()}
    corrections = corrections_of(storage)
    listed = {
        name: _due(collection, name, file, corrections.get((collection, name), ()))
        for collection, name, file in files_of(storage, "lines")
    }
    due = [listed[name] for name in sorted(listed) if versions.get(name) != listed[name].version]
    stale = {name for name, version in versions.items() if name not in listed or listed[name].version != version}
    if loaded is not None and not (due or stale or damaged):
        return Indexed(0, 0, sum(segment.rows for segment in segments), ())
    numbers = count(1 + max((segment.number for segment in segments), default=0))
    batches = list(_batches(due, numbers))
    gathered: dict[Batch, Gathered] = {}
    for start in range(0, max(1, len(batches)), PARTS_AT_ONCE):
        some = batches[start : start + PARTS_AT_ONCE]
        _gather(root, some, workers, beam)
        parts = {batch: read_account(storage, batch) for batch in some}
        known = dict(_rebuilt(storage, known, parts, set() if start else stale, numbers))
        save_manifest(storage, list(known))
        gathered |= parts
    return Indexed(
        sum(len(of.documents) for of in gathered.values()),
        len(stale - listed.keys()),
        sum(segment.rows for segment in known),
        tuple(reason for of in gathered.values() for reason in of.left_out),
        damaged,
    )


def _due(collection: str, name: str, file: Entry, corrections: Sequence[str]) -> Due:
    """A document with its file of lines, and the names of those that hold what people said of them, if any do."""
    version = f"{file.size}-{file.modified}"
    if corrections:
        version += f"-{hashlib.sha256('/'.join(corrections).encode()).hexdigest()[:16]}"
    return Due(name, collection, version, file.size, bool(corrections))


def _gather(root: str, batches: Sequence[Batch], workers: int, beam: Sequence[str]) -> None:
    if len(batches) <= FEW:
        for batch in batches:
            gather(root, batch)
    else:
        _gather_on_beam(root, batches, workers, beam)


def _gather_on_beam(root: str, batches: Sequence[Batch], workers: int, beam: Sequence[str]) -> None:
    try:
        if is_remote(beam):
            run_remote("index", (batches, root), beam, len(batches))
        else:
            run_local("index", (batches, root), min(workers, len(batches)))
    except WorkerDied as error:
        raise NothingDone(
            f"{error} while it indexed words, most often for want of memory; what was read is kept. "
            f"Free some, and run `inkbeam index {root} --workers 1`"
        ) from error


def _sound(storage: Storage, segments: Iterable[Segment]) -> tuple[dict[Segment, Mapping[str, str]], tuple[str, ...]]:
    """The segments that can be opened, with their documents, and what is wrong with the others."""
    known: dict[Segment, Mapping[str, str]] = {}
    damaged: list[str] = []
    for segment in segments:
        try:
            known[segment] = documents_of(storage, segment)
        except DamagedIndex as error:
            damaged.append(str(error))
    return known, tuple(damaged)


def _batches(due: Iterable[Due], numbers: Iterator[int]) -> Iterator[Batch]:
    """Documents cut by their order and size alone."""
    batch: list[Due] = []
    size = 0
    for document in due:
        if batch and size + document.size > BATCH_BYTES:
            yield Batch(next(numbers), tuple(batch))
            batch, size = [], 0
        batch.append(document)
        size += document.size
    if batch:
        yield Batch(next(numbers), tuple(batch))


def _rebuilt(
    storage: Storage,
    known: Mapping[Segment, Mapping[str, str]],
    gathered: Mapping[Batch, Gathered],
    stale: set[str],
    numbers: Iterator[int],
) -> Iterator[tuple[Segment, Mapping[str, str]]]:
    """The segments of the new index with their documents: those that stay, those without what is stale, and one that
    takes in the new.
    """
    earlier = list(known)
    new = sum(of.rows for of in gathered.values())
    taken: list[Segment] = []
    while earlier and earlier[-1].rows <= GROWTH * max(1, new):
        taken.insert(0, earlier.pop())
        new += taken[0].rows
    for segment in earlier:
        if stale.isdisjoint(known[segment]):
            yield segment, known[segment]
        else:
            yield _merge(storage, next(numbers), {segment: known[segment]}, {}, stale)
    if taken or gathered:
        yield _merge(storage, next(numbers), {segment: known[segment] for segment in taken}, gathered, stale)


def _merge(
    storage: Storage,
    number: int,
    segments: Mapping[Segment, Mapping[str, str]],
    parts: Mapping[Batch, Gathered],
    stale: set[str],
) -> tuple[Segment, Mapping[str, str]]:
    """Write one segment of others, without what is stale there, and of parts; with its documents."""
    without, nothing = pa.array(sorted(stale), pa.string()), pa.array([], pa.string())
    versions = {name: of[name] for of in segments.values() for name in of if name not in stale}
    for part in parts.values():
        versions |= part.documents
    with ExitStack() as stack:

        def head(name: str, left_out: pa.Array) -> Head:
            return Head(stack.enter_context(closing(SegmentFile(storage, name))), left_out)

        heads = [head(segment.words, without) for segment in segments] + [head(part.rows, nothing) for part in parts]
        return write_segment(storage, number, merged(heads), versions), versions
