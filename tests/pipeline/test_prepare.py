from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import plan
from pipeline.failures import Failure
from pipeline.plan import Decision, Planner
from pipeline.prepare import Preparer, renewed
from pipeline.rendering import Renderer
from pipeline.settings import Render
from pipeline.sources import Origin, find
from pipeline.state import DocumentState
from pipeline.storage import LocalStorage
from pipeline.store import failures_parquet, file_name
from tests.pipeline.drawn import save_pdf, save_png


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer(Render()) as found:
        yield found


@pytest.fixture
def prepare(renderer: Renderer, tmp_path: Path) -> Preparer:
    return Preparer(LocalStorage(str(tmp_path / "out")), renderer, "default", lambda _: "making")


def new(path: Path) -> Decision:
    (origin,) = find([str(path)], "file").origins
    return Decision(origin, "new", True, None)


def failed_before(decision: Decision, prepare: Preparer, pages: tuple[int | None, ...]) -> Decision:
    """The same document as a run left it that could not do these pages."""
    task = prepare.task(decision)
    failures = [Failure("a.pdf", page, "render", "timeout", "") for page in pages]
    name = file_name("failures", "default", task.document_id)
    prepare.storage.write(name, failures_parquet(task.document_id, failures))
    state = DocumentState(
        task.document_id, "default", task.source, task.size, task.modified, task.stamp, task.sha256, task.revision,
        (), len(task.pages), len(pages), len(pages), 1,
    )  # fmt: skip
    return Decision(decision.origin, "retried", True, state)


def test_a_pdf_becomes_a_task_with_its_pages(prepare: Preparer, tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", range(3))
    task = prepare.task(new(path))
    assert [(page.number, page.page) for page in task.pages] == [(1, 1), (2, 2), (3, 3)]
    assert {page.revision for page in task.pages} == {task.revision} == {plan.revision(task.sha256, "making")}
    assert (task.size, task.tries, task.stored) == (path.stat().st_size, 1, False)


def test_a_source_that_cannot_be_opened_fails_as_a_whole(prepare: Preparer, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"")
    task = prepare.task(new(tmp_path / "a.pdf"))
    assert task.pages == ()
    assert [(failure.page, failure.kind) for failure in task.failures] == [(None, "empty")]


def test_a_source_that_vanished_since_the_listing_is_unreadable(prepare: Preparer, tmp_path: Path) -> None:
    path = save_png(tmp_path / "a.png")
    decision = new(path)
    path.unlink()
    (failure,) = prepare.task(decision).failures
    assert (failure.kind, failure.transient) == ("unreadable", True)


def test_a_broken_image_of_a_folder_keeps_its_place(prepare: Preparer, tmp_path: Path) -> None:
    save_png(tmp_path / "in" / "1.png")
    (tmp_path / "in" / "2.png").write_bytes(b"")
    save_png(tmp_path / "in" / "3.png")
    (origin,) = find([str(tmp_path / "in")], "folder").origins
    task = prepare.task(Decision(origin, "new", True, None))
    assert [page.number for page in task.pages] == [1, 3]
    assert [failure.page for failure in task.failures] == [2]


def test_only_the_pages_that_failed_are_tried_again(prepare: Preparer, tmp_path: Path) -> None:
    decision = new(save_pdf(tmp_path / "a.pdf", range(3)))
    task = prepare.task(failed_before(decision, prepare, (2,)))
    assert [page.number for page in task.pages] == [2]
    assert (task.partial, task.stored, task.tries) == (True, True, 2)


@pytest.mark.parametrize(
    "change", [{"revision": "older"}, {"pages": 7}, {"collection": "other"}], ids=["outdated", "grown", "moved"]
)
def test_all_pages_are_read_where_the_others_cannot_be_kept(
    prepare: Preparer, tmp_path: Path, change: dict[str, object]
) -> None:
    decision = failed_before(new(save_pdf(tmp_path / "a.pdf", range(3))), prepare, (2,))
    assert decision.state is not None
    task = prepare.task(replace(decision, state=replace(decision.state, **change)))  # type: ignore[arg-type]
    assert len(task.pages) == 3
    assert not task.partial


def test_rows_of_documents_that_only_bear_another_date_are_renewed(tmp_path: Path) -> None:
    path = save_png(tmp_path / "a.png")
    (origin,) = find([str(path)], "file").origins
    file = origin.files[0]
    sha256 = plan.hash_origin(origin)
    state = DocumentState(origin.document_id, "c", "s", 1, 2, "old", sha256, plan.revision(sha256, "m"), (), 1, 0, 0, 1)
    decision = Planner(lambda _: "m", frozenset(), False, 3, plan.hash_origin).decide(origin, state)
    (row,) = renewed([decision])
    assert (row.stamp, row.size, row.modified) == (plan.stamp(origin.files), file.size, file.modified)
    assert list(renewed([Decision(Origin("x", "x", (file,)), "done", False, state)])) == []
