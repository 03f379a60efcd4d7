"""A document's files appear together or not at all, whatever moment the writer is killed at."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import state
from pipeline.commit import Committer
from pipeline.document import Document, Page, Record
from pipeline.failures import Failure
from pipeline.formats import FORMATS
from pipeline.outcome import Outcome
from pipeline.storage import LocalStorage
from pipeline.store import file_name, read_document, read_failures, record_parquet
from pipeline.tasks import Task
from tests.pipeline.conftest import contents
from tests.pipeline.test_tasks import ref

REVISION = "r" * 16


class Killed(BaseException):
    """Stands for kill -9."""


def page(number: int, revision: str = REVISION) -> Page:
    return Page(number, "a.pdf", "0" * 64, 640, 400, 150.0, 0, 0.0, "blank", (), (), "bundle", revision)


def task(pages: int, revision: str = REVISION, stored: bool = False, partial: bool = False) -> Task:
    refs = tuple(ref(number) for number in range(1, pages + 1))
    return Task(
        "a-00000000", "default", "a.pdf", 1, 2, "s", "0" * 64, revision, 1, refs, partial=partial, stored=stored
    )


def outcome(*numbers: int, failures: tuple[Failure, ...] = (), revision: str = REVISION) -> Outcome:
    return Outcome(tuple(page(number, revision) for number in numbers), failures, {})


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path / "out"))


@pytest.fixture
def committer(storage: LocalStorage) -> Committer:
    return Committer(storage.root, ("hocr",), "bundle")


def stored(storage: LocalStorage) -> Document:
    return read_document(storage, "default", "a-00000000")


def test_pages_and_failures_become_rows_and_files(committer: Committer, storage: LocalStorage) -> None:
    failure = Failure("a.pdf", 2, "render", "timeout", "late")
    committer.commit(task(3), outcome(1, 3, failures=(failure,)))
    assert [(p.number, p.status) for p in stored(storage).pages] == [(1, "blank"), (2, "failed"), (3, "blank")]
    assert read_failures(storage, "default", "a-00000000") == (failure,)
    (report,) = state.fold(storage)
    assert report.row.files == ("hocr/a-00000000/1.hocr", "hocr/a-00000000/3.hocr")
    assert (report.row.pages, report.row.failures, report.row.transient) == (3, 1, 1)
    assert report.figures["blank"] == 2


def test_a_document_has_the_record_that_is_stored(storage: LocalStorage) -> None:
    record = Record(shelfmark="AN 306")
    storage.write(file_name("documents", "default", "a-00000000"), record_parquet("a-00000000", "a.pdf", record))
    Committer(storage.root, ("mets",), "bundle").commit(task(1), outcome(1))
    assert stored(storage).record == record
    assert b"<mods:shelfLocator>AN 306<" in storage.read("mets/a-00000000.xml")
    (report,) = state.fold(storage)
    assert report.row.files == ("alto/a-00000000/1.xml", "mets/a-00000000.xml")


def test_a_page_read_in_a_later_try_takes_its_place(committer: Committer, storage: LocalStorage) -> None:
    failure = Failure("a.pdf", 2, "render", "timeout", "late")
    committer.commit(task(3), outcome(1, 3, failures=(failure,)))
    committer.commit(replace(task(1, stored=True, partial=True), pages=(ref(2),)), outcome(2))
    assert [p.status for p in stored(storage).pages] == ["blank"] * 3
    assert read_failures(storage, "default", "a-00000000") == ()
    assert len(list(storage.list("hocr/"))) == 3


def test_a_source_that_cannot_be_opened_gets_one_row(committer: Committer, storage: LocalStorage) -> None:
    broken = replace(task(0), failures=(Failure("a.pdf", None, "probe", "empty", ""),))
    committer.commit(broken, outcome(failures=broken.failures))
    assert [(p.number, p.status) for p in stored(storage).pages] == [(1, "failed")]


def test_what_was_read_stays_when_the_source_breaks(committer: Committer, storage: LocalStorage) -> None:
    committer.commit(task(2), outcome(1, 2))
    before = stored(storage)
    broken = replace(task(0, revision="n" * 16, stored=True), failures=(Failure("a.pdf", None, "probe", "empty", ""),))
    committer.commit(broken, outcome(failures=broken.failures))
    assert stored(storage) == before
    assert len(list(storage.list("hocr/"))) == 2
    assert [f.kind for f in read_failures(storage, "default", "a-00000000")] == ["empty"]


@pytest.mark.parametrize("moment", range(7))
def test_killed_at_any_write_the_document_is_not_done(
    moment: int, committer: Committer, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    committer.commit(task(3), outcome(1, 2, 3))
    state.fold(storage)
    newer = task(2, revision="n" * 16, stored=True)
    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(LocalStorage, "write", dying_after(moment, LocalStorage.write))
        committer.commit(newer, outcome(1, 2, revision="n" * 16))
    state.fold(storage)
    row = state.load(storage)["a-00000000"]
    done = row.revision == "n" * 16
    assert done == (moment >= 6)
    untouched = moment == 0
    assert untouched == (row.revision == REVISION)
    committer.commit(newer, outcome(1, 2, revision="n" * 16))
    again = Committer(storage.root + "-fresh", ("hocr",), "bundle")
    again.commit(replace(newer, stored=False), outcome(1, 2, revision="n" * 16))
    assert contents(Path(storage.root)) == contents(Path(again.root))


def dying_after(writes: int, write: Callable[[LocalStorage, str, bytes], None]) -> Callable[..., None]:
    """A `write` whose process is killed after so many of them."""
    done = 0

    def count(self: LocalStorage, name: str, content: bytes) -> None:
        nonlocal done
        if done == writes:
            raise Killed
        done += 1
        write(self, name, content)

    return count


def test_a_format_names_its_files() -> None:
    assert FORMATS["hocr"].prefix("a-1") == "hocr/a-1/"


def test_without_formats_there_is_parquet_alone(storage: LocalStorage) -> None:
    Committer(storage.root, (), "bundle").commit(task(1), outcome(1))
    assert {entry.name.partition("/")[0] for entry in storage.list()} == {"pages", "lines", "state"}


def test_a_format_that_cannot_be_made_is_a_failure_and_all_else_is_there(storage: LocalStorage) -> None:
    committer = Committer(storage.root, ("pdf", "hocr"), "bundle")
    committer.commit(task(2), outcome(1, 2))
    assert [p.status for p in stored(storage).pages] == ["blank", "blank"]
    (failure,) = read_failures(storage, "default", "a-00000000")
    assert (failure.page, failure.stage, failure.kind, failure.transient) == (None, "commit", "unwritable", False)
    assert failure.message == "pdf: a.pdf: No such file or directory"
    (report,) = state.fold(storage)
    assert report.row.files == ("hocr/a-00000000/1.hocr", "hocr/a-00000000/2.hocr")
    assert (report.row.pages, report.row.failures, report.row.transient) == (2, 1, 0)


def test_the_pdf_of_what_was_read_stays_when_the_source_breaks(storage: LocalStorage) -> None:
    committer = Committer(storage.root, ("pdf",), "bundle")
    committer.commit(task(1), outcome(1))
    storage.write("pdf/a-00000000.pdf", b"made before")
    broken = replace(task(0, stored=True), failures=(Failure("a.pdf", None, "probe", "empty", ""),))
    committer.commit(broken, outcome(failures=broken.failures))
    assert storage.read("pdf/a-00000000.pdf") == b"made before"
