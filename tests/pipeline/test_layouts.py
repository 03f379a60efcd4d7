import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from pipeline.cli import inkbeam
from pipeline.failures import PageError, UsageError
from pipeline.layouts import Layouts, read_layout
from pipeline.sources import Origin, SourceFile
from tests.pipeline import drawn, exports

GRAY = np.full((400, 640), 230, np.uint8)


def digitize(scans: Path, out: Path, *arguments: object) -> Result:
    given = ["digitize", str(scans), "--output", str(out), "--workers", "1", *map(str, arguments)]
    return CliRunner().invoke(inkbeam, given, obj=(), catch_exceptions=False)


def lines_of(out: Path) -> list[dict[str, Any]]:
    files = sorted((out / "lines").rglob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def origin(*names: str) -> Origin:
    files = tuple(SourceFile(f"/scans/{name}", 1, 2) for name in names)
    return Origin("id", "name", files)


def test_layouts_belong_to_the_images_they_state_or_are_called_like(tmp_path: Path) -> None:
    exports.write(tmp_path / "x.xml", exports.page("C:\\scans\\Deed One.JPG"))
    exports.write(tmp_path / "alto" / "deed one.xml", exports.alto("Deed One.jpg"))
    exports.write(tmp_path / "0002.xml", exports.alto(""))
    exports.write(tmp_path / "mets.xml", exports.METS)
    layouts = Layouts.of(tmp_path)
    assert layouts.find("/in/deed one.png", 1, 1) == tmp_path / "x.xml"
    assert layouts.find("/in/0002.tif", 1, 1) == tmp_path / "0002.xml"
    assert layouts.find("/in/0003.tif", 1, 1) is None


@pytest.mark.parametrize("name", ["deeds_3", "deeds-0003", "deeds_page_3", "Deeds p03", "deeds3"])
def test_pages_of_a_source_have_numbers(tmp_path: Path, name: str) -> None:
    exports.write(tmp_path / f"{name}.xml", exports.alto(""))
    exports.write(tmp_path / "deeds.xml", exports.alto(""))
    layouts = Layouts.of(tmp_path)
    assert layouts.find("/in/deeds.pdf", 3, 5) == tmp_path / f"{name}.xml"
    assert layouts.find("/in/deeds.pdf", 2, 5) is None
    assert layouts.find("/in/deeds.pdf", 1, 1) == tmp_path / "deeds.xml"


def test_the_digest_tells_layouts_of_a_document_apart(tmp_path: Path) -> None:
    for name in ("a", "b", "c_2"):
        exports.write(tmp_path / f"{name}.xml", exports.alto(""))
    before = [Layouts.of(tmp_path).digest(origin(f"{name}.png")) for name in "abcd"]
    exports.write(tmp_path / "a.xml", exports.alto("", scale=2))
    exports.write(tmp_path / "c_2.xml", exports.alto("", scale=2))
    after = [Layouts.of(tmp_path).digest(origin(f"{name}.png")) for name in "abcd"]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, False, True, False]
    assert after[3] == ""


def test_a_folder_without_layouts_is_a_usage_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="no PAGE XML or ALTO"):
            Layouts.of(folder)


def test_a_layout_keeps_lines_order_and_regions(tmp_path: Path) -> None:
    layout = read_layout(exports.write(tmp_path / "a.xml", exports.page("a.png")), GRAY)
    assert [float(line.baseline[0, 1]) for line in layout.lines] == [90, 180, 270]
    assert [line.region for line in layout.lines] == [0, 0, 0]
    assert layout.regions[0].polygon.min(0).tolist() == [40, 60]
    assert layout.skew_degrees == 0


@pytest.mark.parametrize("content", [b"", b"<alto>", exports.METS])
def test_a_layout_that_cannot_be_used_fails_its_page_and_says_why(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PageError, match=r"a\.xml"):
        read_layout(exports.write(tmp_path / "a.xml", content), GRAY)


def test_given_lines_are_read_instead_of_found_ones(tmp_path: Path) -> None:
    exports.save_scan(tmp_path / "in" / "a.png", 1)
    exports.write(tmp_path / "xml" / "a.xml", exports.alto("a.png", ("", "")))
    done = digitize(tmp_path / "in", tmp_path / "out", "--layout", tmp_path / "xml")
    assert done.exit_code == 0
    baselines = [[(point["x"], point["y"]) for point in row["baseline"]] for row in lines_of(tmp_path / "out")]
    assert baselines == [[(40, 90), (600, 90)], [(40, 180), (600, 180)]]


def test_a_page_without_a_layout_fails_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    for number, name in enumerate(("a", "b")):
        exports.save_scan(tmp_path / "in" / f"{name}.png", number)
    exports.write(tmp_path / "xml" / "a.xml", exports.alto("a.png"))
    done = digitize(tmp_path / "in", tmp_path / "out", "--layout", tmp_path / "xml")
    assert done.exit_code == 3
    assert "no-layout" in done.output
    assert len(lines_of(tmp_path / "out")) == 3


def test_a_corrected_layout_makes_its_document_outdated(tmp_path: Path) -> None:
    drawn.save_png(tmp_path / "in" / "a.png")
    xml = exports.write(tmp_path / "xml" / "a.xml", exports.alto("a.png"))
    digitize(tmp_path / "in", tmp_path / "out", "--layout", tmp_path / "xml")
    again = digitize(tmp_path / "in", tmp_path / "out", "--layout", tmp_path / "xml")
    assert "outdated" not in again.output
    shutil.copy(exports.write(tmp_path / "new.xml", exports.alto("a.png", ("", ""))), xml)
    assert "outdated" in digitize(tmp_path / "in", tmp_path / "out", "--layout", tmp_path / "xml").output
    digitize(tmp_path / "in", tmp_path / "out", "--layout", tmp_path / "xml", "--redo", "outdated")
    assert len(lines_of(tmp_path / "out")) == 2
