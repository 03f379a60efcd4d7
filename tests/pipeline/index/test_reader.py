from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.failures import NothingDone
from pipeline.index import segments
from pipeline.index.reader import Index
from pipeline.index.segments import Head, Segment, SegmentFile, load_manifest, merged, save_manifest, write_segment
from pipeline.index.update import update_index
from pipeline.schema import schema
from pipeline.storage import LocalStorage
from tests.pipeline.index.made import document_rows, one_page, output

DOCUMENTS = [
    one_page("one", "the cat sat", "on the mat"),
    one_page("two", "a cat", "category cart"),
    one_page("three", "dogs and cats"),
]


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    """Three segments."""
    made = output(tmp_path, *DOCUMENTS)
    found = [
        write_segment(made, number, [document_rows(document)], {document.id: ""})
        for number, document in enumerate(DOCUMENTS, 1)
    ]
    save_manifest(made, found)
    return made


def test_rows_of_tokens_come_from_all_segments(storage: LocalStorage) -> None:
    with Index.open(storage, print) as index:
        assert index.of(["cat"])["document_id"].to_pylist() == ["one-00000000", "two-00000000"]
        assert sorted(index.of(["cat", "mat", "none"])["token"].to_pylist()) == ["cat", "cat", "mat"]
        assert index.of(["none"]).schema == schema("words")
        assert index.of([]).num_rows == 0


def test_prefixes(storage: LocalStorage) -> None:
    with Index.open(storage, print) as index:
        assert sorted(index.beginning("cat")["token"].to_pylist()) == ["cat", "cat", "category", "cats"]
        assert index.beginning("z").num_rows == 0


def test_similar_tokens(storage: LocalStorage) -> None:
    with Index.open(storage, print) as index:
        assert index.similar("cat", 1) == {"cat": 0, "cats": 1, "cart": 1, "sat": 1, "mat": 1}
        assert index.similar("kategori", 1) == {}
        assert index.similar("kategory", 1) == {"category": 1}


def test_a_query_reads_a_few_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "ROWS_A_GROUP", 2)
    storage = output(tmp_path, one_page("a", " ".join(f"w{number:02}" for number in range(20))))
    update_index(storage.root)
    read: list[int] = []
    whole = pq.ParquetFile.read_row_groups

    def note(self: pq.ParquetFile, groups: list[int]) -> pa.Table:
        read.extend(groups)
        return whole(self, groups)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", note)
    with Index.open(storage, print) as index:
        assert index.of(["w07"]).num_rows == 1
        assert index.beginning("w1").num_rows == 10
    assert read == [3, 5, 6, 7, 8, 9]


def test_files_help_others_to_find_a_token(storage: LocalStorage) -> None:
    (first, *_) = load_manifest(storage) or []
    file = pq.ParquetFile(Path(storage.root, first.words))
    assert file.schema_arrow == schema("words")
    token = file.metadata.row_group(0).column(0)
    assert token.has_offset_index
    assert token.has_column_index
    assert (token.statistics.min, token.statistics.max) == ("cat", "the")
    assert file.metadata.row_group(0).sorting_columns[0].column_index == 0
    tokens = pq.read_table(Path(storage.root, first.tokens))
    assert tokens.to_pydict() == {"token": ["cat", "mat", "on", "sat", "the"], "rows": [1, 1, 1, 1, 2]}


def test_without_an_index_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match=r"has no word index; make it with `inkbeam index"):
        Index.open(LocalStorage(str(tmp_path)), print)


def damage_whole(content: bytes) -> bytes:  # noqa: ARG001
    return b"PAR1"


def damage_rows(content: bytes) -> bytes:
    return content[:4] + b"\xff" * 200 + content[204:]


@pytest.mark.parametrize("damage", [damage_whole, damage_rows, None])
def test_a_damaged_or_missing_segment_is_named_and_the_others_answer(
    storage: LocalStorage, damage: Callable[[bytes], bytes] | None
) -> None:
    name = Segment(2, 0).words
    content = storage.read(name)
    storage.delete(name)
    if damage:
        storage.write(name, damage(content))
    told: list[str] = []
    with Index.open(storage, told.append) as index:
        assert index.of(["cat"])["document_id"].to_pylist() == ["one-00000000"]
    assert len(told) == 1
    assert f"{name} is damaged or missing" in told[0]
    assert "`inkbeam index" in told[0]


@pytest.mark.parametrize("part", ["words", "tokens", "documents"])
def test_updating_makes_damaged_segments_anew(storage: LocalStorage, part: str) -> None:
    update_index(storage.root)
    for segment in load_manifest(storage) or []:
        storage.write(getattr(segment, part), b"PAR1")
    done = update_index(storage.root)
    assert (done.documents, done.rows, len(done.damaged)) == (3, 13, 1)
    assert "1 damaged segment made anew" in done.told()
    with Index.open(storage, print) as index:
        assert index.of(["cat"]).num_rows == 2


texts = st.lists(st.sampled_from(["a", "b", "bb", "c", "é", "z"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4), st.integers(1, 5), st.sets(st.integers(0, 3)))
def test_merging_gives_what_sorting_all_would(many: list[list[str]], size: int, gone: set[int]) -> None:
    tables = [document_rows(one_page(f"d{number}", " ".join(words))) for number, words in enumerate(many)]
    without = pa.array([f"d{number}-00000000" for number in gone], pa.string())
    with TemporaryDirectory() as folder:
        storage = LocalStorage(folder)
        for number, table in enumerate(tables):
            pq.write_table(table, f"{folder}/{number}", row_group_size=size)
        files = [SegmentFile(storage, str(number)) for number in range(len(tables))]
        heads = [Head(file, without) for file in files]
        found = pa.concat_tables([schema("words").empty_table(), *merged(heads)])
        for file in files:
            file.close()
    expected = pa.concat_tables(tables)
    expected = expected.filter(pc.invert(pc.is_in(expected["document_id"], without)))
    keys = [(name, "ascending") for name in ("token", "document_id", "page", "position")]
    assert found.equals(expected.sort_by(keys))
