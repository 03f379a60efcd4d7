"""Places of the index as hits: texts and boxes."""

from pipeline.index.matching import find
from pipeline.index.query import parse
from pipeline.search.hits import Hit, Piece, hits_of
from tests.pipeline.index.in_memory import InMemory, page_of, row
from tests.pipeline.search.made import index


def hits(words: InMemory, query: str) -> list[Hit]:
    found = find(parse(query), words)
    return hits_of(found, found.best(100))


def test_a_word_has_its_box() -> None:
    (hit,) = hits(InMemory(page_of("one two")), "two")
    assert hit == Hit("default", "a-00000000", 1, "two", 1.0, (Piece(1, (50.0, 40.0, 90.0, 70.0)),), False)


def test_a_phrase_has_the_boxes_of_its_words_in_order() -> None:
    (hit,) = hits(InMemory(page_of("a b c d e f g h one two")), '"one two"')
    assert hit.text == "one two"
    assert [piece.box[0] for piece in hit.pieces] == [400.0, 450.0]
    (backwards,) = hits(InMemory(page_of("one and two")), "two NEAR one")
    assert backwards.text == "one two"


def test_lines_of_a_phrase_are_in_order() -> None:
    (hit,) = hits(InMemory([row("one", 9), row("two", 10)]), '"one two"')
    assert hit.lines == (1, 2)


def test_a_written_word_of_several_tokens_is_one_word() -> None:
    tokens = [row("l'enfant", place, token=token, left=10.0, right=90.0) for place, token in enumerate(("l", "enfant"))]
    words = InMemory([*tokens, row("rit", 2)])
    (hit,) = hits(words, "l'enfant NEAR rit")
    assert hit.text == "l'enfant rit"
    assert len(hit.pieces) == 2


def test_a_word_that_is_said_twice_is_two_words() -> None:
    (hit,) = hits(InMemory(page_of("very very")), '"very very"')
    assert hit.text == "very very"
    assert len(hit.pieces) == 2


def test_a_broken_word_has_two_boxes_and_two_lines() -> None:
    (hit,) = hits(index(), "population")
    assert hit.text == "population"
    assert hit.pieces == (Piece(2, (220.0, 156.0, 280.0, 186.0)), Piece(3, (60.0, 236.0, 120.0, 266.0)))
    assert hit.lines == (2, 3)


def test_another_reading_is_told_from_the_text_of_the_line() -> None:
    assert [hit.otherwise for query in ("flour", "floor") for hit in hits(index(), query)] == [False, True]


def test_nothing_found_is_no_hit() -> None:
    assert hits(index(), "nothing") == []
