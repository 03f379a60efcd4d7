"""Lines of an OUT that nobody corrected."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import unread_lines
from pipeline.commit import write_parquet
from pipeline.corrections.correction import Correction
from pipeline.corrections.table import save
from pipeline.document import Document, Page
from pipeline.failures import NothingDone
from pipeline.files import hash_file
from pipeline.pairing import Tally
from pipeline.storage import LocalStorage
from pipeline.unread_lines import find_unread, unread_pages
from recognizer.bundle import Bundle
from tests.pipeline.drawn import save_png
from tests.pipeline.report.made import page as made_page


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(str(tmp_path / "out"))


def add(storage: LocalStorage, folder: Path, name: str, seed: int, **facts: object) -> Document:
    """A document of a page with three lines."""
    source = str(save_png(folder / f"{name}.png", seed))
    page = replace(made_page(source, 1, 0.25, "one", "two", "three"), source_sha256=hash_file(source))
    made = Document(f"{name}-00000000", "default", (replace(page, **facts),))  # type: ignore[arg-type]
    write_parquet(storage, made, (), {})
    return made


def test_lines_are_cut_without_their_texts(storage: LocalStorage, tmp_path: Path) -> None:
    add(storage, tmp_path, "letter", 1)
    (file,) = find_unread(storage.root, Bundle.load("default"), tmp_path / "cache")
    found = pq.read_table(file).to_pylist()
    assert [(row["text"], row["line"]) for row in found] == [("", 1), ("", 2), ("", 3)]


def test_lines_that_people_looked_at_are_left_alone(storage: LocalStorage, tmp_path: Path) -> None:
    made = add(storage, tmp_path, "letter", 1)
    save(storage, Correction.of(made, made.pages[0], 0, "corrected", "won", time=1))
    save(storage, Correction.of(made, made.pages[0], 2, "unreadable", time=2))
    (page,) = unread_pages(storage, Tally())
    assert [line.number for line in page.lines] == [2]


@pytest.mark.parametrize("facts", [{"status": "blank"}, {"status": "failed"}, {"origin": "pdf"}, {"lines": ()}])
def test_only_pages_that_were_read_from_their_image_count(
    storage: LocalStorage, tmp_path: Path, facts: dict[str, object]
) -> None:
    add(storage, tmp_path, "letter", 1, **facts)
    assert unread_pages(storage, Tally()) == []


def test_enough_pages_are_chosen_by_their_scans(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(8):
        add(storage, tmp_path, f"letter{seed}", seed)
    whole = unread_pages(storage, Tally())
    assert len(whole) == 8
    monkeypatch.setattr(unread_lines, "ENOUGH", 7)
    some = unread_pages(storage, Tally())
    assert [page.name for page in some] == [page.name for page in whole[:3]]


def test_documents_that_cannot_be_read_are_named(storage: LocalStorage, tmp_path: Path) -> None:
    damaged, incomplete = (add(storage, tmp_path, name, seed) for seed, name in enumerate(("damaged", "incomplete")))
    storage.write(f"pages/collection=default/{damaged.id}.parquet", b"PAR1")
    storage.delete(f"lines/collection=default/{incomplete.id}.parquet")
    left_out = Tally()
    assert unread_pages(storage, left_out) == []
    assert len(left_out.table()["document that cannot be read"]) == 2


def test_an_output_without_documents_is_told(storage: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match="holds no document"):
        find_unread(storage.root, Bundle.load("default"), tmp_path / "cache")


def test_a_scan_in_two_documents_is_one_page(storage: LocalStorage, tmp_path: Path) -> None:
    add(storage, tmp_path, "letter", 1)
    add(storage, tmp_path, "copy", 1)
    names: set[str] = {page.name for page in unread_pages(storage, Tally())}
    assert len(names) == 1


def test_pages_of_one_scan_are_told_apart(storage: LocalStorage, tmp_path: Path) -> None:
    made = add(storage, tmp_path, "letter", 1)
    second: Page = replace(made.pages[0], number=2)
    write_parquet(storage, Document(made.id, "default", (made.pages[0], second)), (), {})
    assert [page.name[-2:] for page in sorted(unread_pages(storage, Tally()), key=lambda p: p.page.number)] == [
        ".1",
        ".2",
    ]
