"""What people said of lines, in the place of what was read."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corrections import table
from pipeline.corrections.applying import corrected, doubt
from pipeline.corrections.correction import Correction
from pipeline.corrections.reading import read_corrected, reader
from pipeline.document import Document
from pipeline.failures import NothingDone
from pipeline.store import read_document
from tests.pipeline.corrections.made import ID, column, document, letter, page, say, texts
from tests.pipeline.index.made import document as with_words
from tests.pipeline.index.made import one_page
from tests.pipeline.strategies import documents


@given(documents())
def test_nothing_said_changes_nothing(made: Document) -> None:
    assert corrected(made, ()) == made


def test_a_corrected_line_is_certain_and_says_by_whom() -> None:
    made = one_page("letter", "the cut sat", "on the mat")
    after = corrected(made, [say(made, 0, text="the cat sat", who="Ann")])
    first, second = after.pages[0].lines
    assert (first.text, first.confidence, first.corrected_by, first.corrected_with) == (
        *("the cat sat", 1.0),
        *("Ann", "inkbeam correct"),
    )
    assert [(word.text, word.confidence, word.alternatives) for word in first.words] == [
        (text, 1.0, None) for text in ("the", "cat", "sat")
    ]
    assert [word.polygon for word in first.words] == [word.polygon for word in made.pages[0].lines[0].words]
    assert second == made.pages[0].lines[1]
    assert (first.baseline, first.polygon, first.region) == (
        *(made.pages[0].lines[0].baseline, made.pages[0].lines[0].polygon),
        made.pages[0].lines[0].region,
    )


def test_a_line_that_is_right_is_certain_too() -> None:
    made = one_page("letter", "the cat")
    (line,) = corrected(made, [say(made, 0, "right")]).pages[0].lines
    assert (line.text, line.confidence, line.corrected_by) == ("the cat", 1.0, "")


def test_what_was_right_stays_when_another_bundle_reads_otherwise() -> None:
    before, after = one_page("letter", "the cat"), one_page("letter", "tbe cut")
    assert texts(corrected(after, [say(before, 0, "right")])) == ["the cat"]


@pytest.mark.parametrize("verdict", ["unreadable", "withdrawn"])
def test_a_line_that_nobody_can_read_stays_as_it_was_read(verdict: str) -> None:
    made = one_page("letter", "the cat", "sat")
    said = [say(made, 0, text="a dog", time=1.0), say(made, 0, verdict, time=2.0)]  # type: ignore[arg-type]
    assert corrected(made, said) == made


def test_a_line_may_turn_out_to_be_none() -> None:
    made = one_page("letter", "the cat")
    (line,) = corrected(made, [say(made, 0, text="")]).pages[0].lines
    assert (line.text, line.words, line.confidence) == ("", (), 1.0)


def test_pages_take_corrected_lines_for_right() -> None:
    made = with_words("letter", [[("abcd", 0.5, ())], [("efgh", 0.75, ())]], doubtful=True)
    lines = tuple(replace(each, confidence=each.words[0].confidence) for each in made.pages[0].lines)
    made = replace(made, pages=(replace(made.pages[0], lines=lines),))
    assert list(map(doubt, lines)) == [2.0, 1.0]
    (one,) = corrected(made, [say(made, 0, text="abce")]).pages
    assert (one.status, one.confidence) == ("doubtful", 0.875)
    assert one.expected_cer == pytest.approx(0.5 / 3)
    (both,) = corrected(made, [say(made, 0, text="abce"), say(made, 1, "right")]).pages
    assert (both.status, both.confidence, both.expected_cer) == ("read", 1.0, 0.0)


def test_a_page_without_an_estimate_stays_without() -> None:
    made = document(replace(column("a", "b"), expected_cer=None))
    assert corrected(made, [say(made, 0, text="c")]).pages[0].expected_cer is None
    assert doubt(made.pages[0].lines[0]) == 0.5  # of a line without words, its own


def test_a_page_all_of_whose_lines_are_lost_stays_as_it_was_read() -> None:
    made = document(column("a", "b"))
    assert corrected(document(page()), [say(made, 0, text="c")]) == document(page())


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["x", "y z", ""])), max_size=6))
def test_corrections_are_applied_once_for_all(said: list[tuple[int, str]]) -> None:
    made = one_page("letter", "the cat", "sat on", "the mat")
    corrections: list[Correction] = [say(made, n, text=text, time=float(k)) for k, (n, text) in enumerate(said)]
    once = corrected(made, corrections)
    assert texts(once) == [dict(said).get(n, text) for n, text in enumerate(texts(made))]
    assert texts(corrected(once, corrections)) == texts(once)


def test_documents_are_read_with_what_was_saved(tmp_path: Path) -> None:
    storage, made = letter(tmp_path, "the cut", "sat")
    assert read_corrected(storage, "default", ID) == reader(storage)("default", ID) == made
    table.save(storage, say(made, 0, text="the cat"))
    assert texts(read_corrected(storage, "default", ID)) == ["the cat", "sat"]
    assert reader(storage)("default", ID) == read_corrected(storage, "default", ID)
    assert read_document(storage, "default", ID) == made
    with pytest.raises(FileNotFoundError):
        read_corrected(storage, "default", "other-00000000")
    (name,) = table.files(storage)["default", ID]
    storage.write(name, b"damaged")
    with pytest.raises(NothingDone, match="may hold what somebody corrected"):
        read_corrected(storage, "default", ID)
