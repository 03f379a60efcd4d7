"""Runs from a bucket into a bucket, as into a local folder, whatever the network does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.failures import ExitCode
from tests.pipeline.clusters import QUICK
from tests.pipeline.conftest import CONTENT, Digitize, contents
from tests.pipeline.drawn import png_bytes, save_pdf
from tests.pipeline.stores.conftest import Bucket

pytestmark = pytest.mark.long

Inkbeam = Callable[..., str]
# What a run into a local folder writes, by scheme: the same for all tests, since they read the same scans.
WHOLE: dict[str, dict[str, bytes]] = {}


@pytest.fixture
def scans(bucket: Bucket, tmp_path: Path) -> str:
    shared = bucket.other("scans")
    if not shared.names():
        shared.put("in/long.pdf", save_pdf(tmp_path / "long.pdf", range(2)).read_bytes())
        shared.put("in/a page.png", png_bytes(7))
        shared.put("in/notes.txt", b"no scan")
    bucket.faults.asked.clear()
    return f"{shared.url}/in"


@pytest.fixture
def whole(scans: str, tmp_path: Path, digitize: Digitize, bucket: Bucket) -> dict[str, bytes]:
    if bucket.scheme not in WHOLE:
        ran = digitize(scans, *QUICK, "--output", tmp_path / "whole", "--", *bucket.options)
        assert ran.code == ExitCode.DONE, ran.err
        WHOLE[bucket.scheme] = contents(tmp_path / "whole")
        bucket.faults.asked.clear()
    return WHOLE[bucket.scheme]


def made(bucket: Bucket) -> dict[str, bytes]:
    return {name: content for name, content in bucket.contents("out/").items() if name.partition("/")[0] in CONTENT}


@pytest.fixture
def command(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> Inkbeam:
    """Another command on the bucket; what it says."""

    def run(*arguments: object, code: int = 0) -> str:
        ended = 0
        try:
            cli.main([*map(str, arguments), "--", *bucket.options])
        except SystemExit as error:
            ended = int(error.code or 0)
        said = capsys.readouterr()
        assert ended == code, said.err
        return said.out + said.err

    return run


def test_a_run_and_all_that_follows_it(
    bucket: Bucket, scans: str, whole: dict[str, bytes], digitize: Digitize, command: Inkbeam, tmp_path: Path
) -> None:
    out = f"{bucket.url}/out"
    ran = digitize(scans, *QUICK, "--output", out, "--", *bucket.options)
    assert ran.code == ExitCode.DONE, ran.err
    assert made(bucket) == whole
    assert bucket.faults.count("GET", "long.pdf") == 1  # not page by page
    before = bucket.contents("out/")
    assert "state/lock" not in before

    again = digitize(scans, *QUICK, "--output", out, "--", *bucket.options)
    assert again.code == ExitCode.DONE
    after = bucket.contents("out/")
    changed = {name for name in after if before.get(name) != after[name]}
    assert {name.partition("/")[0] for name in changed} == {"runs", "metrics.prom"}

    assert "0 documents indexed" in command("index", out)
    assert "[Monday]" in command("search", out, "monday", "--html", tmp_path / "hits.html")
    assert "data:image" in (tmp_path / "hits.html").read_text(encoding="utf-8")
    assert command("report", out).startswith(f"{out}/report.html")
    assert "of 2 documents" in command("export", out, "--formats", "alto,pdf,text")
    assert len([name for name in bucket.names() if name.startswith("out/pdf/")]) == 2
    assert "6 files of 2 documents" in command("export", out, "--package", f"{bucket.url}/package")
    assert len(bucket.contents("package/")) == 6
    gone = next(name for name in (name.split("/")[1] for name in whole if "hocr/long" in name))
    assert "removed 1 document" in command("remove", out, gone)
    left = bucket.contents("out/")
    assert not [name for name in left if gone in name]
    assert "report.html" not in left


def test_a_bad_network_changes_nothing(bucket: Bucket, scans: str, whole: dict[str, bytes], digitize: Digitize) -> None:
    faults = bucket.faults
    faults.busy, faults.dropped, faults.cut, faults.slow = 3, 3, 3, 0.005
    ran = digitize(scans, *QUICK, "--output", f"{bucket.url}/out", "--", *bucket.options)
    assert ran.code == ExitCode.DONE, ran.err
    assert (faults.busy, faults.dropped, faults.cut) == (0, 0, 0)
    faults.slow = 0
    assert made(bucket) == whole


def test_a_store_that_vanishes_half_way_stops_the_run_with_one_message(
    bucket: Bucket, scans: str, whole: dict[str, bytes], digitize: Digitize
) -> None:
    uploads: list[str] = []

    def vanish(method: str, path: str) -> None:
        uploads.extend([path] * (method in ("PUT", "POST")))
        bucket.faults.gone = len(uploads) >= 4  # after the lock and two files of a document

    bucket.faults.before = vanish
    out = f"{bucket.url}/out"
    ran = digitize(scans, *QUICK, "--output", out, "--", *bucket.options)
    assert ran.code == ExitCode.STOPPED
    assert ran.err.count("cannot be reached") == ran.err.count("inkbeam: ") == 1, ran.err
    assert f"inkbeam: {bucket.url} cannot be reached (" in ran.err
    assert "what was done is kept. Run again when it is back" in ran.err

    bucket.faults.before, bucket.faults.gone = lambda *_: None, False
    assert not [name for name in bucket.names() if "pages/" in name or "rows-" in name]
    ran = digitize(scans, *QUICK, "--output", out, "--", *bucket.options)
    assert ran.code == ExitCode.DONE, ran.err
    assert made(bucket) == whole


def test_workers_in_processes_of_their_own_are_told_and_tell(
    bucket: Bucket, scans: str, whole: dict[str, bytes], inkbeam: Digitize
) -> None:
    """Here the scans go while they are read: a bucket that is no more needs no patience."""
    fetched: list[str] = []

    def close(method: str, path: str) -> None:
        if method == "GET" and "page.png" in path:
            fetched.append(path)
            bucket.faults.closed = len(fetched) > 1

    bucket.faults.before = close
    arguments = (scans, *QUICK, "--output", f"{bucket.url}/out", "--workers", 1, "--", *bucket.options)
    ran = inkbeam(*arguments, env=bucket.environment)
    assert ran.code == ExitCode.STOPPED, ran.err
    assert ran.err.count("inkbeam: ") == 1

    bucket.faults.before, bucket.faults.closed = lambda *_: None, False
    ran = inkbeam(*arguments, env=bucket.environment)
    assert ran.code == ExitCode.DONE, ran.err
    assert made(bucket) == whole


def test_one_object_that_is_gone_since_the_listing_is_one_failure(bucket: Bucket, digitize: Digitize) -> None:
    bucket.put("in/a.png", png_bytes(7))
    missing = bucket.put("in/b.png", png_bytes(7))

    def delete(method: str, path: str) -> None:
        if method == "GET" and "b.png" in path:
            bucket.store.delete(missing)

    bucket.faults.before = delete
    ran = digitize(f"{bucket.url}/in", *QUICK, "--output", f"{bucket.url}/out", "--", *bucket.options)
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    assert "unreadable" in ran.out


@pytest.mark.parametrize("what", ["scans", "out"])
def test_what_cannot_be_used_from_the_beginning(bucket: Bucket, digitize: Digitize, what: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_bytes(7))
    missing = f"{bucket.scheme}://nothing-of-this-name"
    where = (missing, "--output", tmp_path / "out") if what == "scans" else (tmp_path, "--output", missing)
    ran = digitize(*where, "--", *bucket.options)
    assert ran.code == ExitCode.NOTHING_DONE
    assert "bucket" in ran.err
    assert "Check the address, the network and the credentials" in ran.err


def test_a_store_that_is_not_there_from_the_beginning(bucket: Bucket, digitize: Digitize) -> None:
    bucket.faults.gone = True
    ran = digitize(bucket.url, *QUICK, "--output", f"{bucket.url}/out", "--", *bucket.options)
    assert ran.code == ExitCode.NOTHING_DONE
    assert len(bucket.faults.asked) == 4
