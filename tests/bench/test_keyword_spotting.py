"""Measures of keyword spotting, on rankings and pages whose figures are known."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.keyword_spotting import Sheet, Spot, average_precision, figures, measured, queries, sheet, sheets, table
from pipeline.comparison.command import COMPARISON
from pipeline.document import Document, Line, polyline
from pipeline.storage import LocalStorage
from pipeline.store import file_name, lines_parquet
from tests.pipeline.index.in_memory import InMemory, page_of, row
from tests.pipeline.report.made import page


def line(text: str, foot: float) -> Line:
    baseline = polyline([(10, foot), (300, foot)])
    return Line(text, 1.0, baseline, baseline, (), 0, 0)


@pytest.mark.parametrize(
    ("ranking", "total", "expected"),
    [
        ([(0.9, True), (0.5, True)], 2, 1.0),
        ([(0.9, True), (0.8, False), (0.7, True)], 2, (1 + 2 / 3) / 2),
        ([(0.7, True), (0.9, True), (0.8, False)], 3, (1 + 2 / 3) / 3),
        ([(0.9, False), (0.8, True)], 1, 0.5),
        ([(0.5, False), (0.5, True)], 1, 0.5),
        ([(0.5, True), (0.5, True), (0.5, False), (0.4, True)], 3, (2 / 3 + 2 / 3 + 3 / 4) / 3),
        ([(0.9, False)], 1, 0.0),
        ([], 4, 0.0),
    ],
)
def test_average_precision(ranking: Sequence[tuple[float, bool]], total: int, expected: float) -> None:
    scores, right = [score for score, _ in ranking], [is_right for _, is_right in ranking]
    assert average_precision(scores, right, total) == pytest.approx(expected)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), max_size=12), st.randoms())
def test_average_precision_does_not_depend_on_the_order_of_equals(ranking, random) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    total = 1 + sum(right for _, right in ranking)
    shuffled = random.sample(ranking, len(ranking))
    before, after = (
        average_precision([score for score, _ in of], [right for _, right in of], total) for of in (ranking, shuffled)
    )
    assert before == pytest.approx(after)
    assert 0 <= before <= 1


def test_figures_of_what_was_found() -> None:
    relevant = {Spot("flour", 1), Spot("flour", 2), Spot("bread", 1), Spot("price", 3)}
    spotted = {Spot("flour", 1): 0.9, Spot("flour", 3): 0.6, Spot("flour", 2): 0.4, Spot("bread", 1): 0.7}
    found = figures(spotted, relevant)
    assert found.queries == 3
    assert found.mean_ap == pytest.approx(((1 + 2 / 3) / 2 + 1 + 0) / 3)
    assert found.global_ap == pytest.approx((1 + 1 + 3 / 4) / 4)
    assert (found.precision, found.recall, found.found) == pytest.approx((2 / 3, 2 / 4, 3 / 4))


def test_nothing_found_is_nothing_wrong() -> None:
    found = figures({}, {Spot("flour", 1)})
    assert (found.mean_ap, found.global_ap, found.precision, found.recall, found.found) == (0, 0, 1, 0, 0)


def test_queries_are_the_longer_words_of_the_truth_and_broken_ones_whole() -> None:
    lines = [line("Le prix d'Élève, la popu-", 50), line("lation a 12 ans. ¬", 100), line("fin-", 150)]
    assert list(queries(lines)) == [("prix", 0), ("eleve", 0), ("population", 0), ("ans", 1), ("fin", 2)]


def test_lines_that_lie_together_are_one() -> None:
    true = [line("first line", 50), line("second line", 100), line("third", 150)]
    ours = [line("", 151), line("", 51), line("", 400)]
    made = sheet(("a-00000000", 1), "hand", true, ours)
    where = dict(made.true)
    assert made.ours[2] == where["first"]
    assert made.ours[1] == where["third"]
    assert made.ours[3] not in where.values()
    assert where["second"] not in made.ours.values()


SHEETS = [
    Sheet(("a-00000000", 1), "hand", (("flour", 0), ("bread", 1)), {1: 0, 2: 2}),
    Sheet(("a-00000000", 2), "print", (("flour", 0),), {1: 0}),
]
ROWS = [
    *[row("floor", 0, 1, probability=0.6), row("flour", 0, 1, probability=0.3, rank=1)],
    *[row("bread", 12, 1, probability=0.9), row("unasked", 13, 1)],
    *page_of("flour", 2),
]


def test_pages_and_lines_are_measured() -> None:
    rows = InMemory(ROWS).rows
    by_page, by_line = (measured(SHEETS, rows, level) for level in ("pages", "lines"))
    assert (by_page.mean_ap, by_page.recall, by_page.found) == pytest.approx((1, 2 / 3, 1))
    assert (by_line.mean_ap, by_line.precision, by_line.found) == pytest.approx((0.5, 0.5, 2 / 3))


def test_places_of_a_page_add_to_its_probability() -> None:
    rows = InMemory([row("bread", place, 1, probability=0.3) for place in (0, 3)]).rows
    assert measured(SHEETS[:1], rows, "pages").recall == 0.5


def test_the_table_has_every_script_with_and_without_other_readings() -> None:
    told = list(table(SHEETS, InMemory(ROWS)))
    assert [text[:26].strip() for text in told[:7]] == [
        *("by pages", "handwriting, text", "handwriting, with others", "print, text", "print, with others"),
        *("all of it, text", "all of it, with others"),
    ]
    assert told[1].split()[-6:] == ["2", "50.0", "50.0", "100.0", "50.0", "50.0"]
    assert told[2].split()[-6:] == ["2", "100.0", "100.0", "100.0", "50.0", "100.0"]


def test_sheets_are_those_of_a_comparison(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    document = Document("a-00000000", "default", (page("a.png", 1, 0.1, "the bread"),))
    for name in ("lines", "truth"):
        storage.write(file_name(name, "default", document.id), lines_parquet(document))
    known = {"page": [{"document_id": document.id, "page": 1, "script": "hand"}]}
    storage.write(COMPARISON, json.dumps(known).encode())
    (made,) = sheets(storage)
    assert (made.place, made.script) == ((document.id, 1), "hand")
    assert [query for query, _ in made.true] == ["the", "bread"]
    assert made.ours == {1: 0}
