"""Sources as files that native libraries can open."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pipeline.failures import PageError

WEB: Final = ("http://", "https://")


@contextmanager
def local_copy(path: str) -> Iterator[str]:
    """The path itself, or, of an object in a store (gs://, s3://), that of a copy which lasts as long as the block.

    Raises PageError for what lies on the web, which METS files may name.
    """
    if "://" not in path:
        yield path
        return
    if path.startswith(WEB):
        raise PageError("probe", "remote", f"{path} lies on the web")
    from apache_beam.io.filesystems import FileSystems

    with TemporaryDirectory(prefix="inkbeam-") as folder:
        copy = Path(folder) / "source"
        with FileSystems.open(path) as stream:
            copy.write_bytes(stream.read())
        yield str(copy)
