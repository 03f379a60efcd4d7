from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from recognizer.samples import Sample
from recognizer.train.statistics import describe
from tests.recognizer.drawn import scribble


def sample(text: str, width: int = 40, dataset: str = "a", script: str = "hand", language: str = "eng") -> Sample:
    return Sample("id", scribble(width), text, text, dataset, script, language, "page", "train")


def test_known_counts() -> None:
    lines = [sample("ab a", 50), sample("b", 20, "b", "print"), sample("éa", 30, "b", "print", "fra")]
    found = describe(lines, "ab ")
    assert found.lines == 3
    assert found.lengths == (4, 1, 2)
    assert found.widths == (50, 20, 30)
    assert found.datasets == {"b": 2, "a": 1}
    assert found.scripts == {"print": 2, "hand": 1}
    assert found.languages == {"eng": 2, "fra": 1}
    assert list(found.characters.items()) == [("a", 3), ("b", 2), (" ", 1), ("é", 1)]
    assert found.unknown == {"é": 1}


def test_no_lines_are_described_as_none() -> None:
    nothing = describe([], "abc")
    assert nothing.lines == 0
    assert not nothing.characters
    assert not nothing.unknown


@given(st.lists(st.text(min_size=1, max_size=9), max_size=9), st.sets(st.characters(), max_size=9))
def test_every_character_is_counted_the_most_frequent_first(texts: list[str], symbols: set[str]) -> None:
    found = describe([sample(text) for text in texts], symbols)
    assert found.characters == Counter("".join(texts))
    assert list(found.characters.values()) == sorted(found.characters.values(), reverse=True)
    assert set(found.unknown) == set(found.characters) - symbols
    assert sum(found.lengths) == sum(found.characters.values())
