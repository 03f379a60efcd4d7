"""Queries against small indexes whose answers are known, and against a search that looks at every page word by word."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.failures import UsageError
from pipeline.index import matching
from pipeline.index.matching import Found, find
from pipeline.index.query import And, Or, Query, Term, parse
from pipeline.schema import schema
from tests.pipeline.index.in_memory import InMemory, page_of, row

Row = Mapping[str, Any]
Seen = tuple[str, float]  # words with document, page and position, e.g. "a1:der/0 hund/1"; probability


def found(rows: Sequence[Row], query: str) -> Found:
    return find(parse(query), InMemory(rows))


def seen(rows: Sequence[Row], query: str, count: int = 100) -> list[Seen]:
    """The hits of a query, best first."""
    answer = found(rows, query)
    best = answer.best(count)
    every = answer.rows.to_pylist()
    return [
        (_place([every[number] for number in place if number >= 0]), round(probability, 9))
        for place, probability in zip(best.rows.tolist(), best.probability.tolist(), strict=True)
    ]


def _place(words: Sequence[Row]) -> str:
    told = " ".join(f"{word['token']}/{word['position']}" for word in sorted(words, key=lambda word: word["position"]))
    return f"{words[0]['document_id'][0]}{words[0]['page']}:{told}"


LETTER = [
    *page_of("the price of the flour is the price of bread"),
    *page_of("flour and bread", page=2),
    *page_of("the bread", document="b-00000000"),
]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("price", ["a1:price/1", "a1:price/7"]),
        ("bread", ["a1:bread/9", "a2:bread/2", "b1:bread/1"]),
        ("BREAD!", ["a1:bread/9", "a2:bread/2", "b1:bread/1"]),
        ("nothing", []),
        ("flour bread", ["a1:flour/4", "a1:bread/9", "a2:flour/0", "a2:bread/2"]),
        ("flour bread nothing", []),
        ("and OR price", ["a1:price/1", "a1:price/7", "a2:and/1"]),
        ("bread NOT flour", ["b1:bread/1"]),
        ("bread NOT (flour price)", ["a2:bread/2", "b1:bread/1"]),
        ("bread NOT flour NOT the", []),
        ('"price of"', ["a1:price/1 of/2", "a1:price/7 of/8"]),
        ('"the price of bread"', ["a1:the/6 price/7 of/8 bread/9"]),
        ('"bread the"', []),
        ('"pri* of the"', ["a1:price/1 of/2 the/3"]),
        ("pri*", ["a1:price/1", "a1:price/7"]),
        ("br* fl*", ["a1:flour/4", "a1:bread/9", "a2:flour/0", "a2:bread/2"]),
        ("flour NEAR/2 bread", ["a2:flour/0 bread/2"]),
        ("bread NEAR/2 flour", ["a2:flour/0 bread/2"]),
        ("flour NEAR/5 bread", ["a1:flour/4 bread/9", "a2:flour/0 bread/2"]),
        ("flour NEAR price", ["a1:flour/4 price/7"]),
        ("price NEAR price", ["a1:price/1 price/7"]),
        ('"the flour" NEAR/3 price', ["a1:price/1 the/3 flour/4"]),
        ("price NEAR/3 flour NEAR/1 is", ["a1:price/1 flour/4 is/5"]),
        ("flour NEAR/1 (the OR and)", ["a1:the/3 flour/4", "a2:flour/0 and/1"]),
        ("nothing NEAR price", []),
    ],
)
def test_sure_words_are_found_where_they_stand(query: str, places: list[str]) -> None:
    assert seen(LETTER, query) == [(place, 1.0) for place in places]


def test_an_empty_index_has_nothing() -> None:
    for query in ("aa", '"aa bb"', "aa NEAR bb", "aa bb NOT cc", "aa OR bb", "aa*", "aaa~"):
        assert seen([], query) == []


def test_phrases_and_nearness_end_with_the_page() -> None:
    rows = [*page_of("one two"), *page_of("three", page=2), *page_of("three", document="b-00000000")]
    assert seen(rows, '"two three"') == []
    assert seen(rows, "two NEAR/100 three") == []
    assert seen(rows, "one NEAR/1 two") == [("a1:one/0 two/1", 1.0)]


def test_documents_of_other_collections_are_others() -> None:
    rows = [*page_of("one"), row("two", 1, collection="other")]
    assert seen(rows, '"one two"') == []
    assert seen(rows, "one two") == []


def test_likely_places_come_first_then_documents_pages_and_positions() -> None:
    rows = [row("x", 0, 1, "b-00000000", probability=0.5), row("x", 1, 2), row("x", 0, 2), row("x", 5)]
    rows += [row("x", 1, probability=0.75)]
    places = ["a1:x/5", "a2:x/0", "a2:x/1", "a1:x/1", "b1:x/0"]
    assert [place for place, _ in seen(rows, "x")] == places
    for count in range(1, 6):
        assert [place for place, _ in seen(rows[::-1], "x", count)] == places[:count]


def test_words_of_a_phrase_multiply() -> None:
    rows = [row("le", 0, probability=0.5), row("pain", 1, probability=0.5), row("prix", 3, probability=0.25)]
    assert seen(rows, '"le pain"') == [("a1:le/0 pain/1", 0.25)]
    assert seen(rows, "pain NEAR prix") == [("a1:pain/1 prix/3", 0.125)]


def test_other_readings_of_a_place_add_up_and_the_likeliest_is_shown() -> None:
    rows = [row("martin", 0, probability=0.5), row("marten", 0, probability=0.25, rank=1)]
    assert seen(rows, "mart*") == [("a1:martin/0", 0.75)]
    assert seen(rows, "marten") == [("a1:marten/0", 0.25)]
    assert seen([*rows, row("martian", 0, probability=0.5, rank=2)], "mart*") == [("a1:martin/0", 1.0)]


def test_other_readings_stand_in_phrases() -> None:
    rows = [row("le", 0), row("pain", 1, probability=0.5), row("bain", 1, probability=0.25, rank=1)]
    assert seen(rows, '"le bain"') == [("a1:le/0 bain/1", 0.25)]
    assert seen(rows, "pain NEAR bain") == []


def test_edits_lower_the_rank_but_not_the_probability() -> None:
    rows = [
        *[row("paris", 0, probability=0.46875), row("pari", 1, probability=0.875)],
        *[row("aris", 2), row("pappis", 3), row("pas", 4)],
    ]
    assert seen(rows, "paris~1") == [("a1:aris/2", 1.0), ("a1:paris/0", 0.46875), ("a1:pari/1", 0.875)]
    assert [place for place, _ in seen(rows, "paris~2")][3:] == ["a1:pappis/3", "a1:pas/4"]


def test_and_weighs_a_place_by_what_else_is_on_its_page() -> None:
    rows = [row("x", 0, probability=0.75), row("y", 5, probability=0.5), row("y", 6, probability=0.5)]
    assert seen(rows, "x y") == [("a1:x/0", 0.75 * 0.75), ("a1:y/5", 0.5 * 0.75), ("a1:y/6", 0.5 * 0.75)]


def test_or_is_at_least_one_of_both() -> None:
    rows = [row("x", 0, probability=0.5), row("y", 1, probability=0.5), row("z", 2)]
    assert seen(rows, "z (x OR y)")[0] == ("a1:z/2", 0.75)
    assert seen(rows, "x OR y") == [("a1:x/0", 0.5), ("a1:y/1", 0.5)]


def test_one_place_is_one_hit_the_best() -> None:
    rows = [row("paris", 0, probability=0.5), row("pari", 0, probability=0.25, rank=1)]
    assert seen(rows, "pari OR paris OR pari*") == [("a1:paris/0", 0.75)]


def test_not_leaves_out_what_is_likely_and_weighs_the_rest() -> None:
    rows = [
        *[row("x", 0, 1), row("y", 1, 1, probability=0.75)],
        *[row("x", 0, 2), row("y", 1, 2, probability=0.25)],
        *[row("x", 0, 3)],
    ]
    assert seen(rows, "x NOT y") == [("a3:x/0", 1.0), ("a2:x/0", 0.75)]


def test_near_takes_the_best_partner_then_the_nearest() -> None:
    rows = [row("x", 10), row("y", 11, probability=0.5), row("y", 14), row("y", 7), row("y", 4)]
    assert seen(rows, "x NEAR y") == [("a1:y/7 x/10", 1.0)]
    assert seen(rows, "x NEAR/2 y") == [("a1:x/10 y/11", 0.5)]


def test_rows_that_are_not_kept_do_not_count() -> None:
    words = InMemory([row("x", 0), row("x", 1, doubtful=True), row("y", 2, doubtful=True)])

    def sure(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.invert(rows["doubtful"]))

    assert len(find(parse("x NOT y"), words, sure).places.first) == 1
    assert not len(find(parse("x y"), words, sure).places.first)


def test_too_many_words_are_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_ROWS", 2)
    with pytest.raises(
        UsageError, match=re.escape("takes 4 words of the index, at most 2 are allowed; most are of 'th'")
    ):
        found(page_of("the thing they have"), "th* have")


TEXTS = st.lists(st.lists(st.sampled_from("abc"), max_size=8), max_size=4)


@given(TEXTS, st.integers(1, 4))
def test_nearness_is_that_of_every_pair(pages: list[list[str]], distance: int) -> None:
    rows = [word for number, words in enumerate(pages, 1) for word in page_of(" ".join(words), number)]
    near = {
        (number, place)
        for number, words in enumerate(pages, 1)
        for place, word in enumerate(words)
        if word == "a" and "b" in words[max(0, place - distance) : place + distance + 1]
    }
    answer = found(rows, f"a NEAR/{distance} b")
    words = answer.rows.take(answer.places.rows.flatten()).to_pylist()
    assert {(word["page"], word["position"]) for word in words if word["token"] == "a"} == near
    assert len(answer.places.first) == len(near)


@given(TEXTS)
def test_phrases_and_pages_are_those_of_a_search_word_by_word(pages: list[list[str]]) -> None:
    rows = [word for number, words in enumerate(pages, 1) for word in page_of(" ".join(words), number)]
    phrases = [
        f"a{number}:{' '.join(f'{word}/{place + k}' for k, word in enumerate('aba'))}"
        for number, words in enumerate(pages, 1)
        for place in range(len(words))
        if words[place : place + 3] == ["a", "b", "a"]
    ]
    assert [place for place, _ in seen(rows, '"a b a"')] == phrases
    both = [
        f"a{number}:{word}/{place}"
        for number, words in enumerate(pages, 1)
        for place, word in enumerate(words)
        if word in "ab" and {"a", "b"} <= set(words) and "c" not in words
    ]
    assert [place for place, _ in seen(rows, "a b NOT c")] == both


TREES = st.recursive(
    st.sampled_from([Term("a"), Term("b"), Term("c")]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        st.builds(And, st.lists(inner, min_size=1, max_size=2).map(tuple), st.lists(inner, max_size=2).map(tuple)),
    ),
    max_leaves=6,
)
LIKELY = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.25, 0.5, 1.0])), max_size=5), max_size=3
)


def on_page(query: Query, words: Sequence[tuple[str, float]]) -> float:
    """The probability that a page of these words has what is asked for."""
    match query:
        case Term(token):
            return 1 - math.prod(1 - chance for word, chance in words if word == token)
        case Or(parts):
            return 1 - math.prod(1 - on_page(part, words) for part in parts)
        case And(parts, without):
            unwanted = [on_page(part, words) for part in without]
            present = math.prod(on_page(part, words) for part in parts)
            return present * math.prod(0.0 if chance > 0.5 else 1 - chance for chance in unwanted)
    raise AssertionError(query)


@given(LIKELY, TREES)
def test_what_is_on_a_page_is_that_of_a_count_page_by_page(pages: list[list[tuple[str, float]]], query: Query) -> None:
    rows = [row("z", 99, number) for number in range(1, len(pages) + 1)]
    for number, words in enumerate(pages, 1):
        rows += [row(word, place, number, probability=chance) for place, (word, chance) in enumerate(words)]
    answer = find(And((Term("z"), query)), InMemory(rows))
    marks = answer.rows.take(answer.places.rows[:, 0]).to_pylist()
    found = {
        word["page"]: chance
        for word, chance in zip(marks, answer.places.probability.tolist(), strict=True)
        if word["token"] == "z"
    }
    expected = {number: on_page(query, words) for number, words in enumerate(pages, 1)}
    assert found == pytest.approx({number: chance for number, chance in expected.items() if chance > 0})


def test_common_words_take_little_time() -> None:
    count = 200_000
    rng = np.random.default_rng(0)
    numbers = np.sort(rng.choice(20_000 * 300, count, replace=False))
    document, position = pa.array(numbers // 300), numbers % 300
    names = pc.binary_join_element_wise("register", document.cast(pa.string()), "-")

    def table(token: str, shift: int) -> pa.Table:
        columns = {field.name: pa.nulls(count, field.type) for field in schema("words")}
        columns |= {"token": pa.array([token] * count), "collection": pa.array(["default"] * count)}
        columns |= {"document_id": names, "page": pa.array(np.ones(count), pa.int32())}
        columns |= {
            "position": pa.array(position + shift, pa.int32()),
            "probability": pa.array(rng.random(count), pa.float32()),
        }
        return pa.table(columns, schema=schema("words"))

    words = InMemory([])
    words.rows = pa.concat_tables([table("de", 0), table("la", 1)])
    find(parse("de"), words)
    for query, seconds in (("de", 0.3), ('"de la"', 1.0), ("de NEAR la", 2.0)):
        began = time.process_time()
        assert len(find(parse(query), words).best(20).first) == 20
        assert time.process_time() - began < seconds
