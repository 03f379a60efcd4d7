"""Sources as files that native libraries can open."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def local_copy(path: str) -> Iterator[str]:
    """The path itself, or, of an object in a store (gs://, s3://), that of a copy which lasts as long as the block."""
    if "://" not in path:
        yield path
        return
    from apache_beam.io.filesystems import FileSystems

    with TemporaryDirectory(prefix="inkbeam-") as folder:
        copy = Path(folder) / "source"
        with FileSystems.open(path) as stream:
            copy.write_bytes(stream.read())
        yield str(copy)
