"""Sources as files that native libraries can open."""

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Final, cast

from pipeline.failures import PageError
from pipeline.files import hash_file
from pipeline.stores.store import is_known, store_of

KEPT_BYTES: Final = 1 << 29


@dataclass
class _Copy:
    """A copy of an object, how many blocks use it now, and whether it is kept for others when they end."""

    path: Path
    sha256: str
    users: int = 1
    kept: bool = True

    def tidy(self) -> None:
        """Delete it when nobody needs it any more."""
        if not self.kept and not self.users:
            self.path.unlink(missing_ok=True)


@dataclass
class Copies:
    """Copies of objects for the following pages of the same files: those used last, within `limit` bytes, and always
    the very last.

    Threads may use them; two that want the same object at the same time may both fetch it.
    """

    limit: int = KEPT_BYTES
    _kept: dict[str, _Copy] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def of(self, url: str, sha256: str) -> Iterator[str]:
        """The path of a copy with this hash; where that is "", of one that is fetched now. Raises as `local_copy`."""
        copy = self._find(url, sha256) or self._keep(url, _fetched(url))
        try:
            if sha256 not in ("", copy.sha256):
                raise PageError("render", "changed", "the object is another than the one that was listed")
            yield str(copy.path)
        finally:
            with self._lock:
                copy.users -= 1
                copy.tidy()

    def clear(self) -> None:
        """Delete all that are not in use."""
        with self._lock:
            for url in list(self._kept):
                self._drop(url)

    def _find(self, url: str, sha256: str) -> _Copy | None:
        with self._lock:
            copy = self._kept.get(url)
            if copy is None or copy.sha256 != sha256:
                return None
            self._kept[url] = self._kept.pop(url)  # the last is the one used last
            copy.users += 1
            return copy

    def _keep(self, url: str, copy: _Copy) -> _Copy:
        with self._lock:
            if url in self._kept:
                self._drop(url)
            self._kept[url] = copy
            room = self.limit - copy.path.stat().st_size
            for other in list(reversed(self._kept))[1:]:
                room -= self._kept[other].path.stat().st_size
                if room < 0:
                    self._drop(other)
            return copy

    def _drop(self, url: str) -> None:
        copy = self._kept.pop(url)
        copy.kept = False
        copy.tidy()


_copies: Final = Copies()
atexit.register(_copies.clear)


@contextmanager
def local_copy(path: str, sha256: str = "") -> Iterator[str]:
    """The path itself, or, of an object in a store (gs://, s3://), that of a copy, good for as long as the block lasts.

    `sha256`: the content that is expected of an object, of which a copy may be kept here already. Raises PageError for
    another content, and for what lies on the web, which METS files may name; OSError where the object is not there or
    may not be read; StoreLost where the store is gone.
    """
    if "://" not in path:
        yield path
        return
    if not is_known(path):
        raise PageError("probe", "remote", f"{path} lies on the web")
    with _copies.of(path, sha256) as copy:
        yield copy


def _fetched(url: str) -> _Copy:
    """A copy in a file of its own."""
    store = store_of(url)
    with NamedTemporaryFile(prefix="inkbeam-", delete=False) as file:
        path = Path(file.name)
        try:
            store.download(url, cast(BinaryIO, file))
        except BaseException as error:
            path.unlink()
            if isinstance(error, FileNotFoundError):
                store.check_bucket(url)
            raise
    return _Copy(path, hash_file(str(path)))
