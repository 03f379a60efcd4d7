from hypothesis import given
from hypothesis import strategies as st

from pipeline.failures import Failure
from pipeline.tasks import PageRef, Task, chunks


def ref(number: int, document_id: str = "a-00000000") -> PageRef:
    return PageRef(document_id, number, f"/in/{document_id}.pdf", number, "a.pdf", "0" * 64, 10, 20)


def task(*failures: Failure) -> Task:
    return Task("a-00000000", "default", "a.pdf", 10, 20, "s", "0" * 64, "r", 1, (ref(1), ref(2)), failures)


@given(st.integers(0, 40), st.integers(1, 9))
def test_chunks_keep_every_page_in_order(number: int, size: int) -> None:
    pages = [ref(k + 1) for k in range(number)]
    cut = list(chunks(pages, size))
    assert [page for chunk in cut for page in chunk.pages] == pages
    assert [chunk.index for chunk in cut] == list(range(len(cut)))
    assert all(len(chunk.pages) == size for chunk in cut[:-1])


def test_a_task_with_a_source_that_cannot_be_opened() -> None:
    assert task().opened
    assert task(Failure("a.pdf", 3, "probe", "empty", "")).opened
    broken = task(Failure("a.pdf", None, "probe", "empty", ""))
    assert not broken.opened
    assert broken.size_in_pages == 3
