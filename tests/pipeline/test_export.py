from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline import cli_shared
from pipeline.cli import inkbeam
from pipeline.failures import NothingDone, UsageError
from pipeline.formats import FORMATS
from pipeline.storage import LocalStorage
from tests.pipeline.report.made import dataset


def run(output: object, formats: str) -> Result:
    return CliRunner().invoke(inkbeam, ["export", str(output), "--formats", formats], catch_exceptions=False)


@pytest.fixture
def output(tmp_path: Path) -> str:
    return dataset(tmp_path)


def test_formats_are_written_without_reading_again(output: str) -> None:
    done = run(output, "text,page,alto,hocr,csv")
    assert (done.exit_code, done.output) == (0, "10 files of 3 documents\n")
    written = LocalStorage(output).read("text/deed-00000000/1.txt").decode()
    assert written == "the deed is read\nand </script> <b>again</b>\n"
    assert LocalStorage(output).read("page/deed-00000000/1.xml").startswith(b"<?xml")


def test_a_damaged_document_is_named_and_the_others_are_written(output: str) -> None:
    storage = LocalStorage(output)
    storage.write("pages/collection=default/deed-00000000.parquet", b"PAR1")
    storage.delete("lines/collection=default/letter-00000000.parquet")
    done = run(output, "text")
    assert done.exit_code == 3
    assert "0 files of 1 document" in done.output
    assert "left out: pages/collection=default/deed-00000000.parquet is not a whole Parquet file" in done.output
    assert "left out: letter-00000000: " in done.output


def test_pdfs_whose_scans_are_others_now_are_named_and_left_out(output: str) -> None:
    done = run(output, "pdf,text")
    assert done.exit_code == 3
    assert "2 files of 3 documents" in done.output
    assert "left out: deed-00000000: pdf: " in done.output
    assert "deed.png: is not the file any more that was read; digitize it again" in done.output


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match="holds no document"):
        run(tmp_path, "text")


def test_unknown_formats_are_named(output: str) -> None:
    with pytest.raises(UsageError, match=f"--formats docx: there are {cli_shared.FORMATS} and none"):
        run(output, "docx")


def test_the_command_line_names_all_formats() -> None:
    assert ", ".join(FORMATS) == cli_shared.FORMATS


@pytest.mark.parametrize("more", [[], ["--pages", "doubtful"], ["--formats", "text", "--pages", "doubtful"]])
def test_formats_or_a_package_must_be_named(output: str, more: list[str]) -> None:
    with pytest.raises(UsageError, match="name --formats, or --package, which alone goes with --pages"):
        CliRunner().invoke(inkbeam, ["export", output, *more], catch_exceptions=False)
