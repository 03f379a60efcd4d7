import os
from pathlib import Path

import pytest

from pipeline.pairing import Scan, Tally, find
from tests.pipeline import exports
from tests.pipeline.drawn import save_png


def found(*folders: Path) -> tuple[list[Scan], dict[str, tuple[str, ...]]]:
    left_out = Tally()
    return find(folders, left_out), left_out.table()


def test_escriptorium_and_kraken_put_image_and_xml_side_by_side(tmp_path: Path) -> None:
    scans, left_out = found(exports.escriptorium(tmp_path / "gt", 2))
    assert [(scan.dataset, scan.name, scan.root) for scan in scans] == [
        ("gt", "gt/000", "alto"),
        ("gt", "gt/001", "alto"),
    ]
    assert [scan.image.name for scan in scans] == ["000.png", "001.png"]
    assert left_out == {}


def test_transkribus_puts_the_xml_below_and_each_page_counts_once(tmp_path: Path) -> None:
    scans, left_out = found(exports.transkribus(tmp_path / "gt", 2))
    assert [(scan.name, scan.root, scan.image.parent.name) for scan in scans] == [
        ("gt/page/000", "PcGts", "gt"),
        ("gt/page/001", "PcGts", "gt"),
    ]
    assert {reason: len(names) for reason, names in left_out.items()} == {
        "neither ALTO nor PAGE": 1,
        "second transcription of an image": 2,
    }


@pytest.mark.parametrize(
    ("image", "stated"),
    [
        ("scan.png", "scan.png"),
        ("scan.png", "SCAN.PNG"),
        ("scan.png", "scan.tif"),
        ("scan.png", "/home/me/scans/scan.png"),
        ("scan.png", r"C:\scans\scan.png"),
        ("scan.png", "file:///x/scan.png"),
        ("a.tif.png", "a.tif.png"),
        ("\u00e9.png", "e\u0301.png"),
        ("0001.png", "renamed since.jpg"),
        ("0001.png", ""),
        ("0001.png", "../../0001.png"),
    ],
)
def test_the_image_is_found_by_its_stated_name_or_by_the_xml(tmp_path: Path, image: str, stated: str) -> None:
    exports.write(tmp_path / "0001.xml", exports.page(stated))
    save_png(tmp_path / "other.png")
    save_png(tmp_path / image, seed=1)
    (scan,), _ = found(tmp_path)
    assert scan.image == tmp_path / image


def test_an_image_above_belongs_only_to_folders_of_exports(tmp_path: Path) -> None:
    save_png(tmp_path / "1.png")
    exports.write(tmp_path / "volume2" / "1.xml", exports.page("1.png"))
    scans, left_out = found(tmp_path)
    assert scans == []
    assert list(left_out) == ["no image"]


def test_what_cannot_be_used_is_named_with_its_fault(tmp_path: Path) -> None:
    exports.escriptorium(tmp_path, 1)
    exports.write(tmp_path / "broken.xml", b"<alto><Layout>")
    exports.write(tmp_path / "empty.xml", b"")
    exports.write(tmp_path / "units.xml", exports.alto("000.png", unit="mm10"))
    exports.write(tmp_path / "untranscribed.xml", exports.alto("000.png", ("", "")))
    exports.write(tmp_path / "bare.xml", exports.alto("000.png", ()))
    exports.write(tmp_path / "alone.XML", exports.alto("nowhere.png"))
    (tmp_path / "dangling.xml").symlink_to(tmp_path / "nowhere")
    exports.write(tmp_path / "._000.xml", b"resource fork")
    exports.write(tmp_path / ".git" / "x.xml", b"")
    scans, left_out = found(tmp_path)
    assert [(scan.xml.name, scan.transcribed) for scan in scans] == [("000.xml", True)]
    assert {reason: [Path(name.partition(":")[0]).name for name in names] for reason, names in left_out.items()} == {
        "broken XML": ["broken.xml", "empty.xml"],
        "no image": ["alone.XML"],
        "page without a usable line": ["bare.xml"],
        "second transcription of an image": ["untranscribed.xml"],
        "unreadable file": ["dangling.xml"],
        "unusable ALTO": ["units.xml"],
    }


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, other = exports.escriptorium(tmp_path / "a" / "gt", 1), exports.escriptorium(tmp_path / "b" / "gt", 1, first=1)
    scans, _ = found(one, other)
    assert [scan.dataset for scan in scans] == [str(one), str(other)]


def test_names_that_are_not_utf8_are_spelled_out(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    save_png(tmp_path / f"{name}.png")
    exports.write(tmp_path / f"{name}.xml", exports.page("x.png"))
    (scan,), _ = found(tmp_path)
    assert scan.name.endswith("/caf%E9")


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    scans, left_out = found(tmp_path / "nowhere")
    assert scans == []
    assert list(left_out) == ["unreadable folder"]
