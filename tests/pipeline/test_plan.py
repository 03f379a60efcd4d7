from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.failures import UsageError
from pipeline.plan import Planner, content_hash, decide_all, making, revision, stamp
from pipeline.sources import Origin, SourceFile
from pipeline.state import DocumentState

MAKING = making("bundle", "{}")


FILE = SourceFile("/in/a.pdf", 10, 20)
ORIGIN = Origin("a-00000000", "/in/a.pdf", (FILE,))
STATE = DocumentState(
    "a-00000000", "default", "/in/a.pdf", 10, 20, stamp([FILE]), "hash", revision("hash", MAKING), (), 3, 0, 0, 1
)
MOVED = replace(ORIGIN, files=(replace(FILE, modified=99),))


def unexpected(_: Origin) -> str:
    raise AssertionError("nothing may be hashed")


def planner(
    hashed: Callable[[Origin], str] = unexpected, redo: set[str] | None = None, verify: bool = False
) -> Planner:
    return Planner(lambda _: MAKING, frozenset(redo or ()), verify, 3, hashed)


def test_new_documents_are_read_without_hashing_them_first() -> None:
    decision = planner().decide(ORIGIN, None)
    assert (decision.reason, decision.read) == ("new", True)


def test_same_size_and_time_is_done_unopened() -> None:
    decision = planner().decide(ORIGIN, STATE)
    assert (decision.reason, decision.read, decision.outdated) == ("done", False, False)


def test_another_time_with_the_same_content_renews_only_the_stamp() -> None:
    decision = planner(lambda _: "hash").decide(MOVED, STATE)
    assert (decision.reason, decision.read, decision.touched) == ("done", False, True)


@pytest.mark.parametrize("origin", [MOVED, replace(ORIGIN, files=(replace(FILE, size=11),))])
def test_another_content_is_read(origin: Origin) -> None:
    assert planner(lambda _: "other").decide(origin, STATE).reason == "changed"


def test_a_file_that_cannot_be_hashed_is_read_so_that_it_fails_by_name() -> None:
    def gone(_: Origin) -> str:
        raise FileNotFoundError

    assert planner(gone).decide(MOVED, STATE).reason == "changed"


def test_verify_hashes_what_looks_unchanged() -> None:
    assert planner(lambda _: "other", verify=True).decide(ORIGIN, STATE).reason == "changed"
    assert planner(lambda _: "hash", verify=True).decide(ORIGIN, STATE).reason == "done"


def test_a_document_whose_files_were_being_replaced_is_read() -> None:
    assert planner().decide(ORIGIN, replace(STATE, revision="")).reason == "interrupted"


def test_outdated_documents_are_named_and_read_only_on_demand() -> None:
    old = replace(STATE, revision="older")
    left, redone = planner().decide(ORIGIN, old), planner(redo={"outdated"}).decide(ORIGIN, old)
    assert (left.read, left.outdated) == (False, True)
    assert (redone.reason, redone.read) == ("outdated", True)


@pytest.mark.parametrize(
    ("transient", "tries", "redo", "read"),
    [
        (1, 1, "", True),
        (1, 3, "", True),
        (1, 4, "", False),
        (0, 1, "", False),
        (0, 1, "failed", True),
        (1, 9, "failed", True),
    ],
)
def test_transient_failures_are_tried_three_times_again(transient: int, tries: int, redo: str, read: bool) -> None:
    failed = replace(STATE, failures=1, transient=transient, tries=tries)
    decision = planner(redo={redo} if redo else None).decide(ORIGIN, failed)
    assert (decision.read, decision.reason) == (read, "retried" if read else "failed before")


@pytest.mark.parametrize("redo", ["all", "a-00000000"])
def test_redo_all_or_by_id(redo: str) -> None:
    assert planner(redo={redo}).decide(ORIGIN, STATE).reason == "redone"


def test_redo_of_an_unknown_id_is_refused() -> None:
    with pytest.raises(UsageError, match="no document b-11111111"):
        decide_all(planner(redo={"b-11111111"}), [ORIGIN], {STATE.id: STATE})


@pytest.mark.parametrize("state", [None, STATE, replace(STATE, revision="", failures=2)])
@pytest.mark.parametrize("redo", ["", "all"])
def test_removed_documents_are_not_read_whatever_is_left_of_them(state: DocumentState | None, redo: str) -> None:
    removing = replace(planner(redo={redo} if redo else None), removed=frozenset({ORIGIN.document_id}))
    decision = removing.decide(ORIGIN, state)
    assert (decision.reason, decision.read, decision.state) == ("removed", False, None)


def test_redo_of_a_removed_document_tells_how_to_undo_that() -> None:
    removing = replace(planner(redo={"a-00000000", "all"}), removed=frozenset({"a-00000000", "b-11111111"}))
    with pytest.raises(UsageError, match="removed before: a-00000000; `inkbeam remove OUT a-00000000 --undo`"):
        decide_all(removing, [ORIGIN], {})


def test_content_of_one_file_is_its_hash_and_of_a_folder_depends_on_names_and_order() -> None:
    assert content_hash([("/in/a", "x")]) == "x"
    hashes = {content_hash(h) for h in ([("a", "x"), ("b", "y")], [("b", "y"), ("a", "x")], [("a", "x"), ("c", "y")])}
    assert len(hashes) == 3


def test_revision_depends_on_source_bundle_and_settings() -> None:
    others = {
        revision("other", MAKING),
        revision("hash", making("b", "{}")),
        revision("hash", making("bundle", '{"dpi":1}')),
    }
    assert len(others | {revision("hash", MAKING)}) == 4
