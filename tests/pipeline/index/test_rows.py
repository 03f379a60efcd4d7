"""Rows of the word index for documents whose words, places and probabilities are known."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.document import Document
from pipeline.schema import schema
from tests.pipeline.index.made import document, document_rows
from tests.pipeline.strategies import documents


def rows(made: Document) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = document_rows(made).to_pylist()
    return found


def told(made: Document) -> list[tuple[Any, ...]]:
    """Rows in the order of the page."""
    found = [
        (r["page"], r["line"], r["position"], r["rank"], r["token"], round(r["probability"], 4)) for r in rows(made)
    ]
    return sorted(found)


def test_words_become_rows_sorted_by_token() -> None:
    table = document_rows(document("a", [["The", "Cat"], ["the", "end."]], [["Cat"]]))
    assert table.schema == schema("words")
    assert table["token"].to_pylist() == ["cat", "cat", "end", "the", "the"]
    assert table["text"].to_pylist() == ["Cat", "Cat", "end.", "The", "the"]
    assert table["page"].to_pylist() == [1, 2, 1, 1, 1]
    assert table["line"].to_pylist() == [1, 1, 2, 1, 2]
    assert table["position"].to_pylist() == [1, 0, 3, 0, 2]
    first = table.slice(0, 1).to_pylist()[0]
    assert [first[side] for side in ("left", "top", "right", "bottom")] == [60, 0, 100, 20]
    assert (first["collection"], first["document_id"]) == ("default", "a-00000000")
    assert (first["language"], first["doubtful"], first["second_half"]) == ("eng", False, None)


def test_other_readings_stand_at_the_same_place() -> None:
    made = document("a", [["one", ("fries", 0.75, (("pries", 0.125), ("fries,", 0.0625))), "end"]])
    assert told(made) == [
        (1, 1, 0, 0, "one", 0.875),
        (1, 1, 1, 0, "fries", 0.8125),  # with and without the comma, it is the same word
        (1, 1, 1, 1, "pries", 0.125),
        (1, 1, 2, 0, "end", 0.875),
    ]


def test_a_word_of_several_tokens_takes_several_places() -> None:
    assert told(document("a", [["l'an", "-", "12/5", "fin"]])) == [
        (1, 1, place, 0, token, 0.875) for place, token in enumerate(("l", "an", "12", "5", "fin"))
    ]


def test_broken_words_are_joined_and_both_halves_boxed() -> None:
    first = ("develop-", 0.75, (("devalop-", 0.25),))
    made = document("a", [["the", first], [("ment", 0.5, (("mant", 0.25),)), "ends"]])
    assert told(made) == [
        (1, 1, 0, 0, "the", 0.875),
        (1, 1, 1, 0, "development", 0.375),
        (1, 1, 1, 1, "devalopment", 0.125),
        (1, 1, 1, 2, "developmant", 0.1875),
        (1, 2, 2, 0, "ends", 0.875),
    ]
    (whole,) = (row for row in rows(made) if row["token"] == "development")
    assert [whole[side] for side in ("left", "top", "right", "bottom")] == [60, 0, 100, 20]
    assert whole["second_half"] == {"line": 2, "left": 10, "top": 30, "right": 50, "bottom": 50}
    assert whole["text"] == "development"


@pytest.mark.parametrize("second", ["Ment", "12", "-"])
def test_what_a_hyphen_does_not_break_stays_apart(second: str) -> None:
    assert "develop" in {row["token"] for row in rows(document("a", [["develop-"], [second]]))}


def test_words_on_two_pages_are_never_joined() -> None:
    assert {row["token"] for row in rows(document("a", [["develop-"]], [["ment"]]))} == {"develop", "ment"}


def test_doubtful_pages_are_marked() -> None:
    assert [row["doubtful"] for row in rows(document("a", [["word"]], doubtful=True))] == [True]


def test_a_document_without_words_has_no_rows() -> None:
    assert document_rows(document("a", [])).num_rows == 0
    assert document_rows(document("a", [[]], [["-"]])).num_rows == 0


@settings(max_examples=60, deadline=None)
@given(documents())
def test_rows_of_any_document_are_sorted_and_in_range(made: Document) -> None:
    table = document_rows(made)
    assert table.schema == schema("words")
    keys = list(zip(*(table[name].to_pylist() for name in ("token", "page", "position")), strict=True))
    assert keys == sorted(set(keys))
    pages = {page.number: len(page.lines) for page in made.pages}
    for row in table.to_pylist():
        assert 1 <= row["line"] <= pages[row["page"]]
        assert 0 <= row["probability"] <= 1
        assert row["left"] <= row["right"]
