"""What is known of documents, from a catalogue and from the sources themselves -> the table `documents`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.catalogue import Catalogue
from pipeline.document import Record
from pipeline.failures import NothingDone
from pipeline.packs.unpacking import unpack
from pipeline.plan import Decision
from pipeline.storage import Storage
from pipeline.store import file_name, read_table, record_parquet

TABLE: Final = "documents"


@dataclass(frozen=True, slots=True)
class Catalogued:
    """What a run did with what is known of its documents.

    `described` documents have a record, `written` of these a new or changed one, `stale` of these were done before, so
    that their formats still tell the old one.
    """

    catalogue: Catalogue
    described: int
    written: int
    stale: int


def write_records(storage: Storage, decisions: Iterable[Decision], catalogue: Catalogue, collection: str) -> Catalogued:
    """Write the records that are not stored like this.

    `collection` is that of documents which are read now; others stay where they are.
    """
    found = list(_described(decisions, catalogue))
    changed = [each for each in found if not _is_stored(storage, *each, collection)]
    unpack(storage, {decision.origin.document_id for decision, _ in changed}, [TABLE])
    for decision, record in changed:
        storage.write(_name(decision, collection), _content(decision, record))
    return Catalogued(catalogue, len(found), len(changed), sum(not decision.read for decision, _ in changed))


def merged(own: Record, catalogued: Record) -> Record:
    """The record that a source brings along, with what the catalogue says in place of it."""
    said = {name: value for name in Record.__slots__ if (value := getattr(catalogued, name))}
    return replace(own, **said)


def _described(decisions: Iterable[Decision], catalogue: Catalogue) -> Iterator[tuple[Decision, Record]]:
    """Those that the catalogue or their source describes, but for removed ones."""
    for decision in decisions:
        own, catalogued = decision.origin.record, catalogue.records.get(decision.origin.document_id)
        if decision.reason != "removed" and (catalogued is not None or own != Record()):
            yield decision, merged(own, catalogued or Record())


def _is_stored(storage: Storage, decision: Decision, record: Record, collection: str) -> bool:
    """Whether the record is stored like this; a damaged one is not."""
    wanted = pq.ParquetFile(pa.BufferReader(_content(decision, record))).read(use_threads=False)
    try:
        return bool(read_table(storage, _name(decision, collection)).equals(wanted, check_metadata=True))
    except (FileNotFoundError, NothingDone):
        return False


def _name(decision: Decision, collection: str) -> str:
    """Of the file of a document's record, in the collection that the document is in after the run."""
    where = collection if decision.read or decision.state is None else decision.state.collection
    return file_name(TABLE, where, decision.origin.document_id)


def _content(decision: Decision, record: Record) -> bytes:
    return record_parquet(decision.origin.document_id, decision.origin.name, record)
