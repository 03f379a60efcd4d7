"""Corrections find their lines again, and no other lines."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corrections.matching import latest, lost, match
from pipeline.document import Line, Page, polyline
from tests.pipeline.corrections.made import column, document, line, page, say

TEXTS = tuple("abcdefgh")
PAGE = column(*TEXTS)
MADE = document(PAGE)
SAID = [say(MADE, place, text=f"the {text}", time=float(place)) for place, text in enumerate(TEXTS)]


def moved(each: Line, across: float = 0.0, down: float = 0.0, longer: float = 0.0, slope: float = 0.0) -> Line:
    """A line as another finder draws it."""
    (left, foot), (right, _) = each.baseline
    steps = [left + (right - left + longer) * step / 6 for step in range(7)]
    along = [(x + across, foot + down + slope * (x - left)) for x in steps]
    outline = [(x, y - 28) for x, y in along] + [(x, y + 9) for x, y in along[::-1]]
    return replace(each, baseline=polyline(along), polygon=polyline(outline))


def found(on: Page) -> dict[str, str]:
    """Texts of lines, with those of the corrections that found them."""
    return {on.lines[place].text: each.text for place, each in match(on, SAID).by_line.items()}


@given(st.data())
def test_lines_are_found_again_after_small_shifts_in_any_order(data: st.DataObject) -> None:
    shifts = st.builds(
        moved,
        st.just(PAGE.lines[0]),
        across=st.floats(-30, 30),
        down=st.floats(-8, 8),
        longer=st.floats(-60, 60),
        slope=st.floats(-0.008, 0.008),
    )
    lines = []
    for each in PAGE.lines:
        shape, down = data.draw(shifts), each.baseline[0][1] - PAGE.lines[0].baseline[0][1]
        lower = [polyline((x, y + down) for x, y in points) for points in (shape.baseline, shape.polygon)]
        lines.append(replace(each, baseline=lower[0], polygon=lower[1]))
    kept = data.draw(st.lists(st.sampled_from(lines), unique=True))
    matched = match(replace(PAGE, lines=tuple(kept)), SAID)
    assert {kept[place].text: each.text for place, each in matched.by_line.items()} == {
        each.text: f"the {each.text}" for each in kept
    }
    assert len(matched.by_line) + len(matched.unmatched) == len(TEXTS)


@given(st.permutations(TEXTS))
def test_the_order_of_lines_does_not_matter(order: list[str]) -> None:
    lines = {each.text: each for each in PAGE.lines}
    on = replace(PAGE, lines=tuple(lines[text] for text in order))
    assert found(on) == {text: f"the {text}" for text in TEXTS}


def test_lines_that_are_gone_leave_their_corrections_unmatched() -> None:
    matched = match(replace(PAGE, lines=PAGE.lines[2:]), SAID)
    assert [each.before for each in matched.unmatched] == ["a", "b"]
    assert {place: each.before for place, each in matched.by_line.items()} == dict(enumerate("cdefgh"))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [(100, 900, True), (180, 900, True), (100, 1000, True), (300, 900, False), (100, 500, False), (100, 1300, False)],
)
def test_a_line_that_was_cut_or_grew_together_with_another_is_another(left: float, right: float, same: bool) -> None:
    on = page(line("a", 100, left, right), *PAGE.lines[1:])
    assert ("a" in found(on)) == same


@pytest.mark.parametrize("down", [-45, -25, 25, 45])
def test_the_line_above_or_below_is_another(down: float) -> None:
    assert match(page(moved(PAGE.lines[3], down=down)), [SAID[3]]).by_line == {}


def test_of_two_lines_the_nearer_one_is_it() -> None:
    near, far = moved(PAGE.lines[0], down=2), moved(PAGE.lines[0], down=-12)
    assert list(match(page(far, near), SAID).by_line) == [1]


def test_lines_beside_each_other_are_told_apart() -> None:
    both = page(line("left", 100, 50, 450), line("right", 100, 460, 900))
    made = document(both)
    said = [say(made, 0, text="L"), say(made, 1, text="R")]
    on = replace(both, lines=both.lines[::-1])
    assert {on.lines[place].text: each.text for place, each in match(on, said).by_line.items()} == {
        "left": "L",
        "right": "R",
    }


def test_steep_and_short_lines_are_found_too() -> None:
    steep = Line("up", 0.5, ((50.0, 900.0), (60.0, 100.0)), ((20.0, 900.0), (30.0, 100.0), (90.0, 900.0)), (), 0, 0)
    short = line("7", 1500, 100, 112)
    made = document(page(steep, short))
    said = [say(made, 0, text="Up"), say(made, 1, text="9")]
    moved_a_bit = page(replace(steep, baseline=((53.0, 905.0), (62.0, 96.0))), line("7", 1502, 101, 114))
    assert sorted(match(moved_a_bit, said).by_line) == [0, 1]


def test_a_page_at_another_resolution_is_compared_at_its_own() -> None:
    def twice(each: Line) -> Line:
        shapes = [polyline((2 * x, 2 * y) for x, y in points) for points in (each.baseline, each.polygon)]
        return replace(each, baseline=shapes[0], polygon=shapes[1])

    larger = replace(PAGE, width=2000, height=4000, lines=tuple(map(twice, PAGE.lines)))
    assert found(larger) == {text: f"the {text}" for text in TEXTS}
    turned = replace(PAGE, width=2000, height=1000)
    assert found(turned) == {}
    assert len(match(turned, SAID).unmatched) == len(TEXTS)


def test_the_last_of_each_line_counts() -> None:
    shifted = document(replace(PAGE, lines=tuple(moved(each, across=5, down=3) for each in PAGE.lines)))
    said = [*SAID, say(shifted, 0, text="new", time=50.0), say(MADE, 1, "withdrawn", time=51.0)]
    random.Random(7).shuffle(said)
    kept = latest(said)
    assert [each.text for each in kept] == [*(f"the {text}" for text in TEXTS[2:]), "new"]
    assert latest(kept) == kept
    assert found(PAGE)["a"] == "the a"
    assert match(PAGE, said).by_line[0].text == "new"


def test_a_line_may_be_corrected_after_it_was_withdrawn() -> None:
    said = [SAID[0], say(MADE, 0, "withdrawn", time=10.0), say(MADE, 0, text="again", time=11.0)]
    assert [each.text for each in latest(said)] == ["again"]


def test_pages_are_told_apart() -> None:
    other = replace(PAGE, number=2)
    made = document(PAGE, other)
    assert match(other, SAID).by_line == {}
    assert match(other, SAID).unmatched == ()
    assert lost(made, SAID) == ()
    assert lost(document(other), SAID) == tuple(SAID)
    assert lost(document(replace(PAGE, lines=PAGE.lines[1:])), SAID) == (SAID[0],)
