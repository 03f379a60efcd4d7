import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline import ground_truth
from pipeline.cutting import Cut
from pipeline.failures import UsageError
from pipeline.ground_truth import cut, sources
from recognizer.samples import load_lines
from segmentation import CropGeometry
from tests.pipeline import exports
from tests.pipeline.drawn import page as drawn_page

DATA = Path(__file__).parents[3] / "shared" / "data"
GEOMETRY = CropGeometry()


def rows(path: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(path).to_pylist())


def decoded(image: bytes) -> np.ndarray:
    gray = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert gray is not None
    return gray


def difference(one: np.ndarray, other: np.ndarray) -> float:
    resized = cv2.resize(one, other.shape[::-1])
    return float(np.abs(resized.astype(int) - other).mean())


def test_every_line_becomes_a_row(tmp_path: Path) -> None:
    made = cut([exports.transkribus(tmp_path / "gt", 1)], GEOMETRY, tmp_path / "new" / "lines.parquet")
    found = rows(made.path)
    assert made.lines == len(found) == 3
    assert [(row["id"], row["line"], row["text"], row["raw"]) for row in found] == [
        ("gt/page/000#0", 0, "one", "one"),
        ("gt/page/000#1", 1, "two", "two"),
        ("gt/page/000#2", 2, "three", "three"),
    ]
    assert {(row["dataset"], row["page"], row["script"], row["language"]) for row in found} == {
        ("gt", "gt/page/000", "", "eng")
    }
    for row in found:
        assert decoded(row["image"]).shape == (row["height"], row["width"]) == (80, pytest.approx(922, abs=1))
    assert [path.name for path in made.path.parent.iterdir()] == ["lines.parquet"]


def test_what_was_cut_is_what_the_recogniser_loads(tmp_path: Path) -> None:
    made = cut([exports.escriptorium(tmp_path / "gt", 2)], GEOMETRY, tmp_path / "lines.parquet")
    data = load_lines([made.path], 80)
    assert data.counts() == {"lines": 6, "left_out": {}}
    assert Counter(sample.split for sample in data.samples) == {"val": 3, "train": 3}


def test_one_page_in_ten_is_val_by_its_image_whatever_its_name(tmp_path: Path) -> None:
    exports.escriptorium(tmp_path / "gt", 21)
    first = rows(cut([tmp_path / "gt"], GEOMETRY, tmp_path / "first.parquet").path)
    assert Counter(row["split"] for row in first) == {"val": 6, "train": 57}
    for kind in ("png", "xml"):
        for path in sorted((tmp_path / "gt").glob(f"*.{kind}")):
            path.rename(path.with_name(f"x{99 - int(path.stem)}.{kind}"))
    again = rows(cut([tmp_path / "gt"], GEOMETRY, tmp_path / "again.parquet").path)
    assert {row["image"] for row in first if row["split"] == "val"} == {
        row["image"] for row in again if row["split"] == "val"
    }


@pytest.mark.parametrize(("count", "val"), [(1, 0), (2, 1), (10, 1), (19, 1), (20, 2), (25, 2)])
def test_of_a_single_page_one_line_in_ten_is_val(count: int, val: int) -> None:
    assert ground_truth._splits_of_lines(count).count("val") == val


def test_coordinates_of_another_size_are_scaled(tmp_path: Path) -> None:
    exports.escriptorium(tmp_path / "gt", 1)
    plain = rows(cut([tmp_path / "gt"], GEOMETRY, tmp_path / "plain.parquet").path)
    exports.write(tmp_path / "gt" / "000.xml", exports.alto("000.png", scale=2.5))
    scaled = rows(cut([tmp_path / "gt"], GEOMETRY, tmp_path / "scaled.parquet").path)
    assert [row["image"] for row in scaled] == [row["image"] for row in plain]


def test_an_image_is_cut_as_a_person_sees_it(tmp_path: Path) -> None:
    exports.escriptorium(tmp_path / "gt", 1)
    plain = rows(cut([tmp_path / "gt"], GEOMETRY, tmp_path / "plain.parquet").path)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    with Image.open(tmp_path / "gt" / "000.png") as upright:
        lying = upright.transpose(Image.Transpose.ROTATE_90)
    lying.save(tmp_path / "gt" / "000.png", exif=exif)
    turned = rows(cut([tmp_path / "gt"], GEOMETRY, tmp_path / "turned.parquet").path)
    assert [row["image"] for row in turned] == [row["image"] for row in plain]


