from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.document import Line, Page
from pipeline.failures import Failure
from pipeline.reading import failed_page
from pipeline.settings import Render
from pipeline.stages import Done, ReadChunk, gather
from pipeline.tasks import Chunk, Method, PageRef
from recognizer.bundle import Bundle
from segmentation import Segmentation
from tests.pipeline.drawn import save_png
from tests.pipeline.test_tasks import task

LINE = Line("read", 0.5, ((0.0, 1.0), (9.0, 1.0)), ((0.0, 0.0), (9.0, 0.0), (9.0, 2.0)), (), 0, 0)


def page(number: int) -> Page:
    return failed_page(number, "a.pdf", "0" * 64, "bundle", "revision")


def failure(number: int | None, message: str = "") -> Failure:
    return Failure("a.pdf", number, "render", "timeout", message)


def reference(path: Path, number: int) -> PageRef:
    status = path.stat()
    return PageRef("a-00000000", number, str(path), 1, str(path), "0" * 64, status.st_size, status.st_mtime_ns, "rev")


@pytest.fixture(scope="module")
def read_chunk() -> Iterator[ReadChunk]:
    bundle = Bundle.load("default")
    stage = ReadChunk(Method("default", bundle.id, bundle.arithmetic(), Render(), Segmentation()))
    stage.setup()
    yield stage
    stage.teardown()


def test_packing_is_undone_by_unpacking() -> None:
    done = Done(page(3), {"render": 0.5}, (LINE,))
    assert Done.unpack(done.pack()) == done


def test_pages_and_failures_are_gathered_in_order_whatever_the_order_they_came_in() -> None:
    first, second = Done(page(3), {"render": 1}), Done(page(1), {"render": 2}, (LINE,))
    outcome = gather(task(), [first.pack(), failure(2), second.pack()])
    assert [page.number for page in outcome.pages] == [1, 3]
    assert [failure.page for failure in outcome.failures] == [2]
    assert outcome.seconds == {"render": 3}
    assert outcome.baseline == {1: (LINE,)}


def test_a_chunk_done_twice_counts_once_and_a_page_read_in_the_end_has_not_failed() -> None:
    done = Done(page(1), {}).pack()
    outcome = gather(task(failure(None)), [done, failure(1), done, failure(4), failure(4)])
    assert [page.number for page in outcome.pages] == [1]
    assert [failure.page for failure in outcome.failures] == [None, 4]


def test_a_chunk_gives_an_outcome_for_every_page(read_chunk: ReadChunk, tmp_path: Path) -> None:
    good, blank = save_png(tmp_path / "a.png"), save_png(tmp_path / "b.png", lines=0)
    broken = tmp_path / "c.png"
    broken.write_bytes(b"")
    refs = [reference(path, number + 1) for number, path in enumerate((good, broken, blank))]
    found = [outcome for _, outcome in read_chunk.process(Chunk(0, tuple(refs)))]
    failures = [outcome for outcome in found if isinstance(outcome, Failure)]
    pages = [Done.unpack(outcome).page for outcome in found if isinstance(outcome, bytes)]
    assert [(f.page, f.kind) for f in failures] == [(2, "empty")]
    assert [(p.number, p.status, p.revision) for p in pages] == [(1, "read", "rev"), (3, "blank", "rev")]


def test_a_file_that_changed_since_the_listing_fails_as_changed(read_chunk: ReadChunk, tmp_path: Path) -> None:
    path = save_png(tmp_path / "a.png")
    ref = reference(path, 1)
    save_png(path, seed=9, lines=2)
    ((_, outcome),) = read_chunk.process(Chunk(0, (ref,)))
    assert isinstance(outcome, Failure)
    assert outcome.kind == "changed"


def test_a_page_on_which_reading_fails_costs_itself_alone(
    read_chunk: ReadChunk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INKBEAM_FAULT", "recognise:memory:b.png")
    refs = tuple(reference(save_png(tmp_path / f"{name}.png"), k + 1) for k, name in enumerate("abc"))
    found = [outcome for _, outcome in read_chunk.process(Chunk(0, refs))]
    assert [(f.page, f.kind) for f in found if isinstance(f, Failure)] == [(2, "out-of-memory")]
    assert [Done.unpack(outcome).page.number for outcome in found if isinstance(outcome, bytes)] == [1, 3]


def test_a_fault_of_our_own_names_itself(
    read_chunk: ReadChunk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("pipeline.reading.segment", broken)
    ((_, outcome),) = read_chunk.process(Chunk(0, (reference(save_png(tmp_path / "a.png"), 1),)))
    assert isinstance(outcome, Failure)
    assert (outcome.stage, outcome.kind, outcome.message) == ("segment", "internal", "ZeroDivisionError: by zero")
