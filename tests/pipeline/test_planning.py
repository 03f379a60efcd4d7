from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.plan import Decision, Reason
from pipeline.planning import pages_due
from pipeline.rendering import Renderer
from pipeline.settings import Render
from pipeline.sources import Origin, find
from tests.pipeline.conftest import Digitize
from tests.pipeline.drawn import save_pdf, save_png
from tests.pipeline.test_state import ROW


def origin(path: Path) -> Origin:
    (found,) = find([str(path)], "file").origins
    return found


@pytest.mark.parametrize(("reason", "pages"), [("outdated", 30), ("redone", 30), ("retried", 4)])
def test_pages_that_are_known_open_nothing(reason: Reason, pages: int, tmp_path: Path) -> None:
    document = origin(save_png(tmp_path / "a.png"))
    (tmp_path / "a.png").unlink()
    state = replace(ROW, pages=30, failures=4)
    with Renderer(Render()) as renderer:
        assert pages_due(Decision(document, reason, True, state), renderer) == pages


def test_pages_of_new_documents_are_counted_and_a_broken_one_is_one(tmp_path: Path) -> None:
    (tmp_path / "broken.tif").write_bytes(b"")
    with Renderer(Render()) as renderer:
        new = origin(save_pdf(tmp_path / "a.pdf", range(3)))
        assert pages_due(Decision(new, "new", True, None), renderer) == 3
        assert pages_due(Decision(origin(tmp_path / "broken.tif"), "new", True, None), renderer) == 1


def test_a_plan_names_reasons_pages_and_time(tmp_path: Path, digitize: Digitize) -> None:
    out = tmp_path / "out"
    save_png(tmp_path / "in" / "a.png")
    digitize(tmp_path / "in", "--output", out)
    save_pdf(tmp_path / "in" / "b.pdf", range(2))
    (tmp_path / "in" / "c.png").symlink_to(tmp_path / "nowhere")
    planned = digitize(tmp_path / "in", "--output", out, "--plan", "--redo", "all").out
    assert "1 document, redone: 1 page to read" in planned
    assert "1 document, new: 2 pages to read" in planned
    assert f"{tmp_path / 'in' / 'b.pdf'}: 2 pages" in planned
    assert "cannot be looked at: 1 path:" in planned
    assert "3 pages to read, about" in planned
    assert "as fast as the last run" in planned