def test_a_page_that_cannot_be_used_costs_itself_alone(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "gt", 2)
    (folder / "001.png").write_bytes((folder / "000.png").read_bytes()[:500])
    drawn_page(5).rotate(90, expand=True).save(folder / "turned.png")
    exports.write(folder / "turned.xml", exports.alto("turned.png"))
    exports.save_scan(folder / "holes.png", 6)
    exports.write(folder / "holes.xml", exports.alto("holes.png", ("one", "", "three")))
    exports.write(folder / "mets.xml", exports.METS)
    made = cut([folder], GEOMETRY, tmp_path / "lines.parquet")
    assert {reason: len(names) for reason, names in made.left_out.items()} == {
        "image of another shape than its XML": 1,
        "line without text": 1,
        "neither ALTO nor PAGE": 1,
        "unreadable image": 1,
    }
    assert made.left_out["line without text"] == ("gt/holes: l1",)
    assert "001.png" in made.left_out["unreadable image"][0]
    assert Counter((row["page"], row["split"] == "val") for row in rows(made.path)).keys() in (
        {("gt/000", True), ("gt/holes", False)},
        {("gt/000", False), ("gt/holes", True)},
    )
    assert "left out: 1 x unreadable image (" in made.table()
    assert Cut.load(made.path) == made


def test_the_same_files_are_cut_once_and_others_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "lines.parquet"
    folder = exports.escriptorium(tmp_path / "gt", 1)
    exports.write(folder / "mets.xml", exports.METS)
    made = cut([folder], GEOMETRY, target)
    content = target.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(ground_truth, "Renderer", None)
        assert cut([folder], GEOMETRY, target) == made
    target.unlink()
    cut([folder], GEOMETRY, target)
    assert target.read_bytes() == content
    cut([folder], CropGeometry(height=64), target)
    assert rows(target)[0]["height"] == 64
    exports.write(folder / "000.xml", exports.alto("000.png", ("other",)))
    assert cut([folder], GEOMETRY, target).lines == 1
    target.write_bytes(b"PAR1 damaged")
    assert cut([folder], GEOMETRY, target).lines == 1


def test_nothing_to_cut_says_what_was_looked_for(tmp_path: Path) -> None:
    exports.write(tmp_path / "gt" / "mets.xml", exports.METS)
    with pytest.raises(UsageError, match=r"(?s)looked for PAGE XML and ALTO.*DATA may be.*1 x neither ALTO nor PAGE"):
        cut([tmp_path / "gt"], GEOMETRY, tmp_path / "cache" / "lines.parquet")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_interrupted_cut_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ground_truth, "crop", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cut([exports.escriptorium(tmp_path / "gt", 1)], GEOMETRY, tmp_path / "cache" / "lines.parquet")
    assert list((tmp_path / "cache").iterdir()) == []


def test_sources_pass_parquet_through_and_cut_scans(tmp_path: Path) -> None:
    file = tmp_path / "lines" / "train.parquet"
    file.parent.mkdir()
    pq.write_table(pa.table({"id": ["a"]}), file)
    folder = exports.escriptorium(tmp_path / "my scans", 1)
    cache = tmp_path / "cache"
    found = sources([file, file.parent, folder], GEOMETRY, cache)
    assert found[:2] == [file, file.parent]
    assert found[2].parent == cache
    assert found[2].name.startswith("my scans-")
    assert sources([folder / ".." / "my scans"], GEOMETRY, cache) == found[2:]
    assert sources([folder], CropGeometry(height=64), cache) != found[2:]
    assert Cut.load(file) is None
    assert Cut.load(found[2]) is not None


def test_anything_else_is_told_what_data_may_be(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", exports.write(tmp_path / "page.xml", exports.page("x.png")), tmp_path):
        with pytest.raises(UsageError, match="DATA may be line Parquet"):
            sources([path], GEOMETRY, tmp_path / "cache")


@pytest.mark.skipif(not (DATA / "pages").is_dir(), reason="no ../shared/data/pages with real pages here")
@pytest.mark.parametrize("name", ["copiste-01", "poilus-02", "hooker-02", "tapus-06"])
def test_real_pages_are_cut_as_the_training_lines_were(tmp_path: Path, name: str) -> None:
    entries = json.loads((DATA / "pages" / "pages.json").read_text(encoding="utf-8"))
    source = next(entry["source_page"] for entry in entries if entry["page"] == name)
    for kind in ("jpg", "xml"):
        (tmp_path / f"{name}.{kind}").symlink_to(DATA / "pages" / f"{name}.{kind}")
    found = {row["line"]: row for row in rows(cut([tmp_path], GEOMETRY, tmp_path / "lines.parquet").path)}
    known = pq.read_table(DATA / "lines" / "test.parquet", filters=[("page", "==", source)]).to_pylist()
    assert len(known) > 5
    assert [found[row["line"]]["raw"] for row in known] == [row["raw"] for row in known]
    # The pages were compressed once more, and a percent of width shifts thin strokes: gray levels, of 255.
    apart = [difference(decoded(found[row["line"]]["image"]), decoded(row["image"])) for row in known]
    widths = [found[row["line"]]["width"] / row["width"] for row in known]
    assert np.median(apart) < 10
    assert np.median(widths) == pytest.approx(1, abs=0.02)
