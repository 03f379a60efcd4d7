import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogue import Catalogue, read_rows
from pipeline.document import Record
from pipeline.failures import UsageError
from pipeline.sources import Origin, document_id, find
from tests.pipeline.exports import write

LETTER = "/scans/letter.png"


def origin(path: str = LETTER) -> Origin:
    return Origin(document_id(path), path, ())


def load(folder: Path, content: str, *origins: Origin) -> Catalogue:
    file = write(folder / "catalogue.csv", content.encode())
    return Catalogue.load(str(file), origins or (origin(),))


def test_all_columns_and_others_are_kept(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        "path,shelfmark,title,date,rights,canvas,Scribe,Note\n"
        f'{LETTER},"AN, 12",Letter,1914-08-11,CC0,https://iiif.example/1,Anna,\n',
    )
    expected = Record("AN, 12", "Letter", "1914-08-11", "CC0", "https://iiif.example/1", (("Scribe", "Anna"),))
    assert found.records == {document_id(LETTER): expected}
    assert (found.strangers, found.silent) == ((), 0)


def test_a_row_names_its_document_in_many_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [write(tmp_path / name, b"%PDF-") for name in ("beside.pdf", "here.pdf", "absolute.pdf", "id.pdf")]
    folder = write(tmp_path / "book" / "1.pdf", b"%PDF-").parent
    rows = ["../beside.pdf,,a", "here.pdf,,b", f"{paths[2]},,c", f",{document_id(str(paths[3]))},d", "../book/,,e"]
    content = "\n".join(["path,document_id,title", *rows, "gs://bucket/f.pdf,,f"])
    file = write(tmp_path / "lists" / "catalogue.csv", content.encode())
    origins = [*find([str(path) for path in paths], "file").origins, *find([str(folder)], "folder").origins]
    found = Catalogue.load(str(file), [*origins, origin("gs://bucket/f.pdf")])
    assert sorted(record.title for record in found.records.values()) == list("abcdef")
    assert found.strangers == ()


def test_what_has_not_found_each_other_is_told(tmp_path: Path) -> None:
    found = load(tmp_path, "document_id,title\nnobody-00000000,x\nmissing.png,y\n")
    assert (found.records, found.strangers, found.silent) == ({}, ("nobody-00000000", "missing.png"), 1)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_spreadsheets_of_all_kinds(tmp_path: Path, separator: str, ending: str, mark: str) -> None:
    rows = [["Path", "TITLE", "Fonds", ""], [LETTER, f'"a{separator} ""b"""', "é", ""], ["", "", "", ""]]
    found = load(tmp_path, mark + ending.join(separator.join(row) for row in rows))
    expected = Record(title=f'a{separator} "b"', further=(("Fonds", "é"),))
    assert found.records == {document_id(LETTER): expected}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; its first line"),
        (" \n,,\n", "is empty; its first line"),
        ("title,date\nx,y\n", "line 1: no column is called path or document_id"),
        ("path,title,title\n", "line 1: several columns are called title"),
        ("path,Title,TITLE\n", "line 1: several columns are called title"),
        (f"path,title\n{LETTER},one,two\n", "line 2: has 3 cells, the first line 2; put cells"),
        (f"path,title\n\n{LETTER}\n", "line 3: has 1 cells"),
        (f'path,title\n{LETTER},"two\nlines"\n{LETTER},again\n', "line 4: .*letter.png has a row already, line 2"),
        ("path,title\n,x\n", "line 2: says not which document"),
        (f"path,\n{LETTER},x\n", "line 2: a cell stands in a column without a name"),
        (f'path,title\n{LETTER},"open\n', "line 2: unexpected end of data; a quotation mark"),
    ],
)
def test_bad_catalogues_are_refused_with_file_and_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UsageError, match=rf"catalogue\.csv.*{message}"):
        load(tmp_path, content)


def test_what_cannot_be_opened_or_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--catalogue .*none\.csv: No such file"):
        Catalogue.load(str(tmp_path / "none.csv"), ())
    file = write(tmp_path / "latin.csv", f"path,title\n{LETTER},ok\n{LETTER},é\n".encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin\.csv, line 3: is not UTF-8; save the catalogue as CSV UTF-8"):
        Catalogue.load(str(file), ())


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=6)


@given(st.lists(st.tuples(CELLS.filter(bool), CELLS, CELLS), max_size=4), st.sampled_from(",;\t"))
def test_what_a_spreadsheet_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], separator: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([("document_id", "title", "Scribe"), *rows])
    file = write(tmp_path_factory.getbasetemp() / "made.csv", text.getvalue().encode())
    found = [(row.name, row.record.title, dict(row.record.further).get("Scribe", "")) for row in read_rows(str(file))]
    assert found == rows


@given(st.binary(max_size=80))
def test_any_bytes_are_rows_or_a_usage_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = write(tmp_path_factory.getbasetemp() / "any.csv", b"path,x\n" + content)
    with suppress(UsageError):
        assert all(row.name for row in read_rows(str(file)))
