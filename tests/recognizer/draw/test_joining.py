from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.draw.choosing import Piece, choose
from recognizer.draw.hands import Hand
from recognizer.draw.ink import density, sheared, slant_of
from recognizer.draw.joining import join
from tests.recognizer.draw.made import CELL, ROOM, cells, cut_line, one_hand

RNG = np.random.default_rng(1)
HANDS, HAND = one_hand("the north store", "a nest on her hat", "he shot ten hens")


def whole(text: str) -> tuple[Hand, Piece]:
    line = cut_line(text)
    return Hand("ours", "p1", (line,)), Piece(line, 0, len(line.text))


def test_a_whole_line_is_the_line_again() -> None:
    only, piece = whole("the same")
    joined = join(only, [piece], RNG)
    assert joined.shape == piece.line.image.shape
    assert np.abs(joined.astype(int) - piece.line.image).max() <= 2


def test_a_line_cut_apart_and_joined_is_the_line_again() -> None:
    only, piece = whole("the same")
    pieces = [Piece(piece.line, k, k + 1) for k in range(len(piece.line.text))]
    joined = join(only, pieces, RNG)
    assert np.abs(joined.astype(int) - piece.line.image).max() <= 2


@given(st.text("aehnorst ", min_size=1, max_size=20), st.integers(0, 9))
def test_joined_letters_look_like_the_text_written_at_once(text: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    joined = join(HAND, choose(HANDS, HAND, text, rng), rng)
    expected = cells(text)
    assert joined.shape == (80, 2 * ROOM + CELL * len(text))
    assert np.abs(joined.astype(int) - expected).mean() < 6


def test_pieces_come_to_one_height() -> None:
    only, piece = whole("aaaa")
    small = replace(piece.line, core=(35.0, 45.0))
    joined = join(only, [Piece(piece.line, 0, 3), Piece(small, 3, 6)], RNG)
    assert joined.shape[1] == ROOM + 2 * CELL + 2 * (2 * CELL + ROOM)
    left, right = joined[:, : joined.shape[1] // 3], joined[:, joined.shape[1] // 3 :]
    heights = [np.ptp(np.flatnonzero((side < 120).any(1))) for side in (left, right)]
    assert heights[1] == pytest.approx(2 * heights[0], rel=0.3)


def test_a_line_leans_as_its_hand_does() -> None:
    upright = cut_line("lit till ill")
    image = np.clip(220 - 190 * sheared(density(upright.image), 0.5), 0, 255).astype(np.uint8)
    line = replace(upright, image=image, slant=0.5)
    leaning = Hand("ours", "p1", (line,))
    pieces = [Piece(line, 0, 4), Piece(line, 4, len(line.text))]
    joined = join(leaning, pieces, RNG)
    assert np.abs(joined.astype(int) - image)[:, 30:-30].mean() < 6
    assert slant_of(density(joined)) == pytest.approx(0.5, abs=0.11)
    straight = join(Hand("ours", "p1", (upright,)), pieces, RNG)
    assert slant_of(density(straight)) == pytest.approx(0, abs=0.11)


def test_letters_come_onto_the_paper_of_the_hand() -> None:
    only, _ = whole("the same")
    stranger = cut_line("the same", page="p2", paper=120)
    joined = join(only, [Piece(stranger, 0, len(stranger.text))], RNG)
    assert np.median(joined) == pytest.approx(220, abs=3)
    assert joined.min() == pytest.approx(30, abs=20)
