from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.rendering import Renderer
from pipeline.scans import ScanGone, open_scan, places
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
