"""`Storage` in an object store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

from pipeline.storage import Entry, explained
from pipeline.stores.store import Store, store_of


@dataclass(frozen=True, slots=True)
class ObjectStorage:
    """Objects below a URL. Raises NothingDone for a store that Inkbeam does not know."""

    root: str

    def __post_init__(self) -> None:
        self._store()

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """See `Storage.list`. One request for a thousand objects."""
        base = self._url("")
        for found in self._store().list(base + prefix):
            yield Entry(found.name.removeprefix(base), found.size, found.modified)

    def read(self, name: str) -> bytes:
        """See `Storage.read`."""
        return self._store().read(self._url(name))

    def open(self, name: str) -> BinaryIO:
        """See `Storage.open`. A request for what is known of it, and one for each part."""
        return self._store().open(self._url(name))

    def write(self, name: str, content: bytes) -> None:
        """See `Storage.write`. One request, under the final name: the object appears when it is complete."""
        url = self._url(name)
        with explained(url):
            self._store().write(url, content)

    def write_new(self, name: str, content: bytes) -> None:
        """Write an object that must not be there yet; raises FileExistsError."""
        url = self._url(name)
        self._store().write(url, content, new=True)

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """See `Storage.create`. Gathered in a local file, so that nothing is uploaded when the block raises."""
        url = self._url(name)
        with NamedTemporaryFile(prefix="inkbeam-") as file:
            yield cast(BinaryIO, file)
            file.flush()
            with explained(url):
                self._store().upload(url, Path(file.name))

    def delete(self, name: str) -> None:
        """See `Storage.delete`."""
        url = self._url(name)
        with explained(url):
            self._store().delete(url)

    def sweep(self) -> None:
        """See `Storage.sweep`. Object stores keep no leftovers."""

    def reach(self) -> None:
        """See `Storage.reach`. One request."""
        self._store().reach(self._url(""))

    def _url(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"

    def _store(self) -> Store:
        return store_of(self.root)
