"""The command that compares: pages, lines and scans without truth, from end to end."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pipeline.cli import inkbeam
from pipeline.failures import UsageError
from pipeline.storage import LocalStorage
from pipeline.store import read_document, read_lines
from tests.pipeline import exports
from tests.pipeline.conftest import rows
from tests.pipeline.test_tesseract import SAMPLES


def run(*arguments: object) -> Result:
    return CliRunner().invoke(inkbeam, ["compare", *map(str, arguments)], catch_exceptions=False)


def test_pages_with_truth_are_compared_from_end_to_end(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 2)
    done = run(folder, "--output", tmp_path / "out", "--json", tmp_path / "f.json", "--tesseract-languages", "eng")
    found = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    for name in ("inkbeam", "tesseract"):
        assert {"cer", "wer", "word_recall", "cpu_seconds"} <= found["all"][name].keys()
        assert found["all"][name]["cpu_seconds"] > 0
    assert len(found["all"]["difference"]) == 3
    assert found["dataset"].keys() == {"letters"}
    assert found["tesseract"]["languages"] == "eng"
    assert json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8")) == found
    assert {page["name"] for page in found["page"]} == {"letters/000", "letters/001"}
    assert "Tesseract" in done.output.splitlines()[0]
    assert 30 < found["memory_mb"]["tesseract"] < found["memory_mb"]["inkbeam"]


def test_the_dataset_holds_what_both_read_and_the_truth(tmp_path: Path) -> None:
    folder, out = exports.escriptorium(tmp_path / "letters", 1), tmp_path / "out"
    for _ in range(2):  # a rerun replaces the first
        run(folder, "--output", out, "--tesseract-languages", "eng")
    storage = LocalStorage(str(out))
    (page,) = rows(out, "pages")
    name = str(page["document_id"])
    (read,) = read_document(storage, "default", name).pages
    truth, baseline = (read_lines(storage, table, "default", name) for table in ("truth", "baseline"))
    assert read.agreement == page["agreement"] is not None
    assert [line.text for line in truth[1]] == ["one", "two", "three"]
    assert all(line.confidence <= 1 for line in baseline.get(1, ()))
    (record,) = storage.list("runs/")
    kept = json.loads(storage.read(record.name))
    assert kept["pages"]["read"] + kept["pages"]["doubtful"] == 1
    assert kept["baseline"]["pages"] == 1
    assert {"segment", "crop", "recognise", "tesseract"} <= kept["seconds_by_stage"].keys()


def test_a_comparison_that_cannot_be_made_leaves_the_one_before(tmp_path: Path) -> None:
    folder, out = exports.escriptorium(tmp_path / "letters", 1), tmp_path / "out"
    run(folder, "--output", out, "--tesseract-languages", "eng")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.png").write_bytes(b"")
    with pytest.raises(UsageError, match="no page that can be read"):
        run(tmp_path / "empty", "--output", out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_dataset_of_digitize_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out" / "state").mkdir(parents=True)
    (tmp_path / "out" / "state" / "rows-00000001.parquet").write_bytes(b"")
    with pytest.raises(UsageError, match="holds what `inkbeam digitize` wrote"):
        run(exports.escriptorium(tmp_path / "letters", 1), "--output", tmp_path / "out")


def test_lines_with_truth_are_compared_too(tmp_path: Path) -> None:
    from pipeline.ground_truth import cut
    from segmentation import CropGeometry

    made = cut([exports.escriptorium(tmp_path / "letters", 1)], CropGeometry(), tmp_path / "lines" / "cut.parquet")
    (tmp_path / "out" / "crops").mkdir(parents=True)
    (tmp_path / "out" / "crops" / "old.webp").write_bytes(b"")
    done = run(made.path, "--output", tmp_path / "out", "--tesseract-languages", "eng")
    assert done.exit_code == 0
    (row,) = rows(tmp_path / "out", "pages")
    assert [path.name for path in (tmp_path / "out" / "crops").iterdir()] == [Path(str(row["source"])).name]
    assert json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))["all"]["pages"] == 1


def test_scans_without_truth_tell_how_far_both_agree(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    Image.fromarray(np.full((400, 300), 255, np.uint8)).save(tmp_path / "scans" / "white.png")
    shutil.copy(SAMPLES / "print-german.png", tmp_path / "scans")
    done = run(tmp_path / "scans", "--output", tmp_path / "out")
    found = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    assert found["pages"] == 2
    assert 0.8 < found["agreement"] < 1
    (worst, best) = found["page"]
    assert "print-german" in worst["name"]
    assert best["agreement"] == 1.0
    assert found["cpu_seconds"]["inkbeam"] > 0
    assert found["tesseract"]["version"].startswith("5.")
    assert "no truth" in done.output
    assert len(rows(tmp_path / "out", "pages")) == 2
    assert not (tmp_path / "out" / "truth").exists()


def test_scans_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.png").write_bytes((SAMPLES / "print-german.png").read_bytes()[:200])
    with pytest.raises(UsageError, match=r"(?s)scans: no page that can be read.*a\.png"):
        run(tmp_path / "scans", "--output", tmp_path / "out")
