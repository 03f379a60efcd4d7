"""What is known of documents, from a catalogue and from the sources themselves -> the table `documents`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pipeline.catalogue import Catalogue
from pipeline.document import Record
from pipeline.plan import Decision
from pipeline.storage import Storage
from pipeline.store import file_name, record_parquet


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
    changed = [decision for decision, record in found if _write(storage, decision, record, collection)]
    return Catalogued(catalogue, len(found), len(changed), sum(not decision.read for decision in changed))


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


def _write(storage: Storage, decision: Decision, record: Record, collection: str) -> bool:
    """Whether it had to be written."""
    origin, state = decision.origin, decision.state
    where = collection if decision.read or state is None else state.collection
    name = file_name("documents", where, origin.document_id)
    content = record_parquet(origin.document_id, origin.name, record)
    if _stored(storage, name) == content:
        return False
    storage.write(name, content)
    return True


def _stored(storage: Storage, name: str) -> bytes | None:
    try:
        return storage.read(name)
    except FileNotFoundError:
        return None
