"""Objects by their URLs: one request for each where that will do, tried again when the store stumbles."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TypeVar

from pipeline.failures import NothingDone, StoreLost, lost
from pipeline.stores.options import given, parsed

# Seconds between tries, some half a minute in all.
PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
READ_AHEAD: Final = 1 << 20
EXTRAS: Final = {"s3": "aws", "gs": "gcp"}
T = TypeVar("T")
Listed = tuple[list["Found"], str | None]


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its URL or, within a bucket, its name; size in bytes; last change in seconds since 1970."""

    name: str
    size: int
    modified: float


class Unavailable(Exception):
    """The store did not answer, broke off, or asked to come again later."""


class Client(Protocol):
    """One try of each request.

    Raises FileNotFoundError for an object that is not there, PermissionError for one that may not be touched,
    Unavailable where another try may help, and StoreLost where the bucket or the credentials are no good.
    """

    def page(self, bucket: str, prefix: str, token: str | None) -> Listed:
        """Some objects by the bytes of their names, and the token of the next page."""

    def stat(self, bucket: str, name: str) -> Found:
        """What is known of an object."""

    def read(self, bucket: str, name: str, start: int, end: int | None) -> bytes:
        """An object from byte `start` up to `end`, or to its end."""

    def download(self, bucket: str, name: str, file: BinaryIO) -> None:
        """Write an object into a file."""

    def write(self, bucket: str, name: str, content: bytes, new: bool) -> None:
        """Put an object in place, whole or not at all; with `new` raises FileExistsError where there is one."""

    def upload(self, bucket: str, name: str, path: Path) -> None:
        """Put a file's content in place as an object, whole or not at all."""

    def delete(self, bucket: str, name: str) -> None:
        """Remove an object; one that is missing is fine."""


class Store:
    """The objects of one scheme. Raises what `Client` says, StoreLost instead of Unavailable once it was patient."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lost = False

    def list(self, prefix: str) -> Iterator[Found]:
        """All objects whose URLs begin with `prefix`, which names a bucket; in order of their names' code points."""
        token: str | None = None
        while True:
            found, token = self._page(prefix, token)
            yield from found
            if token is None:
                return

    def reach(self, url: str) -> None:
        """Ask with little patience whether the bucket of a URL can be listed; raises NothingDone."""
        try:
            self._patiently(url, partial(self._client.page, *_split(url), None), PAUSES[:3])
        except (StoreLost, OSError) as error:
            raise NothingDone(f"{url}: {error}. Check the address, the network and the credentials") from error

    def check_bucket(self, url: str) -> None:
        """Raise StoreLost where not only an object is missing but its bucket."""
        self._page(url, None)

    def stat(self, url: str) -> Found:
        """What is known of an object."""
        found = self._patiently(url, partial(self._client.stat, *_split(url)))
        return Found(url, found.size, found.modified)

    def read(self, url: str, start: int = 0, end: int | None = None) -> bytes:
        """An object, or its bytes from `start` up to `end`."""
        return self._patiently(url, partial(self._client.read, *_split(url), start, end))

    def download(self, url: str, file: BinaryIO) -> None:
        """Write an object into an empty file."""

        def again() -> None:
            file.seek(0)
            file.truncate()
            self._client.download(*_split(url), file)

        self._patiently(url, again)

    def open(self, url: str) -> BinaryIO:
        """An object, to read parts of it."""
        from apache_beam.io.filesystemio import Downloader, DownloaderStream

        size, read = self.stat(url).size, partial(self.read, url)

        class Parts(Downloader):  # type: ignore[misc]
            @property
            def size(self) -> int:
                return size

            def get_range(self, start: int, end: int) -> bytes:
                return read(start, end)

        return BufferedReader(DownloaderStream(Parts()), READ_AHEAD)

    def write(self, url: str, content: bytes, new: bool = False) -> None:
        """Put an object in place, whole or not at all; with `new` raises FileExistsError where there is one."""
        self._patiently(url, partial(self._client.write, *_split(url), content, new))

    def upload(self, url: str, path: Path) -> None:
        """Put a file's content in place, whole or not at all."""
        self._patiently(url, partial(self._client.upload, *_split(url), path))

    def delete(self, url: str) -> None:
        """Remove an object; one that is missing is fine."""
        with suppress(FileNotFoundError):
            self._patiently(url, partial(self._client.delete, *_split(url)))

    def _page(self, prefix: str, token: str | None) -> Listed:
        bucket, start = _split(prefix)
        root = prefix.removesuffix(start)
        found, following = self._patiently(prefix, partial(self._client.page, bucket, start, token))
        return [Found(root + each.name, each.size, each.modified) for each in found], following

    def _patiently(self, url: str, request: Callable[[], T], pauses: Sequence[float] | None = None) -> T:
        """Try again after growing pauses; but not again and again in a store that was given up before."""
        for pause in () if self._lost else PAUSES if pauses is None else pauses:
            try:
                return request()
            except Unavailable:
                time.sleep(pause * random.uniform(0.5, 1))
        try:
            answer = request()
        except Unavailable as error:
            self._lost = True
            raise lost("/".join(url.split("/")[:3]), error) from error
        self._lost = False
        return answer


def is_known(url: str) -> bool:
    """Whether a URL is of a store that `store_of` knows."""
    return url.partition("://")[0] in EXTRAS


def store_of(url: str) -> Store:
    """The store of a URL, as the options of this process say. Raises NothingDone for one that Inkbeam does not know."""
    if not is_known(url):
        raise NothingDone(f"cannot use {url}: there are gs:// and s3://; give a plain path for local files")
    return _store(url.partition("://")[0], given())


@lru_cache(maxsize=8)
def _store(scheme: str, options: tuple[str, ...]) -> Store:
    try:
        if scheme == "s3":
            from pipeline.stores.s3 import S3

            return Store(S3(parsed(options)))
        from pipeline.stores.gcs import Gcs

        return Store(Gcs(parsed(options)))
    except ImportError as error:
        raise NothingDone(
            f"{scheme}:// needs more than is installed ({error}): pip install 'inkbeam[{EXTRAS[scheme]}]'"
        ) from error


def _split(url: str) -> tuple[str, str]:
    """Bucket and name."""
    bucket, _, name = url.partition("://")[2].partition("/")
    return bucket, name
