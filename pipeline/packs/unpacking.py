"""Documents get files of their own again, and what a killed writer began is ended. The order of steps is that of
`pipeline.packs`.

Where a pack is damaged or gone, what can be read of it is kept, and the other documents are to be read again: their
rows of state say so before the map forgets them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from pipeline import state
from pipeline.packs.packing import TABLES
from pipeline.packs.reader import DAMAGE, KEY, Pack, Sorted, load_map
from pipeline.packs.writer import Version, map_rows, next_number, save_map, write_pack
from pipeline.storage import Entry, Storage
from pipeline.store import file_content, file_name, files_alone


def unpack(storage: Storage, ids: Collection[str], tables: Sequence[str] = TABLES) -> set[str]:
    """Give these documents files of their own in these tables, and end what a killed writer began there. The documents
    that were lost with damaged packs, which are then to be read again.

    Nobody else may be writing. Raises NothingDone where a map is damaged or the disk full.
    """
    return {lost for table in tables for lost in _unpack(storage, table, ids)}


def _unpack(storage: Storage, name: str, ids: Collection[str]) -> set[str]:
    packs = {pack: file for file in storage.list(f"{name}/collection=") if (pack := Pack.named(file.name))}
    rows = load_map(storage, name)
    if not packs and not rows.num_rows:
        return set()
    alone = {(collection, document_id): file for collection, document_id, file in files_alone(storage, name)}
    table = _Table(storage, name, rows, packs, alone)
    table.claim()
    due = tqdm(table.due(ids), desc=f"unpacking {name}", unit="pack", leave=False, disable=None)
    return {lost for pack in due for lost in table.settle(pack, ids)}


@dataclass
class _Table:
    """A table that is being unpacked: its map, and what lies there, alone by collection and document."""

    storage: Storage
    name: str
    rows: pa.Table
    packs: Mapping[Pack, Entry]
    alone: Mapping[tuple[str, str], Entry]

    def claim(self) -> None:
        """Of packs that the map does not name, delete what a killed writer left; one that has documents which are
        nowhere else is taken into the map, which must have been lost.
        """
        for pack in _ordered(self.packs.keys() - self._named(self.rows)):
            known = self._versions(pc.equal(self.rows["collection"], pack.collection))
            new = [document_id for document_id in self._documents(pack) if document_id not in known]
            if all((pack.collection, document_id) in self.alone for document_id in new):
                self.storage.delete(pack.name)
            else:
                file = self.packs[pack]
                self._save(self.rows, map_rows(pack, new, [(file.size // len(new), file.modified)] * len(new)))

    def due(self, ids: Collection[str]) -> list[Pack]:
        """Packs that are gone, and those with some of these documents, or with some that lie alone too."""
        named = {*ids, *(document_id for _, document_id in self.alone)}
        some = self.rows.filter(pc.is_in(self.rows[KEY], pa.array(named, pa.string())))
        return _ordered(self._named(some) | (self._named(self.rows) - self.packs.keys()))

    def settle(self, pack: Pack, ids: Collection[str]) -> list[str]:
        """Take these documents out of a pack, and those whose own file is another than was packed; where it is that
        one, delete it. The documents that were lost.
        """
        versions = self._versions(self._rows_of(pack))
        out = set()
        for document_id, version in versions.items():
            file = self.alone.get((pack.collection, document_id))
            if document_id in ids or (file and (file.size, file.modified) != version):
                out.add(document_id)
            elif file:
                self.storage.delete(file.name)
        return self._take_out(pack, versions, out) if out or pack not in self.packs else []

    def _take_out(self, pack: Pack, versions: Mapping[str, Version], out: Collection[str]) -> list[str]:
        """Write the files of documents that have none, then the pack without them; the documents that were lost."""
        source = Sorted(self.storage, pack.name, self.packs.get(pack, Entry(pack.name, 0, 0.0)))
        lost: list[str] = []
        leaving = (each for each in sorted(out) if (pack.collection, each) not in self.alone)
        for document_id, rows in _readable(source, leaving, lost):
            self.storage.write(file_name(self.name, pack.collection, document_id), file_content(rows))
        made = replace(pack, number=next_number(self.rows))
        kept = write_pack(self.storage, made, _readable(source, (each for each in versions if each not in out), lost))
        if lost:
            state.undo(self.storage, lost)
        others = self.rows.filter(pc.invert(self._rows_of(pack)))
        self._save(others, map_rows(made, kept, [versions[document_id] for document_id in kept]))
        self.storage.delete(pack.name)
        return lost

    def _save(self, *rows: pa.Table) -> None:
        self.rows = save_map(self.storage, self.name, pa.concat_tables(rows))

    def _rows_of(self, pack: Pack) -> pa.ChunkedArray:
        return pc.and_(pc.equal(self.rows["collection"], pack.collection), pc.equal(self.rows["pack"], pack.number))

    def _versions(self, mask: pa.ChunkedArray) -> dict[str, Version]:
        """Sizes and times of the files in some rows of the map, by document."""
        ids, sizes, times = (self.rows.filter(mask)[name].to_pylist() for name in (KEY, "size", "modified"))
        return dict(zip(ids, zip(sizes, times, strict=True), strict=True))

    def _named(self, rows: pa.Table) -> set[Pack]:
        pairs = rows.group_by(["collection", "pack"]).aggregate([]).to_pylist()
        return {Pack(self.name, pair["collection"], pair["pack"]) for pair in pairs}

    def _documents(self, pack: Pack) -> list[str]:
        """Those that a pack has; none where it is damaged, as a store may leave one whose writer was killed."""
        with suppress(*DAMAGE):
            return Sorted(self.storage, pack.name, self.packs[pack]).documents
        return []


def _ordered(packs: Iterable[Pack]) -> list[Pack]:
    return sorted(packs, key=lambda pack: pack.number)


def _readable(pack: Sorted, ids: Iterable[str], lost: list[str]) -> Iterator[tuple[str, pa.Table]]:
    """Documents of a pack with their rows; those that cannot be read are lost."""
    for document_id in ids:
        try:
            rows = pack.rows(document_id)
        except DAMAGE:
            lost.append(document_id)
        else:
            yield document_id, rows
