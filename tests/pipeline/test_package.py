"""Packages as people get them: images and XML that belong together, which come back as data to train on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from lxml import etree
from PIL import Image
from PIL.ExifTags import Base as Tag

from pipeline.cli import inkbeam
from pipeline.commit import write_parquet
from pipeline.document import Document, Page
from pipeline.failures import NothingDone, UsageError
from pipeline.formats import alto, page
from pipeline.ground_truth import cut
from pipeline.layouts import Layouts
from pipeline.package import Order
from pipeline.pairing import Tally, find, transcription
from pipeline.storage import LocalStorage
from pipeline.truth import true_pages
from segmentation import CropGeometry
from tests.pipeline import drawn
from tests.pipeline.formats.schemas import schema
from tests.pipeline.report.made import dataset
from tests.pipeline.report.made import page as made_page

LETTER, DEED = "letter-00000000", "deed-00000000"


@pytest.fixture
def output(tmp_path: Path) -> str:
    """A doubtful letter, a deed, and a document that failed."""
    return dataset(tmp_path)


def pack(output: str, folder: Path | str, *more: str) -> Result:
    command = ["export", output, "--package", str(folder), *more]
    return CliRunner().invoke(inkbeam, command, catch_exceptions=False)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def store(output: str, *pages: Page, name: str = "more-00000000") -> None:
    write_parquet(LocalStorage(output), Document(name, "default", pages), (), {})


def jpeg(path: Path, orientation: int | None = None) -> Path:
    exif = Image.Exif()
    if orientation is not None:
        exif[Tag.Orientation] = orientation
    drawn.page(7).convert("RGB").save(path, "JPEG", exif=exif)
    return path


def test_images_and_page_lie_as_transkribus_and_escriptorium_take_them(output: str, tmp_path: Path) -> None:
    folder = tmp_path / "package"
    done = pack(output, folder)
    assert (done.exit_code, done.output) == (0, "4 files of 2 documents\n")
    assert names(folder) == [
        f"{DEED}/{DEED}_0001.png",
        f"{DEED}/page/{DEED}_0001.xml",
        f"{LETTER}/{LETTER}_0001.png",
        f"{LETTER}/page/{LETTER}_0001.xml",
    ]
    xml = (folder / DEED / "page" / f"{DEED}_0001.xml").read_bytes()
    schema("page-2013-07-15.xsd").assertValid(etree.fromstring(xml))
    found = page.parse(xml)
    assert (found.source, found.width, found.height) == (f"{DEED}_0001.png", 640, 400)
    assert [own.text for own in found.lines] == ["the deed is read", "and </script> <b>again</b>"]
    with Image.open(folder / DEED / found.source) as written, Image.open(tmp_path / "deed.png") as scan:
        assert np.array_equal(np.asarray(written), np.asarray(scan))


def test_alto_instead(output: str, tmp_path: Path) -> None:
    assert pack(output, tmp_path / "package", "--formats", "alto", "--pages", "doubtful").exit_code == 0
    assert names(tmp_path / "package") == [f"{LETTER}/alto/{LETTER}_0001.xml", f"{LETTER}/{LETTER}_0001.png"]
    xml = (tmp_path / "package" / LETTER / "alto" / f"{LETTER}_0001.xml").read_bytes()
    assert alto.read(xml).lines[0].text == "the letter is read"


def test_the_worst_of_all_documents(output: str, tmp_path: Path) -> None:
    source = str(drawn.save_png(tmp_path / "more.png"))
    pages = [made_page(source, number, expected, "x") for number, expected in ((1, 0.1), (2, 0.9), (3, 0.2))]
    store(output, pages[1], replace(pages[0], expected_cer=None))
    done = pack(output, tmp_path / "package", "--pages", "worst:2")
    assert done.output.startswith("2 files of 1 document\nleft out: ")  # the file has one page, and it is not page 2
    assert names(tmp_path / "package") == [f"{LETTER}/{LETTER}_0001.png", f"{LETTER}/page/{LETTER}_0001.xml"]


@pytest.mark.parametrize(("orientation", "ending"), [(None, "jpg"), (1, "jpg"), (2, "png"), (6, "png")])
def test_jpegs_that_show_the_page_are_copied(output: str, tmp_path: Path, orientation: int | None, ending: str) -> None:
    source = jpeg(tmp_path / "scan.jpg", orientation)
    upright = made_page(str(source), 1, 0.9, "x")
    turned = replace(upright, rotation=90, width=400, height=640)
    store(output, turned if orientation == 6 else upright)
    assert pack(output, tmp_path / "package", "--pages", "worst:1").exit_code == 0
    (image,) = (tmp_path / "package" / "more-00000000").glob("*.*")
    assert image.suffix == f".{ending}"
    assert (image.read_bytes() == source.read_bytes()) == (ending == "jpg")
    with Image.open(image) as opened:
        assert opened.size == ((400, 640) if orientation == 6 else (640, 400))
        assert opened.mode == ("RGB" if ending == "jpg" else "L")


def test_pages_that_we_turned_are_upright(output: str, tmp_path: Path) -> None:
    store(output, replace(made_page(str(jpeg(tmp_path / "scan.jpg")), 1, 0.9, "x"), rotation=180))
    assert pack(output, tmp_path / "package", "--pages", "worst:1").exit_code == 0
    (image,) = (tmp_path / "package" / "more-00000000").glob("*.png")
    with Image.open(image) as written, Image.open(tmp_path / "scan.jpg") as scan:
        assert np.abs(np.asarray(written, int) - np.rot90(np.asarray(scan.convert("L"), int), 2)).max() <= 2


def test_scans_that_are_gone_or_changed_are_named(output: str, tmp_path: Path) -> None:
    (tmp_path / "deed.png").unlink()
    done = pack(output, tmp_path / "package")
    assert (done.exit_code, done.output.count("left out")) == (3, 1)
    assert "2 files of 1 document" in done.output
    assert "deed.png: " in done.output
    Image.new("L", (10, 10)).save(tmp_path / "letter.png")
    done = pack(output, tmp_path / "other")
    assert done.exit_code == 4
    assert "letter.png has another size than the page that was read" in done.output
    assert names(tmp_path / "other") == []


def test_damaged_documents_are_named(output: str, tmp_path: Path) -> None:
    storage = LocalStorage(output)
    storage.write(f"pages/collection=default/{DEED}.parquet", b"PAR1")
    storage.delete(f"lines/collection=default/{LETTER}.parquet")
    done = pack(output, tmp_path / "package")
    assert done.exit_code == 4
    assert f"left out: pages/collection=default/{DEED}.parquet is not a whole Parquet file" in done.output
    assert f"left out: {LETTER}: " in done.output


def test_a_folder_with_something_in_it_is_left_alone(output: str, tmp_path: Path) -> None:
    assert pack(output, tmp_path / "package").exit_code == 0
    corrected = tmp_path / "package" / DEED / "page" / f"{DEED}_0001.xml"
    corrected.write_text("corrected")
    with pytest.raises(NothingDone, match=r"package is not empty, and may hold corrections; name another folder"):
        pack(output, tmp_path / "package")
    assert corrected.read_text() == "corrected"


def test_an_output_without_such_a_page_is_told(output: str, tmp_path: Path) -> None:
    LocalStorage(output).delete(f"pages/collection=default/{LETTER}.parquet")
    with pytest.raises(NothingDone, match="has no page of that kind"):
        pack(output, tmp_path / "package", "--pages", "doubtful")
    with pytest.raises(NothingDone, match="holds no document"):
        pack(str(tmp_path / "nothing"), tmp_path / "package")


@pytest.mark.parametrize("pages", ["worst", "worst:0", "worst:-1", "worst:x", "best", ""])
def test_unknown_pages_are_refused(pages: str) -> None:
    with pytest.raises(UsageError, match="there are all, doubtful, and worst:N"):
        Order.of("page", pages)


def test_other_formats_are_refused(output: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--formats hocr: a package holds one of page, alto"):
        pack(output, tmp_path / "package", "--formats", "hocr")


@pytest.mark.parametrize("kind", ["page", "alto"])
def test_a_corrected_package_is_data_to_train_on(output: str, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "package"
    drawn.save_png(tmp_path / "letter.png", 3)  # of several transcriptions of one image one alone is taken
    assert pack(output, folder, "--formats", kind).exit_code == 0
    xml = folder / DEED / kind / f"{DEED}_0001.xml"
    xml.write_bytes(xml.read_bytes().replace(b"the deed is read", b"the deed was read"))
    left_out = Tally()
    deed, letter = find([folder], left_out)
    assert (deed.image, letter.xml) == (
        folder / DEED / f"{DEED}_0001.png",
        folder / LETTER / kind / f"{LETTER}_0001.xml",
    )
    assert transcription(deed).lines[0].text == "the deed was read"
    assert [true.texts[0] for true in true_pages([folder], left_out)] == ["the deed was read", "the letter is read"]
    made = cut([folder], CropGeometry(), tmp_path / "lines.parquet")
    assert (made.lines, made.left_out, left_out.table()) == (4, {}, {})
    assert "the deed was read" in pq.read_table(made.path).column("text").to_pylist()
    assert Layouts.of(folder).find(str(deed.image), 1, 1) == xml
