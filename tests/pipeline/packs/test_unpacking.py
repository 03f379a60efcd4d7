"""Documents leave packs, and neither a killed writer nor a damaged pack costs anything that can be kept."""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipeline import state
from pipeline.document import Document
from pipeline.failures import NothingDone
from pipeline.packs import writer
from pipeline.packs.packing import pack
from pipeline.packs.reader import load_map, map_name
from pipeline.packs.unpacking import unpack
from pipeline.store import file_name, read_table
from tests.pipeline.packs.made import (
    Memory,
    alone,
    commit,
    document,
    packs,
    redo,
    shrink,
    through_folders,
    through_store,
    versions,
    with_rows,
)
from tests.pipeline.test_commit import Killed

pytestmark = pytest.mark.usefixtures("small_packs")
NAMES = tuple("abcdef")
PACKED = "lines/collection=default/packed_00000001.parquet"


def identifier(name: str) -> str:
    return f"{name}-00000000"


def filled() -> Memory:
    """Three documents in a pack, with one that has no lines, and two alone."""
    storage = Memory()
    for name in NAMES[:5]:
        commit(storage, document(name, *(["dear friend"] * 2 if name != "b" else [])))
    pack(storage, 2)
    return storage


@pytest.fixture
def whole(small_packs: None) -> Memory:  # noqa: ARG001
    return filled()


def test_a_document_leaves_its_pack_and_the_others_keep_their_versions() -> None:
    storage = filled()
    before, known = through_store(storage), versions(storage)
    assert unpack(storage, {identifier("a")}) == set()
    assert alone(storage) == {identifier(name) for name in "ade"}
    assert packs(storage) == ["lines/collection=default/packed_00000002.parquet"]
    assert through_store(storage) == before
    assert through_folders(storage) == with_rows(before)
    assert {name for _, name, *_ in versions(storage) - known} == {identifier("a")}


def test_a_pack_that_gets_empty_is_deleted_with_the_map() -> None:
    storage = filled()
    before = through_store(storage)
    unpack(storage, {identifier(name) for name in NAMES})
    assert packs(storage) == []
    assert not any(storage.list("state/packed/"))
    assert through_store(storage) == before


def test_unpacking_what_is_not_packed_does_nothing() -> None:
    storage = filled()
    before = dict(storage.objects)
    unpack(storage, {identifier("d"), "nobody-00000000"})
    assert storage.objects == before


def test_what_was_read_again_is_packed_with_others() -> None:
    storage = filled()
    redo(storage, document("a", "another text"))
    pack(storage, 2)
    assert alone(storage) == set()
    assert len(packs(storage)) == 2
    assert "another text" in through_store(storage)["lines", "default", identifier("a")]
    assert through_folders(storage) == with_rows(through_store(storage))


def test_an_own_file_counts_and_takes_its_document_out_of_the_pack() -> None:
    storage = filled()
    commit(storage, document("a", "by a version that knows no packs"))
    after = through_store(storage)
    assert "no packs" in after["lines", "default", identifier("a")]
    unpack(storage, ())
    assert through_store(storage) == after
    assert through_folders(storage) == with_rows(after)


def killed_at_each_moment(work: Callable[[Memory], object], storage: Memory) -> list[Memory]:
    """The store as work leaves it that is killed after 0, 1, 2 ... writes; the last is whole."""
    left = []
    for moment in range(200):
        copy = deepcopy(storage)
        copy.writes = moment
        with suppress(Killed):
            work(copy)
        ended, copy.writes = copy.writes > 0, float("inf")
        left.append(copy)
        if ended:
            return left
    raise AssertionError("it never ends")


def test_packing_may_be_killed_at_any_moment() -> None:
    storage = Memory()
    for name in NAMES:
        commit(storage, document(name, *["dear friend"] * NAMES.index(name)))
    before, known = through_store(storage), versions(storage)
    for left in killed_at_each_moment(lambda storage: pack(storage, 2), storage):
        assert through_store(left) == before
        assert versions(left) == known
        unpack(left, ())
        assert through_folders(left) == with_rows(before)
        pack(left, 2)
        assert alone(left) == set()
        assert through_store(left) == before
        assert versions(left) == known


def test_unpacking_may_be_killed_at_any_moment() -> None:
    storage = filled()
    before = through_store(storage)
    work = {identifier("a"), identifier("b")}
    for left in killed_at_each_moment(lambda storage: unpack(storage, work), storage):
        assert through_store(left) == before
        for further in killed_at_each_moment(lambda storage: unpack(storage, ()), left):
            assert through_store(further) == before
            unpack(further, ())
            assert through_folders(further) == with_rows(before)


def lost(storage: Memory) -> set[str]:
    """Documents that the state has done again."""
    return {name for name, row in state.load(storage).items() if not row.revision}


def test_of_a_damaged_pack_what_can_be_read_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ROWS_A_GROUP", 1)
    storage = filled()
    content = bytearray(storage.read(PACKED))
    content[4:40] = b"x" * 36  # the first group, with document a
    storage.write(PACKED, bytes(content))
    name = file_name("lines", "default", identifier("a"))
    with pytest.raises(NothingDone, match=r"(?s)packed_00000001\.parquet is not a whole .* --redo a-00000000"):
        read_table(storage, name)
    others = {key: rows for key, rows in through_readable(storage).items() if key[2] != identifier("a")}
    assert unpack(storage, {identifier("a")}) == {identifier("a")}
    assert lost(storage) == {identifier("a")}
    assert others.items() <= through_store(storage).items()
    redo(storage, document("a", "read again"))
    assert through_folders(storage) == with_rows(through_store(storage))


