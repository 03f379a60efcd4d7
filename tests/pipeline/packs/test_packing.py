"""Small files share packs, and whoever reads finds the same as before."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import state
from pipeline.document import Document, Record
from pipeline.failures import Failure
from pipeline.packs import packing
from pipeline.packs.packing import TABLES, pack
from pipeline.packs.reader import load_map
from pipeline.packs.unpacking import unpack
from pipeline.schema import schema
from pipeline.storage import LocalStorage
from pipeline.store import file_content, open_dataset, read_document, read_failures, read_table
from tests.pipeline.packs.made import (
    Memory,
    alone,
    commit,
    document,
    packs,
    redo,
    through_folders,
    through_store,
    versions,
    with_rows,
)

pytestmark = pytest.mark.usefixtures("small_packs")
FAILURE = Failure("a.png", 1, "render", "timeout", "late")
LETTERS = [document(name, "dear friend", "we write", "soon") for name in ("one", "two", "three", "four", "both")]


def filled(*more: Document) -> Memory:
    storage = Memory()
    for each in (*LETTERS, *more):
        commit(storage, each)
    return storage


def test_three_files_make_a_pack_and_what_is_left_over_lies_alone() -> None:
    storage = filled()
    before, known = through_store(storage), versions(storage)
    pack(storage, 2)
    assert packs(storage) == ["lines/collection=default/packed_00000001.parquet"]
    assert packs(storage, "pages") == ["pages/collection=default/packed_00000001.parquet"]
    assert alone(storage) == {"three-00000000", "two-00000000"}
    assert through_store(storage) == before
    assert through_folders(storage) == before
    assert versions(storage) == known


def test_a_pack_is_sorted_and_has_the_schema_of_the_table() -> None:
    storage = filled()
    pack(storage, 2)
    (name,) = packs(storage)
    table = read_table(storage, name)
    assert table.schema.equals(schema("lines"))
    ids = table["document_id"].to_pylist()
    assert ids == sorted(ids)
    assert len(set(ids)) == 3


def test_nothing_happens_below_the_threshold_or_a_second_time() -> None:
    storage = filled()
    storage.objects = {name: of for name, of in storage.objects.items() if "t" not in name.rpartition("/")[2][:1]}
    pack(storage, 2)
    assert len(packs(storage)) == 1
    before = dict(storage.objects)
    pack(storage, 2)
    assert storage.objects == before


def test_few_large_files_make_a_pack_too_and_the_largest_stay_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = filled(document("long", *["a line of many words"] * 200))
    (large,) = (entry.size for entry in storage.list("lines/collection=default/long"))
    monkeypatch.setattr(packing, "FILES", 1000)
    monkeypatch.setattr(packing, "BYTES", 3 * 7000)
    monkeypatch.setattr(packing, "SMALL", large - 1)
    pack(storage, 2)
    assert packs(storage)
    assert "long-00000000" in alone(storage)


def test_each_collection_has_packs_of_its_own() -> None:
    storage = filled(*(document(name, "an act", collection="acts") for name in ("one", "two", "six", "seven")))
    before = through_store(storage)
    pack(storage, 2)
    assert packs(storage) == [
        "lines/collection=acts/packed_00000001.parquet",
        "lines/collection=default/packed_00000002.parquet",
    ]
    assert through_store(storage) == before
    assert through_folders(storage) == before


def test_documents_without_lines_are_packed_and_found() -> None:
    storage = Memory()
    for name in ("one", "two", "three"):
        commit(storage, document(name))
    before = through_store(storage)
    pack(storage, 2)
    assert alone(storage) == set()
    assert through_store(storage) == before
    assert through_folders(storage) == with_rows(before)
    assert read_document(storage, "default", "two-00000000") == document("two")


def test_what_is_tried_again_or_not_done_stays_alone() -> None:
    storage = filled(document("six", "x"))
    commit(storage, document("late", "x"), FAILURE, transient=1)
    state.undo(storage, {"two-00000000"})
    pack(storage, 2)
    assert len(packs(storage)) == 1
    assert {"late-00000000", "two-00000000"} <= alone(storage)


def test_all_tables_are_packed_and_read() -> None:
    storage = Memory()
    record = Record(title="Register", further=(("box", "7"),))
    for name in ("both-one", "both-two", "both-three"):
        commit(storage, document(name, "dear", record=record), FAILURE)
    before = through_store(storage)
    pack(storage, 2)
    assert {entry.name.split("/")[0] for entry in storage.list() if "packed_" in entry.name} == set(TABLES)
    assert not any(alone(storage, table) for table in TABLES)
    assert through_store(storage) == before
    assert read_document(storage, "default", "both-one-00000000").record == record
    assert read_failures(storage, "default", "both-one-00000000") == (FAILURE,)
    assert read_failures(storage, "default", "nobody-00000000") == ()


def test_some_columns_of_a_packed_file() -> None:
    storage = filled()
    name = "lines/collection=default/one-00000000.parquet"
    wanted = [["text"], ["page", "document_id"], ["line", "words.list.element.confidence"]]
    before = [read_table(storage, name, columns) for columns in wanted]
    pack(storage, 2)
    assert [read_table(storage, name, columns) for columns in wanted] == before


def test_files_of_another_version_or_damaged_ones_stay_alone() -> None:
    storage = filled(document("six", "an old one"), document("seven", "a damaged one"), document("eight", "x"))
    name = "lines/collection=default/six-00000000.parquet"
    older = read_table(storage, name).drop_columns(["language"]).replace_schema_metadata({"schema_version": "1.1"})
    storage.write(name, file_content(older))
    storage.write("lines/collection=default/seven-00000000.parquet", b"PAR1")
    for each in (document("nine", "x"), document("ten", "x")):
        commit(storage, each)
    pack(storage, 2)
    assert {"six-00000000", "seven-00000000"} <= alone(storage)
    assert read_table(storage, name) == older


def test_older_files_are_packed_where_most_are_old() -> None:
    storage = filled()
    for entry in list(storage.list("lines/")):
        older = read_table(storage, entry.name).drop_columns(["row"]).replace_schema_metadata({"schema_version": "1.2"})
        storage.write(entry.name, file_content(older))
    before = tables(storage)
    pack(storage, 2)
    assert len(packs(storage)) == 1
    assert tables(storage).keys() < before.keys() | set(packs(storage) + packs(storage, "pages"))
    unpack(storage, {name.rpartition("/")[2].removesuffix(".parquet") for name in before})
    assert tables(storage) == before


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 4), min_size=3, max_size=7))
def test_unpacked_files_have_the_rows_and_the_schema_that_were_packed(made: dict[str, int]) -> None:
    storage = Memory()
    for name, lines in made.items():
        commit(storage, document(name, *["l'enfant dort"] * lines))
    before = tables(storage)
    pack(storage, 2)
    unpack(storage, {f"{name}-00000000" for name in made})
    after = tables(storage)
    assert after.keys() == before.keys()
    assert all(after[name].equals(before[name], check_metadata=True) for name in before)


def tables(storage: Memory) -> dict[str, pa.Table]:
    return {entry.name: read_table(storage, entry.name) for table in TABLES for entry in storage.list(f"{table}/")}


def test_the_same_packs_whatever_was_packed_before(tmp_path_factory: pytest.TempPathFactory) -> None:
    contents = []
    for order in (LETTERS, LETTERS[::-1]):
        storage = LocalStorage(str(tmp_path_factory.mktemp("out")))
        for each in order:
            commit(storage, each)
        pack(storage, 2)
        contents.append({name: storage.read(name) for name in packs(storage)})
        assert open_dataset(storage.root, "lines").count_rows() == 15
        assert load_map(storage, "lines").num_rows == 3
    assert contents[0] == contents[1]


def test_local_disks_hold_packs(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    for each in LETTERS:
        commit(storage, each)
    before = through_store(storage)
    pack(storage, 2)
    assert through_store(storage) == before
    redo(storage, document("one", "read again"))
    assert through_folders(storage) == through_store(storage)
    assert read_document(storage, "default", "one-00000000") == document("one", "read again")
