"""The command `remove`: documents withdrawn from OUT. All that was written of them is erased; their ids are kept, so
that no run reads them again.

Every file that holds one document alone is named by its id; those in packs are unpacked first. What names several, the
accounts of runs and of a comparison, is written anew without them; the report is deleted.
"""

import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from pipeline import state
from pipeline.accounts import RUNS
from pipeline.comparison.command import COMPARISON
from pipeline.comparison.dataset import CROPS
from pipeline.counting import counted
from pipeline.failures import NothingDone, UsageError
from pipeline.files import absolute
from pipeline.formats import FORMATS
from pipeline.index.segments import load_manifest
from pipeline.index.update import update_index
from pipeline.lock import locked
from pipeline.packs.reader import Pack
from pipeline.packs.unpacking import unpack
from pipeline.report.command import NAME as REPORT
from pipeline.storage import Storage, open_output, output_root
from pipeline.store import read_table

TABLES_WITH_SOURCES: Final = ("pages/", "failures/")


@dataclass(frozen=True)
class Withdrawn:
    """The documents to erase: their ids, and paths of what they were made from."""

    ids: Collection[str]
    sources: Collection[str]

    def owns(self, root: str, name: str) -> bool:
        """Whether a file of OUT is one document's alone: named by its id, or line crops that were compared."""
        crops = name.startswith(CROPS) and absolute(f"{root}/{name}") in self.sources
        return crops or not _stems(name).isdisjoint(self.ids)

    def named_by(self, text: str) -> bool:
        """Whether a text is an id, a source, or the end of a source, as a relative path of the command line."""
        tail = [part for part in PurePosixPath(os.path.normpath(text)).parts if part not in ("..", "/")]
        return text in self.ids or any(tail and _ends(source, tail) for source in self.sources)


def remove(output: str, ids: Sequence[str]) -> str:
    """Erase the documents; what to tell. The memory of it is written first: killed halfway, another call goes on.

    Raises UsageError when an id is unknown, before anything is erased, and NothingDone where OUT holds nothing, is
    written to by a run, or is damaged.
    """
    storage, wanted = _opened(output), frozenset(ids)
    with locked(storage):
        storage.sweep()
        state.fold(storage)
        names = [entry.name for entry in storage.list()]
        rows, before = state.load(storage), state.removed(storage)
        _check_known(wanted, rows.keys() | before | set(map(_document_of, names)))
        state.remember_removed(storage, before | wanted)
        unpack(storage, wanted)
        names = [entry.name for entry in storage.list()]
        sources = {rows[name].source for name in wanted & rows.keys()} | set(_sources(storage, names, wanted))
        erased = _erase(storage, names, Withdrawn(wanted, sources))
        if load_manifest(storage) is not None:
            update_index(output_root(output, storage))
        state.forget(storage, wanted)  # last: until then a row tells where the document is from
    return _told(output, len(wanted), erased, REPORT in names)


def allow(output: str, ids: Sequence[str]) -> str:
    """Forget that these documents were removed; what to tell. Raises UsageError when one of them was not."""
    storage, wanted = _opened(output), frozenset(ids)
    with locked(storage):
        before = state.removed(storage)
        _check_known(wanted, before)
        state.remember_removed(storage, before - wanted)
    return f"{counted(len(wanted), 'document')} may be read again: the next run does so"


def _opened(output: str) -> Storage:
    storage = open_output(output)
    if not any(storage.list()):
        raise NothingDone(f"{output} holds nothing; name an OUT of `inkbeam digitize`")
    return storage


def _check_known(wanted: Collection[str], known: Collection[str | None]) -> None:
    if unknown := sorted(set(wanted) - set(known)):
        raise UsageError(
            f"no document {', '.join(unknown)}, nothing was changed; give ids as they stand in the column document_id"
        )


def _document_of(name: str) -> str | None:
    """The document that a file of a table or format tells of alone; None for all other files."""
    if Pack.named(name):
        return None
    top, _, below = name.partition("/")
    last = below.rpartition("/")[2] if below.startswith("collection=") else below.partition("/")[0]
    return last.partition(".")[0] if top in FORMATS or below.startswith("collection=") else None


def _stems(name: str) -> set[str]:
    """What may be an id in the name of a file: names of folders, and its own, without what follows a dot."""
    return {part.partition(".")[0] for part in name.split("/")}


def _ends(source: str, tail: Sequence[str]) -> bool:
    return PurePosixPath(source).parts[-len(tail) :] == tuple(tail)


def _sources(storage: Storage, names: Iterable[str], ids: Collection[str]) -> Iterator[str]:
    """Files that the pages were read from."""
    for name in names:
        if name.startswith(TABLES_WITH_SOURCES) and _stems(name) & set(ids):
            with suppress(NothingDone):  # a damaged file tells nothing; it is erased all the same
                yield from read_table(storage, name, ["source"]).column("source").to_pylist()


def _erase(storage: Storage, names: Iterable[str], withdrawn: Withdrawn) -> int:
    """Accounts first, while the tables still tell the sources; the number of files that were deleted."""
    own = []
    for name in names:
        if withdrawn.owns(storage.root, name):
            own.append(name)
        elif name == COMPARISON or name.startswith(RUNS):
            _rewrite(storage, name, withdrawn)
    storage.delete(REPORT)
    for name in own:
        storage.delete(name)
    return len(own)


def _rewrite(storage: Storage, name: str, withdrawn: Withdrawn) -> None:
    """An account without what names the documents."""
    content = storage.read(name)
    try:
        account = json.loads(content)
    except ValueError as error:
        raise NothingDone(
            f"{storage.root}/{name} is damaged ({error}), so that nobody knows whom it names; delete it and run again"
        ) from error
    kept = _without(account, withdrawn)
    if kept != account:
        storage.write(name, (json.dumps(kept, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))


def _without(value: Any, withdrawn: Withdrawn) -> Any:
    """JSON without the members of lists that name a document, themselves or in one of their fields."""
    if isinstance(value, dict):
        return {key: _without(member, withdrawn) for key, member in value.items()}
    if isinstance(value, list):
        return [_without(member, withdrawn) for member in value if not _names(member, withdrawn)]
    return value


def _names(member: Any, withdrawn: Withdrawn) -> bool:
    fields = member.values() if isinstance(member, dict) else (member,)
    return any(isinstance(field, str) and withdrawn.named_by(field) for field in fields)


def _told(output: str, documents: int, files: int, report: bool) -> str:
    done = f"removed {counted(documents, 'document')}: {counted(files, 'file')} erased; no run reads them again"
    return f"{done}\nthe report is deleted; `inkbeam report {output}` writes it anew" if report else done
