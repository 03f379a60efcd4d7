"""The lines around hits, and what is told when they cannot be read."""

from pathlib import Path

import pytest

from pipeline.document import Document
from pipeline.index.matching import find
from pipeline.index.query import parse
from pipeline.search.hits import hits_of
from pipeline.search.snippets import Shown, shown
from pipeline.storage import LocalStorage
from pipeline.store import file_name, lines_parquet
from tests.pipeline.search.made import identifier, index


def snippets(storage: LocalStorage, query: str) -> tuple[list[Shown], list[str]]:
    found, warnings = find(parse(query), index()), list[str]()
    return shown(storage, hits_of(found, found.best(100)), warnings.append), warnings


def test_the_word_is_marked_in_its_line(storage: LocalStorage) -> None:
    ((hit,), warnings) = snippets(storage, "price")
    assert hit.lines == (((False, "the"), (True, "price"), (False, "of flour")),)
    assert hit.snippet == "the price of flour"
    assert hit.source.endswith("/letter.png")
    assert warnings == []


def test_a_phrase_is_marked_as_one(storage: LocalStorage) -> None:
    ((hit,), _) = snippets(storage, '"price of flour"')
    assert hit.lines == (((False, "the"), (True, "price of flour")),)


def test_the_word_of_the_line_is_marked_where_another_reading_was_found(storage: LocalStorage) -> None:
    ((hit,), _) = snippets(storage, "floor")
    assert hit.hit.text == "floor"
    assert hit.lines == (((False, "the price of"), (True, "flour")),)


def test_a_broken_word_shows_both_lines(storage: LocalStorage) -> None:
    ((hit,), _) = snippets(storage, "population")
    assert hit.lines == (((False, "in the"), (True, "popu-")), ((True, "lation"), (False, "is high")))
    assert hit.snippet == "in the popu-\nlation is high"


def test_hits_keep_their_order_over_documents(storage: LocalStorage) -> None:
    hits, _ = snippets(storage, "the")
    assert [hit.snippet for hit in hits] == [
        *("the farm is sold", "to the farmer"),
        *("the price of flour", "in the popu-"),
    ]


@pytest.mark.parametrize(("table", "source", "lines"), [("lines", True, False), ("pages", False, True)])
@pytest.mark.parametrize("damage", ["gone", "short", "empty"])
def test_what_cannot_be_read_is_named_and_the_rest_shown(
    storage: LocalStorage, table: str, source: bool, lines: bool, damage: str
) -> None:
    name = file_name(table, "default", identifier("letter"))
    path = Path(storage.root, name)
    content = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(content[: len(content) // 2 if damage == "short" else 0])
    (deed, letter), warnings = snippets(storage, '"the farm" OR price')
    assert deed.snippet == "the farm is sold"
    assert (bool(letter.source), bool(letter.snippet)) == (source, lines)
    (warning,) = warnings
    assert name in warning
    assert "--redo" in warning


def test_a_line_without_words_is_shown_as_its_text(storage: LocalStorage) -> None:
    from dataclasses import replace

    from pipeline.store import read_document

    document = read_document(storage, "default", identifier("letter"))
    (page,) = document.pages
    bare = replace(page, lines=tuple(replace(line, words=()) for line in page.lines))
    storage.write(file_name("lines", "default", document.id), lines_parquet(Document(document.id, "default", (bare,))))
    ((hit,), _) = snippets(storage, "price")
    assert hit.lines == (((False, "the price of flour"),),)


def test_a_line_that_is_no_more_is_left_out(storage: LocalStorage) -> None:
    storage.write(
        file_name("lines", "default", identifier("letter")),
        lines_parquet(Document(identifier("letter"), "default", ())),
    )
    ((hit,), warnings) = snippets(storage, "price")
    assert (hit.lines, hit.snippet, warnings) == ((), "", [])
