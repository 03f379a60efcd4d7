from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.comparison.sheets import pages_of, stacked, true_sheets, unknown_sheets
from pipeline.failures import UsageError
from pipeline.pairing import Tally
from recognizer.bundle import Bundle
from tests.pipeline import exports
from tests.pipeline.drawn import save_png
from tests.recognizer.evaluation.made import sample


def test_lines_go_by_pages() -> None:
    samples = [sample("ab", page="1", script="hand"), sample("cd", page="1", script="hand"), sample("ef", page="")]
    pages = [[each.text for each in members] for members in pages_of(samples)]
    assert sorted(pages) == [["ab", "cd"], ["ef"]]


def test_crops_lie_below_each_other_on_their_sheet(tmp_path: Path) -> None:
    samples = [sample("ab", page="1", script="hand"), sample("cd", page="1", script="hand")]
    sheet = stacked(samples, tmp_path / "crops")
    assert (sheet.facts.name, sheet.facts.script, sheet.facts.language) == ("1", "hand", "eng")
    assert sheet.truth is not None
    assert sheet.given is not None
    assert [line.text for line in sheet.truth] == ["ab", "cd"]
    for crop, line, each in zip(sheet.given.crops, sheet.truth, samples, strict=True):
        (x, y), *_ = crop.to_page([(0, 0)]).tolist()
        rows, columns = each.image.shape
        assert (x, y) == line.polygon[0]
        assert np.array_equal(sheet.rendered.gray[int(y) : int(y) + rows, int(x) : int(x) + columns], each.image)
    kept = cv2.imread(sheet.ref.path, cv2.IMREAD_GRAYSCALE)
    assert kept is not None
    assert kept.shape == sheet.rendered.gray.shape


def test_pages_with_truth_come_with_their_image(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 2)
    sheets = list(true_sheets([folder], Bundle.load("default"), Tally(), tmp_path))
    assert [sheet.facts.name for sheet in sheets] == ["letters/000", "letters/001"]
    assert [Path(sheet.ref.source).name for sheet in sheets] == ["000.png", "001.png"]
    assert all(sheet.truth and sheet.given is None for sheet in sheets)
    assert len({sheet.ref.document_id for sheet in sheets}) == 2


def test_scans_without_truth_are_pages_too(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    save_png(tmp_path / "scans" / "a.png")
    (sheet,) = unknown_sheets([tmp_path / "scans"], Tally())
    assert sheet.truth is None
    assert sheet.facts.name.endswith("a.png, page 1")


def test_parquet_without_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lines.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match=r"lines\.parquet"):
        list(true_sheets([tmp_path / "lines.parquet"], Bundle.load("default"), Tally(), tmp_path))
