"""METS files as input: found, opened, read by digitize; what fails is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.failures import ExitCode, NothingDone
from pipeline.files import SourceFile
from pipeline.mets_files import is_mets, open_mets
from pipeline.sources import find
from pipeline.storage import LocalStorage
from pipeline.store import read_record
from tests.pipeline.conftest import Digitize, rows
from tests.pipeline.drawn import save_pdf, save_png
from tests.pipeline.exports import METS, write

CASES = Path(__file__).parents[1] / "cases" / "mets"


def case(folder: Path, name: str) -> Path:
    """A METS file with the images that it names."""
    save_png(folder / "images" / "page one.png", 1)
    save_png(folder / "images" / "2.png", 2)
    return write(folder / name, (CASES / name).read_bytes())


def naming(*addresses: str) -> bytes:
    """METS of pages with these images."""
    files = "".join(f'<file ID="f{k}"><FLocat x:href="{each}"/></file>' for k, each in enumerate(addresses))
    pages = "".join(f'<div TYPE="page"><fptr FILEID="f{k}"/></div>' for k in range(len(addresses)))
    return f"""<mets xmlns="http://www.loc.gov/METS/" xmlns:x="http://www.w3.org/1999/xlink">
    <fileSec><fileGrp>{files}</fileGrp></fileSec><structMap><div>{pages}</div></structMap></mets>""".encode()


def paths(file: Path) -> list[str]:
    return [each.path for each in open_mets(SourceFile(str(file), 0, 0)).files]


def test_paths_are_relative_encoded_or_file_urls(tmp_path: Path) -> None:
    image = str(save_png(tmp_path / "a b.png"))
    encoded = image.replace(" ", "%20")
    for address in ("a b.png", "a%20b.png", "./x/../a%20b.png", f"file://{encoded}", f"file:{encoded}", image):
        assert paths(write(tmp_path / "m.xml", naming(address))) == [image]
    assert paths(write(tmp_path / "m.xml", naming(f"file://localhost{encoded}"))) == [image]
    assert paths(write(tmp_path / "m.xml", naming("gs://b/a%20b.png"))) == ["gs://b/a%20b.png"]


def test_a_name_with_a_per_cent_sign_is_taken_as_written_where_it_is_there(tmp_path: Path) -> None:
    image = save_png(tmp_path / "a%20b.png")
    save_png(tmp_path / "a b.png")
    assert paths(write(tmp_path / "m.xml", naming("a%20b.png"))) == [str(image)]
    assert paths(write(tmp_path / "m.xml", naming("a%00b.png"))) == [str(tmp_path / "a%00b.png")]


def test_pages_of_one_pdf_are_one_file(tmp_path: Path) -> None:
    pdf = save_pdf(tmp_path / "a.pdf", range(2))
    assert paths(write(tmp_path / "m.xml", naming("a.pdf#page=1", "a.pdf#page=2"))) == [str(pdf)]


def test_only_mets_is_found_in_folders(tmp_path: Path) -> None:
    file = case(tmp_path, "kitodo.xml")
    write(tmp_path / "page.xml", b"<PcGts/>")
    write(tmp_path / "mets.txt", METS)
    listing = find([str(tmp_path)], "mets")
    (origin,) = listing.origins
    assert (origin.name, listing.left_out, origin.unusable) == (str(file), 0, "")
    assert [Path(each.path).name for each in origin.files] == ["page one.png", "2.png"]
    assert is_mets(str(file))
    with pytest.raises(NothingDone, match="looked for METS files"):
        find([str(tmp_path / "images")], "mets")


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("broken.xml", b"<mets", "export it again"),
        ("none.xml", None, "No such file"),
        ("empty.xml", METS, "names no image"),
        ("gs://bucket/mets.xml", None, "lies in an object store; copy it"),
    ],
)
def test_what_names_no_pages_says_why(tmp_path: Path, path: str, content: bytes | None, message: str) -> None:
    if content is not None:
        write(tmp_path / path, content)
    where = path if "://" in path else str(tmp_path / path)
    found = open_mets(SourceFile(where, 1, 2))
    assert message in found.unusable
    assert found.files == (SourceFile(where, 1, 2),)


def test_a_document_with_record_and_pages_in_order(tmp_path: Path, digitize: Digitize) -> None:
    file, out = case(tmp_path / "in", "kitodo.xml"), tmp_path / "out"
    ran = digitize(file.parent, "--output", out, "--document", "mets", "--formats", "mets")
    assert ran.code == ExitCode.DONE, ran.err
    assert "1 document described, 1 of them new or changed" in ran.out
    pages = rows(out, "pages")
    assert [Path(str(page["source"])).name for page in pages] == ["page one.png", "2.png"]
    name = str(pages[0]["document_id"])
    assert name.startswith("kitodo-xml-")
    assert read_record(LocalStorage(str(out)), "default", name).shelfmark == "Ms. 12"
    assert len(list((out / "alto" / name).iterdir())) == 2

    catalogue = write(tmp_path / "list.csv", b"path;title\nin/kitodo.xml;Catalogued\n")
    again = digitize(file, "--output", out, "--document", "mets", "--catalogue", catalogue)
    assert "nothing was due" in again.out
    record = read_record(LocalStorage(str(out)), "default", name)
    assert (record.title, record.date) == ("Catalogued", "1794")

    ours = digitize(out / "mets", "--output", tmp_path / "second", "--document", "mets")
    assert "2 read" in ours.out
    (document,) = {str(page["document_id"]) for page in rows(tmp_path / "second", "pages")}
    told = read_record(LocalStorage(str(tmp_path / "second")), "default", document)
    assert told == replace(record, title="Das Tagebuch einer Reise: erster Teil")


def test_images_that_are_missing_or_on_the_web_fail_and_the_others_are_read(tmp_path: Path, digitize: Digitize) -> None:
    file, out = case(tmp_path, "dfg.xml"), tmp_path / "out"
    write(tmp_path / "empty.xml", METS)
    assert (
        "2 documents, new: 5 pages to read" in digitize(tmp_path, "--output", out, "--document", "mets", "--plan").out
    )
    ran = digitize(tmp_path, "--output", out, "--document", "mets")
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    failures = {(row["page"], row["kind"], row["source"]) for row in rows(out, "failures")}
    assert failures == {
        (1, "remote", "https://archive.example/1.jpg"),
        (3, "unreadable", str(tmp_path / "images" / "gone.png")),
        (4, "unreadable", f"{file}#page=4"),
        (None, "unusable-mets", str(tmp_path / "empty.xml")),
    }
    assert "Download it" in ran.out
    assert [row["page"] for row in rows(out, "pages") if row["status"] == "read"] == [2]

    save_png(tmp_path / "images" / "gone.png", 3)
    digitize(tmp_path, "--output", out, "--document", "mets")
    assert [row["page"] for row in rows(out, "pages") if row["status"] == "read"] == [2, 3]
