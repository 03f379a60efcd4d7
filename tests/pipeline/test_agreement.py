import pytest

from pipeline.agreement import Agreement, agree, beside
from pipeline.document import Line
from pipeline.reading import failed_page
from recognizer.policy import FOLDED


def lines(*texts: str) -> tuple[Line, ...]:
    """Lines below each other, 100 pixels apart; none for an empty text."""
    return tuple(
        Line(text, 0.5, ((100.0, y), (900.0, y)), ((100.0, y - 30), (900.0, y - 30), (900.0, y + 9)), (), 0, 0)
        for y, text in zip(range(100, 600, 100), texts, strict=False)
        if text
    )


def test_lines_are_compared_where_they_lie() -> None:
    found = agree(lines("the first", "a second"), lines("the fxrst", ""), FOLDED)
    assert found == Agreement(9, 17)
    assert found.share == pytest.approx(8 / 17)


def test_order_and_policy_do_not_count() -> None:
    ours, theirs = lines("the first", "a second"), lines("the fir\u017ft", "a second")
    assert agree(ours, theirs[::-1], FOLDED).share == 1.0


def test_pages_on_which_nothing_was_read_agree() -> None:
    assert agree((), (), FOLDED).share == 1.0
    assert agree((), lines("noise"), FOLDED).share == 0.0


def test_pages_count_by_their_characters() -> None:
    assert Agreement.together([Agreement(1, 10), Agreement(0, 30)]) == Agreement(1, 40)
    assert Agreement.together([]).share == 1.0


def test_a_page_keeps_its_agreement() -> None:
    page = failed_page(1, "a.pdf", "", "bundle", "revision")
    assert beside(page, lines("noise"), FOLDED).agreement == 0.0
