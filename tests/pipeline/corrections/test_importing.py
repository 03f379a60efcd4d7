"""What people corrected in eScriptorium and Transkribus comes back, each line to its own."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import inkbeam
from pipeline.corrections import table
from pipeline.corrections.correction import Correction
from pipeline.corrections.importing import NO_LINE, NO_PAGE, OTHER_FORM, Imported, import_corrections
from pipeline.corrections.reading import read_corrected
from pipeline.document import Page
from pipeline.failures import NothingDone, UsageError
from pipeline.formats import alto
from pipeline.formats import page as page_xml
from pipeline.storage import LocalStorage
from tests.pipeline.corrections.made import ID, letter, say, texts
from tests.pipeline.report.made import dataset

LINES = ("the cut sat", "on the mat", "and slept")
DONE = b'<TranskribusMetadata docId="1" pageId="2" pageNr="1" tsid="3" status="%s" userId="4"/></Metadata>'
Edit = Callable[[bytes], bytes]
RENDERERS = {"page": page_xml.render_lines, "alto": alto.render_lines}


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return letter(tmp_path / "out", *LINES)[0]


def sheet(folder: Path, page: Page, kind: str = "page", name: str = f"{ID}_0001", edit: Edit = bytes) -> Path:
    """A file of a package, edited by somebody."""
    path = folder / ID / kind / f"{name}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(edit(RENDERERS[kind](ID, replace(page, source=f"{name}.png"))))
    return path


def put(text: str, other: str) -> Edit:
    return lambda content: content.replace(text.encode(), other.encode())


def status(name: str) -> Edit:
    return lambda content: content.replace(b"</Metadata>", DONE % name.encode())


def both(first: Edit, second: Edit) -> Edit:
    return lambda content: second(first(content))


def taken(storage: LocalStorage, folder: Path, who: str = "") -> Imported:
    return import_corrections(storage.root, folder, who)


def said(storage: LocalStorage) -> list[Correction]:
    return sorted(table.load(storage, "default", ID), key=lambda each: (each.time, each.line))


def read(storage: LocalStorage) -> Page:
    return read_corrected(storage, "default", ID).pages[0]


@pytest.mark.parametrize("kind", ["page", "alto"])
def test_lines_with_another_text_are_corrected_and_importing_again_adds_nothing(
    storage: LocalStorage, tmp_path: Path, kind: str
) -> None:
    sheet(tmp_path / "back", read(storage), kind, edit=put("the cut", "the  cat"))
    assert taken(storage, tmp_path / "back", "Ann") == Imported(1, 0, 1, {})
    (one,) = said(storage)
    assert (one.line, one.before, one.text, one.verdict) == (1, "the cut sat", "the cat sat", "corrected")
    assert (one.who, one.tool, one.bundle) == ("Ann", kind.upper(), "b1")
    assert [line.text for line in read(storage).lines] == ["the cat sat", *LINES[1:]]
    assert taken(storage, tmp_path / "back", "Ann") == Imported(0, 0, 1, {})
    assert said(storage) == [one]


@pytest.mark.parametrize(("name", "right"), [("GT", 2), ("DONE", 2), ("FINAL", 2), ("IN_PROGRESS", 0), ("NEW", 0)])
def test_lines_that_were_left_are_right_where_somebody_saw_the_page(
    storage: LocalStorage, tmp_path: Path, name: str, right: int
) -> None:
    sheet(tmp_path / "back", read(storage), edit=both(status(name), put("cut", "cat")))
    assert taken(storage, tmp_path / "back") == Imported(1, right, 1, {})
    assert {each.tool for each in said(storage)} == {"Transkribus"}
    assert [each.verdict for each in said(storage)] == ["corrected", *["right"] * right]
    assert taken(storage, tmp_path / "back") == Imported(0, 0, 1, {})


@pytest.mark.parametrize("kind", ["page", "alto"])
def test_escriptorium_gives_other_ids_and_is_named(storage: LocalStorage, tmp_path: Path, kind: str) -> None:
    def edit(content: bytes) -> bytes:
        content = re.sub(rb'(<TextLine [^>]*)\b(id|ID)="\w*line_(\d)"', rb'\1\2="eSc_line_\3"', content)
        return content.replace(b"cut", b"cat")

    sheet(tmp_path / "back", read(storage), kind, edit=edit)
    assert taken(storage, tmp_path / "back") == Imported(1, 0, 1, {})
    assert said(storage)[0].tool == "eScriptorium"


def test_what_was_corrected_here_meanwhile_stays(storage: LocalStorage, tmp_path: Path) -> None:
    untouched = read(storage)
    sheet(tmp_path / "back", untouched, edit=both(status("GT"), put("slept", "sleeps")))
    made = read_corrected(storage, "default", ID)
    table.save(storage, say(made, 0, text="the cat sat", who="Ann"))
    table.save(storage, say(made, 1, "unreadable", who="Ann"))
    assert taken(storage, tmp_path / "back") == Imported(1, 0, 1, {})
    assert [line.text for line in read(storage).lines] == ["the cat sat", "on the mat", "and sleeps"]


def test_a_package_of_corrected_pages_comes_back_without_news(storage: LocalStorage, tmp_path: Path) -> None:
    table.save(storage, say(read_corrected(storage, "default", ID), 0, text="the cat sat"))
    sheet(tmp_path / "back", read(storage), edit=status("GT"))
    assert taken(storage, tmp_path / "back") == Imported(0, 2, 1, {})
    sheet(tmp_path / "back", read(storage), edit=put("the cat", "the bat"))
    assert taken(storage, tmp_path / "back") == Imported(1, 0, 1, {})
    assert texts(read_corrected(storage, "default", ID))[0] == "the bat sat"


def test_a_line_without_text_tells_nothing(storage: LocalStorage, tmp_path: Path) -> None:
    sheet(tmp_path / "back", read(storage), edit=both(status("GT"), put("on the mat", "")))
    assert taken(storage, tmp_path / "back") == Imported(0, 2, 1, {})


def test_a_line_that_was_drawn_anew_is_known_by_its_id(storage: LocalStorage, tmp_path: Path) -> None:
    page = read(storage)
    half = [
        tuple((x if x < 200 else 250.0, y) for x, y in shape)
        for shape in (page.lines[0].baseline, page.lines[0].polygon)
    ]
    shorter = replace(page.lines[0], baseline=half[0], polygon=half[1])
    sheet(tmp_path / "back", replace(page, lines=(shorter, *page.lines[1:])), edit=put("cut", "cat"))
    assert taken(storage, tmp_path / "back") == Imported(1, 0, 1, {})
    assert said(storage)[0].before == "the cut sat"


def test_a_line_with_the_id_of_another_place_is_not(storage: LocalStorage, tmp_path: Path) -> None:
    page = read(storage)
    away = tuple((x, y + 250) for x, y in page.lines[0].polygon), tuple((x, y + 250) for x, y in page.lines[0].baseline)
    moved = replace(page.lines[0], polygon=away[0], baseline=away[1])
    sheet(tmp_path / "back", replace(page, lines=(moved, *page.lines[1:])), edit=put("cut", "cat"))
    done = taken(storage, tmp_path / "back")
    assert (done.corrected, done.exit_code) == (0, 3)
    ((name,),) = [done.left_out[NO_LINE]]
    assert name.endswith("_0001.xml: region_1_line_1")


def test_a_scan_of_another_size_is_compared_at_that_of_the_page(storage: LocalStorage, tmp_path: Path) -> None:
    page = read(storage)
    twice = [
        replace(
            line,
            baseline=tuple((2 * x, 2 * y) for x, y in line.baseline),
            polygon=tuple((2 * x, 2 * y) for x, y in line.polygon),
        )
        for line in page.lines
    ]
    larger = replace(page, width=2 * page.width, height=2 * page.height, lines=tuple(twice))
    sheet(tmp_path / "back", larger, edit=put("cut", "cat"))
    assert taken(storage, tmp_path / "back") == Imported(1, 0, 1, {})
    sheet(tmp_path / "back", replace(larger, height=page.height), edit=put("cut", "cap"))
    assert list(taken(storage, tmp_path / "back").left_out) == [OTHER_FORM]


def test_page_counts_before_alto_and_other_xml_is_passed_over(storage: LocalStorage, tmp_path: Path) -> None:
    for kind in RENDERERS:
        sheet(tmp_path / "back", read(storage), kind, edit=put("cut", f"cat {kind}"))
    (tmp_path / "back/mets.xml").write_text('<mets xmlns="http://www.loc.gov/METS/"/>')
    assert taken(storage, tmp_path / "back") == Imported(1, 0, 1, {})
    assert said(storage)[0].text == "the cat page sat"


def test_the_names_of_images_count_before_those_of_files(storage: LocalStorage, tmp_path: Path) -> None:
    path = sheet(tmp_path / "back", read(storage), edit=put("cut", "cat"))
    path.rename(path.with_name("0001_p001.xml"))
    assert taken(storage, tmp_path / "back").corrected == 1


def test_what_belongs_nowhere_is_named(storage: LocalStorage, tmp_path: Path) -> None:
    back = tmp_path / "back"
    sheet(back, read(storage), name="other-00000000_0001")
    sheet(back, read(storage), name=f"{ID}_0007")
    (back / "broken.xml").write_text("<PcGts")
    done = taken(storage, back)
    assert (done.pages, done.exit_code) == (0, 4)
    assert {reason: len(names) for reason, names in done.left_out.items()} == {"broken XML": 1, NO_PAGE: 2}
    assert done.told().startswith("no page of OUT: 0 lines corrected, 0 found to be right\nleft out: 1 x broken XML")


def test_a_damaged_document_is_named_and_the_rest_taken(storage: LocalStorage, tmp_path: Path) -> None:
    sheet(tmp_path / "back", read(storage), edit=put("cut", "cat"))
    storage.write(f"lines/collection=default/{ID}.parquet", b"damaged")
    done = taken(storage, tmp_path / "back")
    assert (done.exit_code, list(done.left_out)) == (4, ["document that cannot be read"])


def test_what_cannot_be_taken_at_all_is_refused(storage: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        taken(storage, tmp_path / "nowhere")
    (tmp_path / "back").mkdir()
    with pytest.raises(NothingDone, match="holds no document"):
        import_corrections(str(tmp_path / "empty"), tmp_path / "back", "")
    assert taken(storage, tmp_path / "back").exit_code == 4


def run(*words: str) -> Result:
    return CliRunner().invoke(inkbeam, words, catch_exceptions=False)


def test_a_package_goes_out_and_comes_back(tmp_path: Path) -> None:
    output, folder = dataset(tmp_path), tmp_path / "package"
    assert run("export", output, "--package", str(folder)).exit_code == 0
    path = folder / "deed-00000000/page/deed-00000000_0001.xml"
    path.write_bytes(path.read_bytes().replace(b"the deed is read", b"the deed was read"))
    done = run("correct", output, "--import", str(folder), "--who", "Ann")
    assert (done.exit_code, done.output) == (0, "2 pages: 1 line corrected, 0 found to be right\n")
    (line, _) = read_corrected(LocalStorage(output), "default", "deed-00000000").pages[0].lines
    assert (line.text, line.corrected_by) == ("the deed was read", "Ann")
