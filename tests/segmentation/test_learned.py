"""The learned finder from its maps on: maps drawn by hand, as a perfect network would give them."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from segmentation.bands import bands, cut_to_ink, outline
from segmentation.evaluate import compare
from segmentation.learned import MAPS, DnnNetwork, Found, Maps, UnfitNetwork, find_baselines, normalise, orientation
from segmentation.train.pages import TrueLine
from segmentation.train.truth import draw

Floats = np.ndarray
SIZE = (600, 800)  # of the maps
HEIGHT = 24.0


def level(y: float, left: float = 100, right: float = 700) -> Floats:
    return np.array([(left, y), (right, y)], np.float64)


def perfect(
    baselines: Sequence[Floats], rules: Sequence[tuple[int, int, int]] = (), size: tuple[int, int] = SIZE
) -> Maps:
    """Maps of lines in pixels of the maps; rules are (x, top, foot)."""
    lines = [TrueLine((2 * line).astype(np.float32), np.zeros((0, 2), np.float32), 2 * HEIGHT) for line in baselines]
    page = np.zeros((2 * size[0], 2 * size[1]), np.float32)
    drawn = draw(lines, np.eye(2, 3), 1.0, page).maps
    baseline, ends, body = (cv2.GaussianBlur(each.astype(np.float32), (0, 0), 0.7) for each in drawn)
    ruled = np.zeros(size, np.uint8)
    for x, top, foot in rules:
        ruled[top:foot, x - 1 : x + 2] = 1
    return Maps(np.minimum(1.3 * baseline, 1), ends, body, body, ruled, 2.0)


def agreement(found: Found, true: Sequence[Floats]) -> tuple[int, float, float]:
    both = compare(*([line.astype(np.float32) for line in side] for side in (true, found.baselines)))
    return len(found.baselines), both.precision, both.recall


@pytest.mark.parametrize(
    "true",
    [
        [level(100), level(160), level(220)],
        [level(100, 50, 360), level(100, 420, 750), level(160, 50, 360), level(160, 420, 750)],
        [np.array([(100.0, 100), (400, 130), (700, 100)]), np.array([(100.0, 160), (400, 190), (700, 160)])],
        [level(100), level(160), np.array([(60.0, 500), (60, 200)])],
        [level(100, 300, 340), level(160), level(220)],
    ],
    ids=["level", "columns", "curved", "steep", "short"],
)
def test_lines_of_perfect_maps_are_found(true: list[Floats]) -> None:
    found = find_baselines(perfect(true))
    count, precision, recall = agreement(found, true)
    assert count == len(true)
    assert min(precision, recall) > 0.98
    assert found.pitch == pytest.approx(60, abs=4)


@pytest.mark.parametrize("upwards", [True, False])
def test_a_steep_line_runs_as_it_is_read(upwards: bool) -> None:
    line = np.array([(60.0, 500), (60, 200)])[:: 1 if upwards else -1]
    steep = find_baselines(perfect([level(100), level(160), line])).baselines[-1]
    assert (steep[0, 1] > steep[-1, 1]) == upwards


@pytest.mark.parametrize("quarters", range(4))
def test_the_orientation_of_a_page_is_that_of_its_lines(quarters: int) -> None:
    upright = [level(y, 150, 450) for y in range(150, 460, 60)]
    turn = np.array([[0, -1], [1, 0]])  # a page turned anticlockwise has lines that run up
    true = [(line - 300) @ np.linalg.matrix_power(turn, quarters) + 300 for line in upright]
    found = find_baselines(perfect([*true, np.array([(720.0, 100), (720, 200)])]))
    turned, share = orientation(found)
    assert turned == quarters
    assert 0.9 < share <= 1


def test_an_empty_page_does_not_tell_its_orientation() -> None:
    assert orientation(Found((level(100),), (1.0,), 20.0)) == (0, 0.0)


def test_a_gap_between_words_is_bridged_and_one_between_lines_is_not() -> None:
    maps = perfect([level(100), level(160), level(220)])
    maps.baseline[:, 395:410] = 0
    assert len(find_baselines(maps).baselines) == 3
    apart = [level(y, left, right) for y in (100, 160, 220) for left, right in ((100, 390), (412, 700))]
    assert len(find_baselines(perfect(apart)).baselines) == 6


def test_a_rule_parts_what_the_network_joins_faintly() -> None:
    true = [level(100), level(160), level(220)]
    assert len(find_baselines(perfect(true, rules=[(400, 50, 300)])).baselines) == 3
    maps = perfect(true, rules=[(400, 50, 300)])
    maps.baseline[:, 390:411] *= 0.5
    assert len(find_baselines(maps).baselines) == 6


def test_short_pieces_must_be_sure() -> None:
    maps = perfect([level(100), level(160), level(220, 300, 345)])
    assert len(find_baselines(maps).baselines) == 3
    maps.baseline[210:230] *= 0.62
    assert len(find_baselines(maps).baselines) == 2


def test_nothing_on_empty_maps() -> None:
    empty = find_baselines(perfect([]))
    assert empty.baselines == ()
    assert bands(empty.baselines, np.zeros(SIZE, np.float32), empty.pitch) == []


def test_the_surest_lines_are_kept_in_their_order() -> None:
    found = Found((level(1), level(2), level(3)), (5.0, 1.0, 7.0), 10.0)
    assert [line[0, 1] for line in found.surest(2)] == [1, 3]


def test_heights_come_from_the_body_and_outlines_leave_room_for_neighbours() -> None:
    true = [level(100), level(160), level(220)]
    found = bands(true, perfect(true).body, 60.0)
    assert [band.height for band in found] == pytest.approx([HEIGHT] * 3, rel=0.15)
    shape = outline(found[1], found)
    assert 160 - shape[:, 1].min() == pytest.approx(1.05 * HEIGHT, rel=0.15)
    assert shape[:, 1].max() - 160 == pytest.approx(0.35 * 60, abs=11)
    close = bands([level(100), level(120)], perfect([level(100), level(120)]).body, 20.0)
    assert outline(close[1], close)[:, 1].min() > 100
    assert outline(close[0], close)[:, 1].max() < 120


def test_an_empty_ruled_line_is_not_inked() -> None:
    true = [level(100), level(160)]
    found = bands(true, perfect(true).body, 60.0)
    assert all(cut_to_ink(band, perfect(true).ink) for band in found)
    rule = np.zeros(SIZE, np.float32)
    rule[99:102] = 1
    assert not any(cut_to_ink(band, rule) for band in found)


def test_ink_and_paper_are_told_by_the_middle_of_the_page() -> None:
    page = np.full((500, 400), 200, np.uint8)
    page[200:300, 100:300:7] = 60
    page[:40] = 0
    ink = normalise(page)
    assert ink[250, 103] == pytest.approx(0, abs=0.01)
    assert ink[250, 107] == pytest.approx(1, abs=0.01)
    assert ink[0, 0] == pytest.approx(1.3)


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x07"])
def test_another_file_is_no_line_finder(content: bytes) -> None:
    with pytest.raises(UnfitNetwork):
        DnnNetwork(content)


def test_maps_are_named() -> None:
    assert MAPS == ("baseline", "ends", "body")
