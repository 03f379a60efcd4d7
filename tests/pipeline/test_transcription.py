import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import transcription
from pipeline.document import Polyline, bounding_box
from pipeline.transcription import TranscribedLine, TranscribedPage

COORDINATES = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, 100.0, 5e-324])
POLYLINES = st.lists(st.tuples(COORDINATES, COORDINATES), max_size=6).map(tuple)


def line(
    number: int = 0, baseline: Polyline = (), polygon: Polyline = (), text: str = "text", name: str = ""
) -> TranscribedLine:
    return TranscribedLine(name or f"l{number}", number, text, baseline, polygon, "r1", "")


def box(left: float, top: float, right: float, bottom: float) -> Polyline:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def page(*lines: TranscribedLine) -> TranscribedPage:
    return TranscribedPage.of("a.jpg", 1000, 800, lines)


def test_whole_lines_stay_as_they_are() -> None:
    whole = line(0, ((10, 40), (200, 40)), box(10, 10, 200, 50))
    assert page(whole).lines == (whole,)
    assert page(whole).skipped == {}


def test_a_line_without_a_baseline_gets_one_three_quarters_down_its_polygon() -> None:
    (found,) = page(line(polygon=box(10, 100, 210, 140))).lines
    assert np.allclose(found.baseline, [(10, 130), (210, 130)])


def test_the_baseline_of_a_slanting_polygon_slants() -> None:
    polygon = ((0, 100), (200, 120), (200, 160), (0, 140))
    (found,) = page(line(polygon=polygon)).lines
    assert np.allclose(found.baseline, [(0, 130), (200, 150)])


def test_a_line_without_a_polygon_gets_a_band_as_high_as_the_others_are() -> None:
    others = [
        line(k, ((0, 90 + 100 * k), (400, 90 + 100 * k)), box(0, 60 + 100 * k, 400, 100 + 100 * k)) for k in (0, 1)
    ]
    found = page(*others, line(2, ((0, 300), (400, 300)))).lines[2]
    height = transcription.BAND_OF_HEIGHT * 40
    assert np.allclose(bounding_box(found.polygon), (0, 300 - 0.75 * height, 400, 300 + 0.25 * height))


def test_without_any_polygon_the_band_is_as_high_as_the_lines_are_apart() -> None:
    columns = [((left, y), (left + 300, y)) for left, shift in ((0, 0), (400, 7)) for y in (100 + shift, 160 + shift)]
    found = page(*(line(k, baseline) for k, baseline in enumerate(columns))).lines
    assert [np.ptp([y for _, y in each.polygon]) for each in found] == [pytest.approx(60)] * 4


def test_the_band_of_an_upright_line_lies_to_its_left() -> None:
    columns = [((x, 400), (x, 100)) for x in (200, 600)]
    others = line(2, ((0, 600), (400, 600)), box(0, 570, 400, 610))
    found = page(others, *(line(k, baseline) for k, baseline in enumerate(columns))).lines[1]
    assert np.allclose(bounding_box(found.polygon), (200 - 36, 100, 200 + 12, 400))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (line(), transcription.NO_SHAPE),
        (line(baseline=((5, 5), (5, 5)), polygon=((0, 0), (9, 9))), transcription.NO_SHAPE),
        (line(polygon=((0, 0), (9, 9), (20, 20))), transcription.NO_SHAPE),
        (line(baseline=((5, 5), (90, 5))), transcription.NO_HEIGHT),
        (line(polygon=box(1200, 10, 1300, 60)), transcription.OUTSIDE),
        (line(polygon=box(10, -90, 300, -60)), transcription.OUTSIDE),
    ],
)
def test_a_line_that_cannot_be_used_is_skipped_by_name(broken: TranscribedLine, reason: str) -> None:
    read = page(broken)
    assert read.lines == ()
    assert read.skipped == {reason: ("l0",)}


def test_a_skipped_line_takes_no_namesake_along() -> None:
    read = page(line(0, name="l"), line(1, polygon=box(0, 40, 90, 70), name="l"))
    assert [found.number for found in read.lines] == [1]


@given(st.lists(st.tuples(POLYLINES, POLYLINES), max_size=5))
def test_whatever_the_points_lines_are_whole_or_skipped(shapes: list[tuple[Polyline, Polyline]]) -> None:
    read = page(*(line(k, *both) for k, both in enumerate(shapes)))
    assert len(read.lines) + sum(map(len, read.skipped.values())) == len(shapes)
    for found in read.lines:
        assert len(found.baseline) >= 2
        assert len(found.polygon) >= 3
        assert all(map(math.isfinite, (*sum(found.baseline, ()), *sum(found.polygon, ()))))


def shaped(*found: TranscribedLine) -> list[TranscribedLine]:
    return list(transcription.with_shapes(found, 1000, 1400))


def test_all_lines_have_shapes_and_keep_their_own() -> None:
    tiny = line(1, baseline=((5, 5), (5, 5)), polygon=((0, 0),))
    usable = line(2, polygon=box(0, 100, 200, 140))
    assert shaped(tiny, usable) == [tiny, *page(usable).lines]


def test_lines_outside_the_page_stay_where_they_are() -> None:
    (found,) = shaped(line(polygon=box(1200, 10, 1300, 60)))
    assert found.polygon == box(1200, 10, 1300, 60)


def test_shapes_are_made_from_what_there_is() -> None:
    alone, bare = line(0, baseline=((5, 5), (90, 5))), line(1)
    flat, whole = shaped(alone, bare)
    assert (flat.baseline, flat.polygon) == (alone.baseline, alone.baseline)
    assert (whole.polygon, whole.baseline) == (box(0, 0, 1000, 1400), ((0, 1050), (1000, 1050)))


@given(st.lists(st.tuples(POLYLINES, POLYLINES), max_size=5))
def test_no_line_is_left_out(shapes: list[tuple[Polyline, Polyline]]) -> None:
    found = shaped(*(line(k, *both) for k, both in enumerate(shapes)))
    assert [each.number for each in found] == list(range(len(shapes)))
    assert all(len(each.baseline) > 1 and each.polygon for each in found)