def through_readable(storage: Memory) -> dict[tuple[str, str, str], str]:
    found = {}
    for name in NAMES[:5]:
        with suppress(NothingDone):
            rows = read_table(storage, file_name("lines", "default", identifier(name))).to_pylist()
            found["lines", "default", identifier(name)] = repr(rows)
    return found


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_documents_of_a_pack_that_cannot_be_opened_are_done_again(damage: str) -> None:
    storage = filled()
    if damage == "cut":
        storage.write(PACKED, storage.read(PACKED)[:-9])
    else:
        storage.delete(PACKED)
    with pytest.raises(NothingDone, match=r"(?s)packed_00000001\.parquet is not a whole .* --redo b-00000000"):
        read_table(storage, file_name("lines", "default", identifier("b")))
    for left in killed_at_each_moment(lambda storage: unpack(storage, {identifier("a")}), storage):
        unpack(left, {identifier("a")})
        assert lost(left) == {identifier(name) for name in "abc"}
        assert packs(left) == []
        for name in "abc":
            redo(left, document(name, "read again"))
        assert through_folders(left) == with_rows(through_store(left))
        assert len([key for key in through_store(left) if key[0] == "lines"]) == 5


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0), st.integers(1, 255))
def test_a_changed_byte_is_no_fault_of_ours(whole: Memory, place: int, change: int) -> None:
    content = bytearray(whole.read(PACKED))
    content[place % len(content)] ^= change
    storage = deepcopy(whole)
    storage.write(PACKED, bytes(content))
    with suppress(NothingDone):
        read_table(storage, file_name("lines", "default", identifier("a")))
    unpack(storage, {identifier("a")})
    assert {identifier(name) for name in NAMES[:5]} == lost(storage) | alone(storage) | mapped(storage)


def mapped(storage: Memory) -> set[str]:
    return set(load_map(storage, "lines")["document_id"].to_pylist())


def test_a_damaged_pack_tells_those_who_open_the_folder_to_remove_it() -> None:
    storage = filled()
    storage.write(PACKED, b"PAR1")
    with pytest.raises(NothingDone, match=r"remove it: the next `inkbeam digitize` of its documents' sources reads"):
        read_table(storage, PACKED)


def test_a_lost_map_is_made_anew_from_the_packs() -> None:
    storage = filled()
    before = through_store(storage)
    storage.write(map_name("lines"), b"damaged")
    with pytest.raises(NothingDone, match=r"state/packed/lines\.parquet is damaged .* Remove it: the next run"):
        through_store(storage)
    storage.delete(map_name("lines"))
    storage.delete(map_name("pages"))
    unpack(storage, ())
    assert through_store(storage) == before
    assert load_map(storage, "lines").num_rows == 3
    redo(storage, document("b", "read again"))
    assert through_folders(storage) == with_rows(through_store(storage))


def test_one_table_is_unpacked_and_the_others_are_not() -> None:
    storage = filled()
    unpack(storage, {identifier("a")}, ["pages"])
    assert identifier("a") in alone(storage, "pages")
    assert identifier("a") not in alone(storage, "lines")


class AnySequence(RuleBasedStateMachine):
    """Whatever happens in whatever order, the dataset is the one that was never packed."""

    names = st.sampled_from(NAMES)
    places = st.sampled_from(["default", "acts"])
    moments = st.integers(0, 30)

    @initialize()
    def begin(self) -> None:
        self.packed, self.plain = Memory(), Memory()

    @rule(name=names, collection=places, lines=st.integers(0, 4))
    def read(self, name: str, collection: str, lines: int) -> None:
        made: Document = document(name, *["dear friend"] * lines, collection=collection)
        redo(self.packed, made)
        commit(self.plain, made)

    @rule()
    def pack(self) -> None:
        unpack(self.packed, ())
        pack(self.packed, 2)

    @rule(names=st.sets(names))
    def unpack(self, names: set[str]) -> None:
        unpack(self.packed, set(map(identifier, names)))

    @rule(moment=moments)
    def pack_and_be_killed(self, moment: int) -> None:
        self.killed(moment, lambda: pack(self.packed, 2))

    @rule(names=st.sets(names), moment=moments)
    def unpack_and_be_killed(self, names: set[str], moment: int) -> None:
        self.killed(moment, lambda: unpack(self.packed, set(map(identifier, names))))

    @rule(name=names, collection=places)
    def remove(self, name: str, collection: str) -> None:
        unpack(self.packed, {identifier(name)})
        for storage in (self.packed, self.plain):
            for table in ("lines", "pages"):
                storage.delete(file_name(table, collection, identifier(name)))

    def killed(self, moment: int, work: Callable[[], object]) -> None:
        self.packed.writes = moment
        with suppress(Killed):
            work()
        self.packed.writes = float("inf")
        assert through_store(self.packed) == through_store(self.plain)
        unpack(self.packed, ())

    @invariant()
    def same(self) -> None:
        if hasattr(self, "plain"):
            assert through_store(self.packed) == through_store(self.plain)
            assert through_folders(self.packed) == through_folders(self.plain)


def test_any_sequence_leaves_the_same_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    shrink(monkeypatch)
    run_state_machine_as_test(AnySequence, settings=settings(max_examples=12, stateful_step_count=15, deadline=None))
