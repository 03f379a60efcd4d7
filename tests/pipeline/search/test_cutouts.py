"""The places of hits on their scans."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rendering import Renderer
from pipeline.search.cutouts import FRAME, WIDEST, cutout, cutouts
from pipeline.search.hits import Box, Hit, Piece
from pipeline.storage import LocalStorage
from tests.pipeline.search.made import box, identifier

WHITE = np.full((400, 640), 255, np.uint8)


def hit(name: str, line: int = 1, place: int = 1, page: int = 1) -> Hit:
    return Hit("default", identifier(name), page, "word", 1.0, (Piece(line, corners(line, place)),), False)


def corners(line: int, place: int) -> Box:
    known = box(line, place)
    return known["left"], known["top"], known["right"], known["bottom"]


def framed(picture: Any) -> Any:
    return (picture == FRAME).all(axis=2)


def test_the_word_is_framed_with_its_surroundings() -> None:
    picture = cutout(WHITE, [(300.0, 200.0, 360.0, 220.0)])
    assert picture.shape == (20 + 2 * 16, 60 + 2 * 120, 3)
    rows, columns = np.nonzero(framed(picture))
    assert (abs(rows.min() - 16), abs(rows.max() - 36)) <= (1, 1)
    assert (abs(columns.min() - 120), abs(columns.max() - 180)) <= (1, 1)


def test_both_halves_of_a_broken_word_are_framed() -> None:
    picture = cutout(WHITE, [(500.0, 200.0, 560.0, 220.0), (100.0, 240.0, 160.0, 260.0)])
    seen = framed(picture)
    assert seen[:30, 400:].any()
    assert seen[50:, :200].any()
    assert not seen[:30, :300].any()


def test_a_wide_cutout_is_reduced() -> None:
    assert cutout(np.full((200, 4000), 255, np.uint8), [(0.0, 50.0, 4000.0, 150.0)]).shape[1] == WIDEST


@given(*[st.floats(-50, 700, width=32)] * 4)
def test_any_box_can_be_cut_out(left: float, top: float, right: float, bottom: float) -> None:
    picture = cutout(WHITE, [(min(left, right), min(top, bottom), max(left, right), max(top, bottom))])
    assert picture.dtype == np.uint8
    assert 0 < picture.size <= 3 * WHITE.size


def test_every_page_is_rendered_once(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    render = Renderer.render

    def counted(self: Renderer, path: str, page: int) -> Any:
        rendered.append(Path(path).name)
        return render(self, path, page)

    monkeypatch.setattr(Renderer, "render", counted)
    hits = [hit("letter"), hit("deed"), hit("letter", 2, 0)]
    pictures = cutouts(storage, hits)
    assert sorted(rendered) == ["deed.png", "letter.png"]
    assert all(isinstance(picture, np.ndarray) and framed(picture).any() for picture in pictures)
    assert not np.array_equal(pictures[0], pictures[2])


def test_what_is_gone_is_said(storage: LocalStorage) -> None:
    Path(storage.root).with_name("deed.png").unlink()
    Path(storage.root, f"lines/collection=default/{identifier('letter')}.parquet").write_bytes(b"")
    deed, letter, absent, unknown = cutouts(storage, [hit("deed"), hit("letter"), hit("deed", page=7), hit("will")])
    assert "deed.png" in str(deed)
    assert "--redo" in str(letter)
    assert "no page 7 any more" in str(absent)
    assert "will-00000000" in str(unknown)
