"""The index finds what people corrected, as soon as it is brought in line."""

from pathlib import Path

import duckdb
import pytest

from pipeline.corrections import table
from pipeline.index.gather import Due
from pipeline.index.update import Indexed, update_index
from pipeline.packs.packing import pack
from pipeline.storage import LocalStorage
from pipeline.store import files_of
from tests.pipeline.corrections.made import say
from tests.pipeline.index.made import document, output
from tests.pipeline.packs.made import commit, shrink
from tests.pipeline.packs.made import document as small

LETTER = document("letter", [[("cut", 0.5, (("cat", 0.25),)), "sat"], ["here"]])
DEED = document("deed", [["sold"]])


def rows(storage: LocalStorage) -> list[tuple[str, float, int]]:
    query = f"select token, probability, rank from read_parquet('{storage.root}/words/*.parquet') order by all"
    found: list[tuple[str, float, int]] = duckdb.sql(query).fetchall()
    return found


def test_a_corrected_word_takes_the_place_of_all_that_was_read_there(tmp_path: Path) -> None:
    storage = output(tmp_path, LETTER, DEED)
    update_index(storage.root)
    assert ("cat", 0.25, 1) in rows(storage)
    table.save(storage, say(LETTER, 0, text="hat sat"))
    assert update_index(storage.root) == Indexed(1, 0, 4, ())
    assert rows(storage) == [("hat", 1.0, 0), ("here", 0.875, 0), ("sat", 1.0, 0), ("sold", 0.875, 0)]
    assert update_index(storage.root) == Indexed(0, 0, 4, ())


def test_documents_with_and_without_corrections_are_indexed_together(tmp_path: Path) -> None:
    storage = output(tmp_path, LETTER, DEED)
    table.save(storage, say(LETTER, 0, text="hat sat"))
    assert update_index(storage.root) == Indexed(2, 0, 4, ())
    assert rows(storage) == [("hat", 1.0, 0), ("here", 0.875, 0), ("sat", 1.0, 0), ("sold", 0.875, 0)]


def test_a_correction_that_is_withdrawn_leaves_what_was_read(tmp_path: Path) -> None:
    storage = output(tmp_path, LETTER, DEED)
    update_index(storage.root)
    before = rows(storage)
    table.save(storage, say(LETTER, 0, text="hat sat", time=1.0))
    update_index(storage.root)
    table.save(storage, say(LETTER, 0, "withdrawn", time=2.0))
    assert update_index(storage.root).documents == 1
    assert rows(storage) == before


def test_documents_without_corrections_are_told_apart_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = output(tmp_path, LETTER, DEED)
    seen: list[Due] = []
    monkeypatch.setattr("pipeline.index.update.gather", lambda _, batch: seen.extend(batch.documents))
    table.save(storage, say(LETTER, 0, text="hat sat"))
    with pytest.raises(FileNotFoundError):  # nothing was gathered
        update_index(storage.root)
    entries = {name: entry for _, name, entry in files_of(storage, "lines")}
    deed, letter = seen
    assert (deed.version, deed.corrected) == (
        f"{entries[deed.document_id].size}-{entries[deed.document_id].modified}",
        False,
    )
    assert letter.version.startswith(f"{entries[letter.document_id].size}-{entries[letter.document_id].modified}-")
    assert letter.corrected


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    storage = output(tmp_path, LETTER, DEED)
    table.save(storage, say(LETTER, 0, text="hat sat"))
    (name,) = table.files(storage)["default", LETTER.id]
    storage.write(name, b"damaged")
    done = update_index(storage.root)
    assert (done.documents, len(done.left_out), name in done.left_out[0]) == (1, 1, True)


def test_documents_in_packs_are_corrected_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    storage = LocalStorage(str(tmp_path))
    made = [small(name, f"{name} word") for name in ("apple", "berry", "cherry")]
    for each in made:
        commit(storage, each)
    table.save(storage, say(made[1], 0, text="berries word"))
    pack(storage, 0)
    assert any("packed_" in entry.name for entry in storage.list("lines/"))
    assert not any("packed_" in entry.name for entry in storage.list("corrections/"))
    update_index(storage.root)
    assert [token for token, _, _ in rows(storage)] == ["apple", "berries", "cherry", *["word"] * 3]
