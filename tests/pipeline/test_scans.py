from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import hash_file, shown_path
from pipeline.rendering import Renderer
from pipeline.scans import ScanGone, open_scan, places, unchanged
from pipeline.settings import Render
from tests.pipeline.drawn import save_png
from tests.pipeline.report.made import page


def test_places_count_within_each_source() -> None:
    made = [page(source, number, 0.0) for number, source in enumerate(("a", "b", "b", "a"), 1)]
    assert places(reversed(made)) == {1: 1, 2: 1, 3: 2, 4: 2}


def test_scans_come_back_as_they_were_read_or_say_why_not(tmp_path: Path) -> None:
    path = save_png(tmp_path / "a.png")
    upright = page(str(path), 1, 0.0)
    turned = replace(upright, rotation=90, width=upright.height, height=upright.width)
    with Renderer(Render()) as renderer:
        gray = open_scan(upright, 1, renderer)
        assert gray.shape == (upright.height, upright.width)
        assert np.array_equal(open_scan(turned, 1, renderer), np.rot90(gray, -1))
        with pytest.raises(ScanGone, match=r"a\.png has another size"):
            open_scan(replace(upright, width=7), 1, renderer)
        with pytest.raises(ScanGone, match=r"gone\.png: "):
            open_scan(replace(upright, source=str(tmp_path / "gone.png")), 1, renderer)


def test_a_source_is_the_file_that_was_read_or_says_that_it_is_not(tmp_path: Path) -> None:
    strange = save_png(tmp_path / "a.png").rename(tmp_path / "caf\udce9.png")
    read = replace(page(str(tmp_path / "caf%E9.png"), 1, 0.0), source_sha256=hash_file(str(strange)))
    with unchanged(read) as path:
        assert path == str(strange)
    with unchanged(replace(read, source_sha256="")) as path:
        assert path == str(strange)
    with pytest.raises(ScanGone, match="not the file any more"), unchanged(replace(read, source_sha256="0" * 64)):
        pass
    with pytest.raises(ScanGone, match="No such file"), unchanged(replace(read, source=str(tmp_path / "gone.png"))):
        pass


def test_what_is_done_with_a_source_may_fail_in_its_own_way(tmp_path: Path) -> None:
    read = replace(page(str(save_png(tmp_path / "a.png")), 1, 0.0), source_sha256="")
    with pytest.raises(OSError, match="full"), unchanged(read):
        raise OSError("full")


def test_names_are_found_behind_what_is_shown(tmp_path: Path) -> None:
    literal = tmp_path / "a%E9.png"
    assert shown_path(str(literal)) == str(tmp_path / "a\udce9.png")
    literal.touch()
    assert shown_path(str(literal)) == str(literal)
    assert shown_path("gs://bucket/a%E9.png") == "gs://bucket/a%E9.png"
    assert shown_path("a%20b%zz") == "a%20b%zz"
