"""What becomes of corrections when pages are read again: kept by geometry, or told of."""

from dataclasses import replace
from pathlib import Path

from pipeline.commit import Committer, write_parquet
from pipeline.corrections import table
from pipeline.corrections.kept import Kept, kept
from pipeline.corrections.reading import read_corrected
from pipeline.document import Document
from pipeline.outcome import Outcome
from pipeline.report.text import text_report
from pipeline.storage import LocalStorage
from pipeline.store import file_name, read_document
from pipeline.summary import Summary
from tests.pipeline.corrections.made import ID, letter, say, texts
from tests.pipeline.index.made import one_page
from tests.pipeline.test_commit import task
from tests.pipeline.test_tasks import ref


def reread(storage: LocalStorage, *lines: str, lower: float = 0.0) -> Document:
    """Another bundle reads the letter, and draws its lines a little lower."""
    made = one_page("letter", *lines)

    def moved(shape: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        return tuple((x, y + lower) for x, y in shape)

    moved_lines = (
        replace(each, baseline=moved(each.baseline), polygon=moved(each.polygon)) for each in made.pages[0].lines
    )
    other = replace(made, pages=(replace(made.pages[0], lines=tuple(moved_lines), bundle="b2"),))
    write_parquet(storage, other, (), {})
    return other


def test_corrections_stay_with_their_lines_and_those_without_are_told(tmp_path: Path) -> None:
    storage, made = letter(tmp_path, "first", "sekond", "third")
    for place, text in ((0, "First"), (1, "second"), (2, "Third")):
        table.save(storage, say(made, place, text=text, time=float(place), who="Ann"))
    assert kept(storage) == Kept(3, 1, ())
    reread(storage, "furst", "secund", lower=3.0)
    assert texts(read_corrected(storage, "default", ID)) == ["First", "second"]
    now = kept(storage)
    assert (now.lines, now.pages, [each.text for each in now.unmatched]) == (2, 1, ["Third"])
    assert now.counts() == {"lines": 2, "pages": 1, "unmatched": 1}
    assert texts(read_document(storage, "default", ID)) == ["furst", "secund"]
    reread(storage, "first", "second", "third")
    assert kept(storage) == Kept(3, 1, ())


def test_of_some_documents_alone(tmp_path: Path) -> None:
    storage, made = letter(tmp_path, "first")
    table.save(storage, say(made, 0, text="First"))
    assert kept(storage, {"other"}) == Kept(0, 0, ())
    assert kept(storage, {ID}) == Kept(1, 1, ())


def test_corrections_of_a_document_that_is_gone_are_all_unmatched(tmp_path: Path) -> None:
    storage, made = letter(tmp_path, "first")
    table.save(storage, say(made, 0, text="First"))
    storage.delete(file_name("pages", "default", ID))
    assert [each.text for each in kept(storage).unmatched] == ["First"]


def test_damage_is_told(tmp_path: Path) -> None:
    storage, made = letter(tmp_path, "first")
    table.save(storage, say(made, 0, text="First"))
    (name,) = table.files(storage)["default", ID]
    storage.write(name, b"damaged")
    assert name in next(kept(storage).told())


def test_the_table_of_a_run_tells_what_found_no_line(tmp_path: Path) -> None:
    storage, made = letter(tmp_path, "first", "second")
    for place in (0, 1):
        table.save(storage, say(made, place, "right"))
    reread(storage, "first")
    summary = Summary({}, "b2", "fp32", storage.root, (), 0, (), kept=kept(storage))
    assert "corrections      1 line kept; 1 not: no line of the new reading is where they were." in summary.table()
    assert summary.write(storage)["corrections"] == {"lines": 1, "pages": 1, "unmatched": 1}
    assert "by hand    1 correction found no line any more" in text_report(storage.root)
    summary.kept = Kept(5, 1, ())
    assert "corrections" not in summary.table()


def test_formats_that_a_run_writes_anew_have_the_corrected_text(tmp_path: Path) -> None:
    storage, made = letter(tmp_path, "furst", "second")
    table.save(storage, say(made, 0, text="first"))
    read = Outcome(one_page("letter", "farst", "second").pages, (), {})
    again = replace(task(1), document_id=ID, pages=(ref(1),), stored=True)
    committer = Committer(storage.root, ("text", "page"), "b2")
    committer.commit(again, read)
    assert storage.read(f"text/{ID}/1.txt").decode().split("\n")[:2] == ["first", "second"]
    assert b"corrected_with" in storage.read(f"page/{ID}/1.xml")
    assert texts(read_document(storage, "default", ID)) == ["farst", "second"]
    (name,) = table.files(storage)["default", ID]
    storage.write(name, b"damaged")
    committer.commit(again, read)  # costs the formats alone
    assert texts(read_document(storage, "default", ID)) == ["farst", "second"]
    assert list(storage.list("text/")) == []
