"""The command line of a search: what goes to the screen, to stderr and to files, and exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.failures import ExitCode
from pipeline.index.update import update_index
from pipeline.search import page
from pipeline.storage import LocalStorage
from tests.pipeline.search.conftest import Search
from tests.pipeline.search.made import identifier


def test_hits_are_listed(search: Search) -> None:
    answer = search("price")
    assert (answer.code, answer.err) == (ExitCode.DONE, "")
    first, line, total = answer.out.splitlines()
    assert first.startswith("  1  99.9 %  /")
    assert first.endswith("/letter.png, page 1, line 1")
    assert (line, total) == ("     the [price] of flour", "1 hit")


def test_nothing_found_is_no_error(search: Search) -> None:
    answer = search("nothing")
    assert (answer.code, answer.err) == (ExitCode.DONE, "")
    assert answer.out.startswith("no hit for nothing")
    assert json.loads(search("nothing", "--json").out) == {"total": 0, "hits": []}


def test_the_limit_keeps_the_best(search: Search) -> None:
    answer = search("the", "--limit", 2)
    assert answer.out.splitlines()[-1] == "4 hits, the best 2 shown; --limit N shows more"
    assert search("the", "--limit", 0).code == ExitCode.USAGE


def test_json_and_csv_go_to_the_screen(search: Search) -> None:
    (hit,) = json.loads(search("population", "--json").out)["hits"]
    assert hit["boxes"] == [[220.0, 156.0, 280.0, 186.0], [60.0, 236.0, 120.0, 266.0]]
    assert hit["snippet"] == "in the popu-\nlation is high"
    assert hit["probability"] == 0.75
    assert len(search("the", "--csv").out.splitlines()) == 5
    both = search("the", "--csv", "--json")
    assert (both.code, both.out) == (ExitCode.USAGE, "")


def test_filters_narrow(search: Search) -> None:
    def total(*arguments: object) -> int:
        return int(json.loads(search("the", "--json", *arguments).out)["total"])

    assert total() == 4
    assert total("--document", identifier("deed")) == 2
    assert total("--document", identifier("deed"), "--document", identifier("letter")) == 4
    assert total("--collection", "other") == 0
    assert total("--language", "deu") == 0
    assert total("--without-doubtful") == 2
    assert json.loads(search("population", "--json", "--confidence", 0.75).out)["total"] == 1
    assert json.loads(search("population", "--json", "--confidence", 0.76).out)["total"] == 0


def test_bad_queries_and_filters_are_explained(search: Search) -> None:
    answer = search("the AND")
    assert (answer.code, answer.out) == (ExitCode.USAGE, "")
    assert answer.err.splitlines() == [
        *("inkbeam: the query ends where a word is wanted; add one", "  the AND", "         ^ character 8")
    ]
    assert "no table documents" in search("the", "--where", "title=x").err
    assert "COLUMN=TEXT" in search("the", "--where", "title").err
    assert search("the", "--confidence", 2).code == ExitCode.USAGE


def test_other_readings_are_told_from_the_text(search: Search, tmp_path: Path) -> None:
    assert search("floor", "--html", tmp_path / "hits.html").out.splitlines()[0].endswith("line 1, or floor")
    assert "<b>floor</b> <i>another reading" in (tmp_path / "hits.html").read_text(encoding="utf-8")


def test_a_query_that_is_no_text_is_searched_as_it_is_shown(search: Search) -> None:
    assert search("caf\udce9").out.startswith("no hit for caf%E9")


def test_damage_is_warned_of_and_the_words_shown_alone(search: Search, storage: LocalStorage) -> None:
    name = f"lines/collection=default/{identifier('letter')}.parquet"
    Path(storage.root, name).write_bytes(b"PAR1")
    answer = search("price")
    assert answer.code == ExitCode.DONE
    assert "     [price]" in answer.out.splitlines()
    assert answer.err.startswith(f"inkbeam: {name} is not a whole Parquet file")
    assert len(answer.err.splitlines()) == 1


def test_a_page_with_the_places_is_written(search: Search, tmp_path: Path) -> None:
    file = tmp_path / "new" / "hits.html"
    answer = search("the OR flour", "--html", file)
    assert answer.out.splitlines()[-1] == "5 hits"
    written = file.read_text(encoding="utf-8")
    assert written.count('<img src="data:image/webp') == 5
    assert "<mark>flour</mark>" in written
    assert "5 found for <code>the OR flour</code>" in written
    assert search("the OR flour", "--html", file).code == ExitCode.DONE
    assert file.read_text(encoding="utf-8") == written
    assert search("the", "--html", tmp_path).code == ExitCode.USAGE


def test_a_page_says_what_it_cannot_show(
    search: Search, storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_BYTES", 4000)
    Path(storage.root).with_name("deed.png").unlink()
    file = tmp_path / "hits.html"
    search("farm OR flour OR price OR <b>", "--html", file)
    written = file.read_text(encoding="utf-8")
    assert re.search(r'class="none">[^<]*deed\.png', written)
    assert page.TOO_MANY in written
    assert "<b>" not in written.split("<h1>")[1].split("<ol")[0]
    search("nothing", "--html", file)
    assert "Nothing was found." in file.read_text(encoding="utf-8")


def test_searching_loads_neither_torch_nor_beam(storage: LocalStorage) -> None:
    update_index(storage.root)
    code = f"""
import sys
from pipeline.cli import main
main(["search", {storage.root!r}, "word", "--html", {storage.root + "/hits.html"!r}])
print([name for name in ("torch", "apache_beam") if name in sys.modules])
"""
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
