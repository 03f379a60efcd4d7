"""The word index opened for queries: a few row groups are read, whatever its size."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from pipeline.failures import NothingDone
from pipeline.index.segments import Segment, load_manifest
from pipeline.schema import schema
from pipeline.storage import Storage

LAST: Final = "\U0010ffff"


class Index:
    """All segments of an index. Close it, or use it as a context."""

    def __init__(self, storage: Storage, segments: Sequence[Segment]) -> None:
        self._storage, self._segments = storage, segments
        self._stack = ExitStack()
        self._open: dict[str, pq.ParquetFile] = {}

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """The index of an output; raises NothingDone where there is none, or it is damaged."""
        segments = load_manifest(storage)
        if segments is None:
            raise NothingDone(f"{storage.root} has no word index; make it with `inkbeam index {storage.root}`")
        return cls(storage, segments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def of(self, tokens: Sequence[str]) -> pa.Table:
        """All rows whose token is one of these, with the columns of `words`."""
        wanted = pa.array(sorted(set(tokens)), pa.string())
        return self._rows(
            lambda first, last: any(first <= token <= last for token in tokens),
            lambda column: pc.is_in(column, wanted),
        )

    def beginning(self, prefix: str) -> pa.Table:
        """All rows whose token begins so, with the columns of `words`."""
        return self._rows(
            lambda first, last: first[: len(prefix)] <= prefix <= last,
            lambda column: pc.starts_with(column, prefix),
        )

    def similar(self, token: str, distance: int) -> Mapping[str, int]:
        """The tokens of the index within a Levenshtein distance, each with its own."""
        found: dict[str, int] = {}
        for segment in self._segments:
            tokens = self._file(segment.tokens).read(columns=["token"])["token"]
            lengths = pc.utf8_length(tokens)
            near = pc.less_equal(pc.abs(pc.subtract(lengths, len(token))), distance)
            found |= _within(tokens.filter(near).to_pylist(), token, distance)
        return found

    def _rows(self, may_hold: Callable[[str, str], bool], matches: Callable[[pa.ChunkedArray], pa.Array]) -> pa.Table:
        pieces = [schema("words").empty_table()]
        for segment in self._segments:
            file = self._file(segment.words)
            groups = [group for group, first, last in _bounds(file) if may_hold(first, last)]
            for group in groups:
                rows = file.read_row_group(group)
                pieces.append(rows.filter(matches(rows["token"])))
        return pa.concat_tables(pieces)

    def _file(self, name: str) -> pq.ParquetFile:
        """A file of the index, opened once; raises NothingDone when it is damaged or missing."""
        if name not in self._open:
            try:
                self._open[name] = pq.ParquetFile(self._stack.enter_context(self._storage.open(name)))
            except (pa.ArrowException, OSError) as error:
                raise NothingDone(
                    f"{self._storage.root}/{name} is damaged or missing ({error}). "
                    f"Remove the folder index and run `inkbeam index {self._storage.root}`"
                ) from error
        return self._open[name]


def _bounds(file: pq.ParquetFile) -> Iterator[tuple[int, str, str]]:
    """Row groups with their first and last token."""
    for group in range(file.num_row_groups):
        statistics = file.metadata.row_group(group).column(0).statistics
        yield group, statistics.min, statistics.max


def _within(tokens: Sequence[str], token: str, distance: int) -> dict[str, int]:
    near = process.extract_iter(token, tokens, scorer=Levenshtein.distance, processor=None, score_cutoff=distance)
    return {found: int(how_far) for found, how_far, _ in near}
