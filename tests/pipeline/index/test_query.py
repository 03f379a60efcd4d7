"""The query language: what parses to what, and where what cannot be read is said to be wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.failures import UsageError
from pipeline.index.query import And, Near, Or, Phrase, Query, Term, parse, terms

A, B, C = Term("aa"), Term("bb"), Term("cc")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("aa", A),
        ("  AA,  ", A),
        ("Élève", Term("eleve")),
        ("aa bb", And((A, B))),
        ("aa AND bb", And((A, B))),
        ("aa and", And((A, Term("and")))),
        ("aa OR bb cc", Or((A, And((B, C))))),
        ("(aa OR bb) cc", And((Or((A, B)), C))),
        ("aa NOT bb", And((A,), (B,))),
        ("aa AND NOT bb cc", And((A, C), (B,))),
        ("NOT (bb OR cc) aa", And((A,), (Or((B, C)),))),
        ('"aa bb cc"', Phrase((A, B, C))),
        ('"aa"', A),
        ("“aa bb”", Phrase((A, B))),
        ('"OR"', Term("or")),
        ('"aa bb* ccc~"', Phrase((A, Term("bb", prefix=True), Term("ccc", 1)))),
        ('"aa - bb"', Phrase((A, B))),
        ("l'enfant", Phrase((Term("l"), Term("enfant")))),
        ("12/5", Phrase((Term("12"), Term("5")))),
        ("l'enf*", Phrase((Term("l"), Term("enf", prefix=True)))),
        ("aa*", Term("aa", prefix=True)),
        ("aaa~", Term("aaa", 1)),
        ("aaa~1", Term("aaa", 1)),
        ("aaaaa~2", Term("aaaaa", 2)),
        ("aa NEAR bb", Near(A, B, 10)),
        ("aa NEAR/5 bb", Near(A, B, 5)),
        ("aa NEAR/5 bb NEAR cc", Near(Near(A, B, 5), C, 10)),
        ("aa NEAR (bb OR cc)", Near(A, Or((B, C)), 10)),
        ("aa bb NEAR cc", And((A, Near(B, C, 10)))),
        ('NOT aa NEAR bb "cc"', And((C,), (Near(A, B, 10),))),
        ("((aa))", A),
    ],
)
def test_queries_are_read(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "character", "advice"),
    [
        ("", 1, "at least one word"),
        ("   ", 1, "at least one word"),
        ("aa AND", 7, "ends where a word is wanted"),
        ("aa OR OR bb", 7, 'write "or"'),
        ("AND aa", 1, 'write "and"'),
        ("aa NEAR", 8, "ends where a word is wanted"),
        ("NOT aa", 1, "word NOT other"),
        ("aa OR NOT bb", 7, "word NOT other"),
        ("aa NOT NOT bb", 8, 'write "not"'),
        ("(aa", 1, "add )"),
        ("aa)", 3, "take this one away"),
        ("()", 2, "before the parenthesis closes"),
        ('aa "bb', 4, 'write "exact phrase"'),
        ('aa ""', 5, "put words there"),
        ('"-"', 2, "put words there"),
        ("aa --", 4, "no letter or digit"),
        ("*", 1, "no letter or digit"),
        ("a*", 1, "at least 2 letters"),
        ("a*b", 1, "end of a word only"),
        ("aa~3", 1, "word~1 or word~2"),
        ("aa~0", 1, "word~1 or word~2"),
        ("aa~", 1, "leave ~1 out"),
        ('"bb aaa~2"', 5, "leave ~2 out"),
        ("aa NEAR/0 bb", 4, "1 to 100 words"),
        ("aa NEAR/1000 bb", 4, "1 to 100 words"),
        ("aa NEAR/x bb", 4, "write NEAR/10"),
        ("aa NEAR (bb cc)", 9, "use AND outside"),
        ("(aa bb) NEAR cc", 1, "use AND outside"),
        ("(" * 60 + "aa", 51, "flatter"),
    ],
)
def test_errors_name_the_place_and_the_way_out(text: str, character: int, advice: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    message, query, mark = str(caught.value).split("\n")
    assert advice in message
    assert query == f"  {text}"
    assert mark == f"  {' ' * (character - 1)}^ character {character}"


def test_terms_come_from_everywhere() -> None:
    query = parse('aa "bb cc" (dd OR ee*) ff NEAR gg NOT hhh~')
    assert [term.token for term in terms(query)] == ["aa", "bb", "cc", "dd", "ee", "ff", "gg", "hhh"]


words = st.sampled_from(["aa", "bb", "ccc"])
leaves = st.one_of(
    words.map(Term),
    words.map(lambda word: Term(word, prefix=True)),
    st.just(Term("ccc", 1)),
    st.lists(words.map(Term), min_size=2, max_size=3).map(lambda members: Phrase(tuple(members))),
)
distances = st.integers(1, 100)
places = st.recursive(leaves, lambda inner: st.builds(Near, inner, inner, distances), max_leaves=3)


def _combined(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(several.map(Or), several.map(And), st.builds(And, parts, parts))


def written(query: Query) -> str:
    """A query that is to parse to this tree."""
    match query:
        case Term(token, edits, prefix):
            return token + ("*" if prefix else f"~{edits}" if edits else "")
        case Phrase(members):
            return f'"{" ".join(map(written, members))}"'
        case Near(left, right, distance):
            return f"({written(left)}) NEAR/{distance} ({written(right)})"
        case And(parts, without):
            return " ".join(
                [*(f"({written(part)})" for part in parts), *(f"NOT ({written(part)})" for part in without)]
            )
        case Or(parts):
            return " OR ".join(f"({written(part)})" for part in parts)


@given(st.recursive(places, _combined, max_leaves=6))
def test_what_is_written_is_what_is_read(query: Query) -> None:
    assert parse(written(query)) == query


@given(st.text(alphabet='a b()"“*~/12NEARORANDNOT\n\u0301ß', max_size=30) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert list(terms(parse(text)))
