import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corrections import queue
from pipeline.corrections.applying import doubt
from pipeline.corrections.correction import Correction
from pipeline.corrections.queue import Place, survey, weigh
from pipeline.corrections.table import save
from pipeline.document import Document, Line, Page
from pipeline.failures import NothingDone
from pipeline.packs.packing import pack
from pipeline.storage import LocalStorage
from pipeline.store import file_name, lines_parquet, read_document, read_table
from tests.pipeline.corrections.served import archive
from tests.pipeline.packs.made import Memory, commit, document, shrink
from tests.pipeline.strategies import lines, pages

A1, A2, B1, B2 = (Place("default", f"{name}-00000000", 1, line) for name in "ab" for line in (1, 2))


def say(storage: LocalStorage, place: Place, verdict: str = "corrected", time: float = 1.0) -> None:
    read = read_document(storage, place.collection, place.document_id)
    page = read.pages[place.page - 1]
    save(storage, Correction.of(read, page, place.line - 1, verdict, "other", time=time))  # type: ignore[arg-type]


@given(pages(), st.lists(lines(1), max_size=5))
def test_a_table_is_weighed_as_its_lines_are(page: Page, made: list[Line]) -> None:
    whole = Document("a-00000000", "default", (replace(page, lines=tuple(made)),))
    table = pq.ParquetFile(io.BytesIO(lines_parquet(whole))).read()
    assert np.allclose(weigh(table), [doubt(line) for line in made])


def test_ids_name_places() -> None:
    assert Place.of(A2.id) == A2
    for wrong in ("", "default/a/1", "default/a/1/x"):
        with pytest.raises(ValueError, match=r"values to unpack|invalid literal"):
            Place.of(wrong)


def test_the_worst_come_first_and_only_so_many_are_kept(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    assert list(survey(storage).worst) == [A1, B1, A2, B2]
    few = survey(storage, 3)
    assert list(few.worst) == [A1, B1, A2]
    assert (few.lines, few.waiting) == (4, 4)
    assert few.errors == few.left == pytest.approx(sum(survey(storage).worst.values()))


def test_lines_of_which_somebody_said_something_are_left_out(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    for place, verdict in ((A1, "corrected"), (B1, "unreadable"), (B2, "right")):
        say(storage, place, verdict)
    found = survey(storage)
    assert list(found.worst) == [A2]
    assert (found.lines, found.waiting) == (4, 1)
    assert found.left == found.worst[A2] < found.errors
    say(storage, A1, "withdrawn", 2.0)
    assert list(survey(storage).worst) == [A1, A2]


def test_what_is_certain_never_comes(tmp_path: Path) -> None:
    storage = archive(tmp_path, documents=1)
    read = read_document(storage, "default", "a-00000000")
    sure = tuple(replace(line, confidence=1.0, words=()) for line in read.pages[0].lines)
    certain = replace(read, pages=(replace(read.pages[0], lines=sure),))
    storage.write(file_name("lines", "default", read.id), lines_parquet(certain))
    assert survey(storage).worst == {}
    assert survey(storage).waiting == 0


def test_characters_expected_to_be_wrong_are_those_of_the_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = archive(tmp_path)
    assert survey(storage).cer == pytest.approx(0.25)
    monkeypatch.setattr(queue, "SAMPLED", 1)
    assert survey(storage).cer == pytest.approx(0.25)
    assert survey(LocalStorage(str(tmp_path / "empty"))).cer is None


def test_packed_documents_are_weighed_once_also_where_they_lie_alone_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    storage = Memory()
    for name in "abcd":
        commit(storage, document(name, f"the {name}", "and more"))
    before = survey(storage)
    twice = {name: content for name, content in storage.objects.items() if name.startswith("lines/")}
    pack(storage, retries=3)
    after = survey(storage)
    assert (after.worst, after.lines, after.cer) == (before.worst, before.lines, before.cer)
    storage.objects |= twice
    assert (survey(storage).worst, survey(storage).lines) == (before.worst, before.lines)


def test_damaged_files_are_named_and_left_out(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    say(storage, A1)
    storage.write(file_name("lines", "default", A1.document_id), b"no Parquet")
    found = survey(storage)
    assert list(found.worst) == [B1, B2]
    (reason,) = found.left_out
    assert "a-00000000.parquet is not a whole Parquet file" in reason
    assert "--redo" in reason


def test_a_file_that_goes_while_lines_are_weighed_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, read = archive(tmp_path), read_table

    def gone(storage: LocalStorage, name: str, columns: list[str]) -> pa.Table:
        if A1.document_id in name:
            raise FileNotFoundError(name)
        return read(storage, name, columns)

    monkeypatch.setattr(queue, "read_table", gone)
    found = survey(storage)
    assert (list(found.worst), found.left_out) == ([B1, B2], [])


def test_damaged_corrections_are_not_taken_for_none(tmp_path: Path) -> None:
    storage = archive(tmp_path)
    storage.write("corrections/collection=default/a-00000000.1-1.parquet", b"half")
    with pytest.raises(NothingDone, match=r"a-00000000\.1-1\.parquet is not a whole"):
        survey(storage)
