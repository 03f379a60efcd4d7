"""The release scripts, on copies of the shipped bundles and a handful of drawn lines and pages."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import release, release_lines
from recognizer import bundle as bundles
from recognizer.bundle import LINES, RANGES, READER, SHIPPED, Bundle
from tests.pipeline import exports
from tests.recognizer.drawn import line, png, write_lines
from tests.segmentation.drawing import draw_page


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bundles"
    for name in ("default", "quick"):
        shutil.copytree(SHIPPED / name, folder / name)
    for module in (bundles, release, release_lines):
        monkeypatch.setattr(module, "SHIPPED", folder)
    return folder


def run(module: object, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["release", *map(str, arguments)])
    module.main()  # type: ignore[attr-defined]


def changed(before: Bundle, after: Bundle) -> set[str]:
    """The parts whose content is another."""
    assert set(before.parts) == set(after.parts)
    return {name for name in before.parts if before.parts[name]["sha256"] != after.parts[name]["sha256"]}


def layout(path: Path) -> Path:
    gray, lines = draw_page()
    drawn = [{"baseline": baseline.astype(np.float32).ravel().tolist(), "polygon": []} for baseline in lines]
    pq.write_table(pa.Table.from_pylist([{"page": "a", "dataset": "drawn", "image": png(gray), "lines": drawn}]), path)
    return path


def test_a_finder_is_released_with_what_int8_needs(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Bundle.load(shipped / "default")
    pages = exports.escriptorium(tmp_path / "pages", 1)
    run(release_lines, monkeypatch, "default", pages, layout(tmp_path / "layout.parquet"))
    home, beside = (Bundle.load(shipped / name) for name in ("default", "quick"))
    assert home.part(RANGES + LINES) == beside.part(RANGES + LINES)
    assert changed(before, home) == {RANGES + LINES}
    assert home.card[LINES]["figures"]["all"]["pages"] == 1
    assert home.card[RANGES + LINES]["pages"] == 1
    assert home.card[LINES]["unseen"] == before.card[LINES]["unseen"]
    assert home.arithmetic() == beside.arithmetic() == before.arithmetic()


def test_a_reader_is_released_with_what_int8_needs(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Bundle.load(shipped / "quick")
    rows = [{"text": text, "image": png(line(text))} for text in ("THE HOUSE", "A LETTER", "MY DEAR SIR")]
    for split in ("train", "val", "test"):
        write_lines(tmp_path / "lines" / f"{split}.parquet", rows)
    run(release, monkeypatch, before.folder, tmp_path / "lines", "--name", "quick")
    after = Bundle.load(shipped / "quick")
    assert RANGES + READER in changed(before, after) <= {RANGES + READER, "decoding"}
    assert after.card[RANGES + READER]["lines"] == 3
    assert after.card["figures"]["test"]["all"]["lines"] == 3
    assert after.arithmetic() == before.arithmetic()
