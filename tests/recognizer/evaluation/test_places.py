import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.decode.reading import Reading
from recognizer.evaluation.places import column, window
from tests.recognizer.drawn import scribble
from tests.recognizer.evaluation.made import reading


@pytest.mark.parametrize(("index", "middle"), [(0, 18), (1, 38), (2, 58), (3, 78), (4, 98)])
def test_a_character_stands_in_its_part_of_the_word_and_a_space_between_two(index: int, middle: float) -> None:
    assert column(reading("ab cd"), index, True, 200) == middle


@pytest.mark.parametrize(("index", "gap"), [(0, 8), (1, 28), (2, 48), (3, 68), (5, 108)])
def test_what_was_not_read_is_missing_before_the_character_at_its_index(index: int, gap: float) -> None:
    assert column(reading("ab cd"), index, False, 200) == gap


def test_where_nothing_was_read_the_place_is_the_middle() -> None:
    assert column(Reading("", 0.0, ()), 0, False, 200) == 100


@given(st.text("ab ", min_size=1).map(lambda text: " ".join(text.split())).filter(bool))
def test_every_character_has_a_place_from_left_to_right(text: str) -> None:
    places = [column(reading(text), index, True, 1000) for index in range(len(text))]
    assert places == sorted(places)


def test_the_window_has_the_place_in_its_middle() -> None:
    crop = scribble(500)
    assert (window(crop, 250.2) == crop[:, 130:370]).all()


@pytest.mark.parametrize("middle", [-5.0, 0.0, 3.0, 300.0, 900.0])
def test_the_window_is_filled_up_with_paper_where_the_crop_ends(middle: float) -> None:
    crop = np.full((80, 300), 200, np.uint8)
    crop[:, ::10] = 20
    found = window(crop, middle)
    assert found.shape == (80, 240)
    assert set(np.unique(found)) <= {20, 200}
    assert (found[:, :100] == 200).all() == (middle <= 3)
