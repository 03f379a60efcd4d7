import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognizer.draw.paper import scanned
from recognizer.draw.pen import pen
from recognizer.lines import Floats


def strokes(thickness: int = 6) -> Floats:
    """Verticals and a horizontal."""
    cover = np.zeros((208, 400), np.float32)
    cover[100 : 100 + thickness, 50:350] = 1
    for column in range(60, 340, 40):
        cover[60:150, column : column + thickness] = 1
    return cover


@given(st.integers(0, 60))
def test_ink_stays_on_the_strokes(seed: int) -> None:
    cover = strokes()
    ink = pen(cover, np.random.default_rng(seed))
    assert ink.shape == cover.shape
    assert ink.dtype == np.float32
    assert 0 <= ink.min() <= ink.max() <= 1
    assert ink[cover > 0].mean() > 5 * ink[:40].mean() + 0.2


@given(st.integers(0, 60))
def test_hairlines_are_not_lost(seed: int) -> None:
    cover = strokes(thickness=2)
    ink = pen(cover, np.random.default_rng(seed))
    assert (ink.max(0)[60:340] > 0.1).mean() > 0.85


def test_pens_differ() -> None:
    blacks = [float(pen(strokes(), np.random.default_rng(seed)).sum()) for seed in range(20)]
    assert max(blacks) > 1.5 * min(blacks)


def test_nothing_written_is_nothing() -> None:
    assert pen(np.zeros((208, 60), np.float32), np.random.default_rng(1)).max() == 0


@given(st.integers(1, 300), st.integers(0, 60))
def test_a_scan_shows_darker_ink_on_lighter_paper(width: int, seed: int) -> None:
    ink = np.zeros((80, width), np.float32)
    ink[30:50, ::3] = 1
    image = scanned(ink, np.random.default_rng(seed))
    assert image.shape == ink.shape
    assert image.dtype == np.uint8
    assert image[30:50].mean() + 5 < np.median(image[[0, 1, 2, -3, -2, -1]])


def test_scans_are_white_gray_and_dark() -> None:
    papers = [float(np.median(scanned(np.zeros((80, 200), np.float32), np.random.default_rng(k)))) for k in range(60)]
    assert min(papers) < 140
    assert sum(paper > 240 for paper in papers) > 10
    assert sum(150 < paper < 235 for paper in papers) > 10


def test_the_same_chance_gives_the_same_scan() -> None:
    first, second = (scanned(strokes()[:80], np.random.default_rng(3)) for _ in range(2))
    assert first.tobytes() == second.tobytes()
