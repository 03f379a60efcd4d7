"""The word index opened for queries: a few row groups are read, whatever its size."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Final, Self, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from pipeline.failures import NothingDone
from pipeline.index.segments import DamagedIndex, Segment, SegmentFile, load_manifest
from pipeline.schema import schema
from pipeline.storage import Storage

AT_ONCE: Final = 4  # row groups that are read together, by several threads
NO_ROWS: Final = schema("words").empty_table()

Found = TypeVar("Found")


class Index:
    """All segments of an index, open as long as the context lasts; `warn` is told of those that are damaged."""

    def __init__(self, storage: Storage, segments: Sequence[Segment], warn: Callable[[str], None]) -> None:
        self._storage, self._segments, self._warn = storage, segments, warn
        self._stack = ExitStack()
        self._open: dict[str, SegmentFile] = {}

    @classmethod
    def open(cls, storage: Storage, warn: Callable[[str], None]) -> Self:
        """The index of an output; raises NothingDone where there is none, or its manifest is damaged."""
        segments = load_manifest(storage)
        if segments is None:
            raise NothingDone(f"{storage.root} has no word index; make it with `inkbeam index {storage.root}`")
        return cls(storage, segments, warn)

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

        def among(file: SegmentFile) -> Mapping[str, int]:
            tokens = file.column("token")
            near = pc.less_equal(pc.abs(pc.subtract(pc.utf8_length(tokens), len(token))), distance)
            return _within(tokens.filter(near).to_pylist(), token, distance)

        found: dict[str, int] = {}
        for tokens in self._each([segment.tokens for segment in self._segments], among):
            found |= tokens
        return found

    def _rows(self, may_hold: Callable[[str, str], bool], matches: Callable[[pa.ChunkedArray], pa.Array]) -> pa.Table:
        def among(file: SegmentFile) -> pa.Table:
            groups = [group for group, first, last in file.bounds() if may_hold(first, last)]
            several = (file.rows(groups[at : at + AT_ONCE]) for at in range(0, len(groups), AT_ONCE))
            return pa.concat_tables([NO_ROWS, *(_only(rows, matches(rows["token"])) for rows in several)])

        return pa.concat_tables([NO_ROWS, *self._each([segment.words for segment in self._segments], among)])

    def _each(self, names: Sequence[str], use: Callable[[SegmentFile], Found]) -> Iterator[Found]:
        """What comes of each of these files that is not damaged."""
        for name in names:
            try:
                if name not in self._open:
                    self._open[name] = self._stack.enter_context(closing(SegmentFile(self._storage, name)))
                found = use(self._open[name])
            except DamagedIndex as error:
                self._warn(f"{error}; hits there are missing")
                continue
            yield found


def _only(rows: pa.Table, wanted: pa.ChunkedArray) -> pa.Table:
    """The wanted rows; no copies where they stand together, as those of one token do."""
    first, count = pc.index(wanted, True).as_py(), pc.sum(wanted).as_py() or 0
    together = rows.num_rows and pc.all(wanted.slice(max(0, first), count)).as_py()
    return rows.slice(max(0, first), count) if together else rows.filter(wanted)


def _within(tokens: Sequence[str], token: str, distance: int) -> dict[str, int]:
    near = process.extract_iter(token, tokens, scorer=Levenshtein.distance, processor=None, score_cutoff=distance)
    return {found: int(how_far) for found, how_far, _ in near}
