"""Export, packages and the report show what people corrected."""

import json
import re
from pathlib import Path

import pytest

from pipeline.corrections import table
from pipeline.corrections.correction import Correction
from pipeline.export import export
from pipeline.failures import NothingDone
from pipeline.package import Order, package
from pipeline.report import overview
from pipeline.report.command import write_report
from pipeline.storage import LocalStorage
from pipeline.store import read_document
from tests.pipeline.corrections.made import ID, letter
from tests.pipeline.report.made import dataset


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    """A doubtful letter, both lines of which Ann has seen, and others."""
    storage = LocalStorage(dataset(tmp_path))
    document = read_document(storage, "default", ID)
    for place, verdict, text in ((0, "corrected", "the letter was read"), (1, "right", "")):
        said = Correction.of(document, document.pages[0], place, verdict, text, time=1.0, who="Ann")  # type: ignore[arg-type]
        table.save(storage, said)
    return storage


def test_formats_have_the_corrected_text(storage: LocalStorage) -> None:
    assert export(storage.root, ["text", "alto"]).left_out == ()
    assert storage.read(f"text/{ID}/1.txt").decode().startswith("the letter was read\n")
    assert b"<processingAgency>Ann</processingAgency>" in storage.read(f"alto/{ID}/1.xml")
    assert b"processingAgency" not in storage.read("alto/deed-00000000/1.xml")


def test_damaged_corrections_leave_their_document_out(storage: LocalStorage) -> None:
    name = table.files(storage)["default", ID][0]
    storage.write(name, b"damaged")
    done = export(storage.root, ["text"])
    assert (done.exit_code, len(done.left_out), name in done.left_out[0]) == (3, 1, True)


def test_packages_have_the_corrected_text_and_leave_out_what_is_no_longer_doubtful(
    storage: LocalStorage, tmp_path: Path
) -> None:
    assert package(storage.root, str(tmp_path / "all"), Order.of("page", "all")).documents == 2
    content = (tmp_path / f"all/{ID}/page/{ID}_0001.xml").read_text()
    assert "the letter was read" in content
    assert package(storage.root, str(tmp_path / "worst"), Order.of("page", "worst:1")).documents == 1
    assert (tmp_path / "worst/deed-00000000").is_dir()
    with pytest.raises(NothingDone, match="has no page of that kind"):
        package(storage.root, str(tmp_path / "doubtful"), Order.of("page", "doubtful"))


def data(html: str, name: str) -> dict[str, list[dict[str, object]]]:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html)
    assert found
    told: dict[str, list[dict[str, object]]] = json.loads(found[1])
    return told


def test_the_report_counts_and_marks_corrected_lines(storage: LocalStorage) -> None:
    html = Path(write_report(storage.root)).read_text(encoding="utf-8")
    assert '<dt>By hand</dt><dd class="figure">2</dd><dd class="note">lines on 1 page</dd>' in html
    assert "2 of 2 lines corrected by hand" in html
    pages = [data(html, f"page-{place}")["lines"] for place in (0, 1)]
    by_hand = [[line["corrected"] for line in lines] for lines in pages]
    assert by_hand == [[None, None], ["Ann (inkbeam correct)"] * 2]  # nothing is to be expected of the letter any more
    assert "Corrections without a line" not in html


def test_pages_are_listed_as_people_corrected_them(storage: LocalStorage) -> None:
    rows = {row.document_id: row for row in overview.overview(storage.root).rows}
    assert (rows[ID].status, rows[ID].expected_cer, rows[ID].confidence, rows[ID].corrected) == ("read", 0.0, 1.0, 2)
    assert (rows["deed-00000000"].corrected, rows["broken-00000000"].corrected) == (0, 0)


def test_the_report_lists_what_found_no_line(storage: LocalStorage, tmp_path: Path) -> None:
    _, other = letter(tmp_path / "other", "elsewhere")
    page = other.pages[0]
    table.save(storage, Correction.of(other, page, 0, "corrected", "<b>nowhere</b>", time=2.0))
    html = Path(write_report(storage.root)).read_text(encoding="utf-8")
    assert '<h2 id="corrections">' in html
    assert "&lt;b&gt;nowhere&lt;/b&gt;" in html


def test_the_report_is_made_although_corrections_are_damaged(storage: LocalStorage) -> None:
    name = table.files(storage)["default", ID][0]
    storage.write(name, b"damaged")
    html = Path(write_report(storage.root)).read_text(encoding="utf-8")
    assert name in html
