import numpy as np
import pytest

from segmentation.bands import Band, Inked, bands, inked
from segmentation.columns import cut_at_columns
from segmentation.skew import made_level
from tests.segmentation.test_learned import SIZE, Floats, level, perfect

PITCH = 40.0
ROWS = [100 + PITCH * row for row in range(10)]
LEFT, RIGHT = (100.0, 350.0), (430.0, 700.0)


def page(written: list[tuple[float, float, float]], lines: list[Floats], degrees: float = 0) -> list[Inked]:
    """Lines on a page with ink where it is written: (y, from x, to x); all of it may slope."""
    ink = np.zeros(SIZE, np.float32)
    for y, start, end in written:
        for x in np.arange(start, end, 0.5):
            at = made_level(np.array([[x, y]]), -degrees)[0].round().astype(int)
            ink[at[1] - 14 : at[1] - 1, at[0]] = 1
    sloping = [made_level(line, -degrees) for line in lines]
    return [inked(band, ink) for band in bands(sloping, perfect(sloping).body, PITCH)]


def ends(found: list[Band]) -> list[tuple[float, float]]:
    return [(float(band.baseline[0, 0]), float(band.baseline[-1, 0])) for band in found]


@pytest.mark.parametrize("degrees", [0, 1.5])
def test_lines_that_run_on_into_the_next_column_are_cut(degrees: float) -> None:
    written = [(y, *column) for y in ROWS for column in (LEFT, RIGHT)]
    apart = [level(y, *column) for y in ROWS[3:] for column in (LEFT, RIGHT)]
    joined = [level(y, LEFT[0], RIGHT[1]) for y in ROWS[:3]]
    found = cut_at_columns(page(written, [*joined, *apart], degrees), PITCH, degrees)
    assert len(found) == 2 * len(ROWS)
    assert ends(found)[0] == pytest.approx(LEFT, abs=8)
    assert ends(found)[1] == pytest.approx(RIGHT, abs=8)


def test_entries_and_prices_that_mostly_are_one_line_stay_one() -> None:
    written = [(y, *column) for y in ROWS for column in (LEFT, RIGHT)]
    joined = [level(y, LEFT[0], RIGHT[1]) for y in ROWS[4:]]
    apart = [level(y, *column) for y in ROWS[:4] for column in (LEFT, RIGHT)]
    lines = page(written, [*joined, *apart])
    assert len(cut_at_columns(lines, PITCH, 0.0)) == len(lines)


def test_a_line_with_ink_all_along_is_never_cut() -> None:
    written = [(y, *column) for y in ROWS[1:] for column in (LEFT, RIGHT)] + [(ROWS[0], LEFT[0], RIGHT[1])]
    apart = [level(y, *column) for y in ROWS[1:] for column in (LEFT, RIGHT)]
    lines = page(written, [level(ROWS[0], LEFT[0], RIGHT[1]), *apart])
    assert len(cut_at_columns(lines, PITCH, 0.0)) == len(lines)


def test_no_lines_and_lone_lines_stay_as_they_are() -> None:
    (line,) = page([(100, *LEFT), (100, *RIGHT)], [level(100, LEFT[0], RIGHT[1])])
    assert cut_at_columns([line], PITCH, 0.0) == [line.band]
    assert cut_at_columns([], PITCH, 0.0) == []
