"""What stores answer, and what becomes of it."""

import sys
from pathlib import Path

import pytest

from pipeline.failures import NothingDone, StoreLost, UsageError
from pipeline.storage import open_output, open_storage
from pipeline.stores import options
from pipeline.stores.store import store_of
from tests.pipeline.stores.conftest import Bucket

LARGE = bytes(range(256)) * 40_000


def test_an_upload_that_breaks_off_leaves_what_was_there(bucket: Bucket, tmp_path: Path) -> None:
    url = bucket.put("object", b"old")
    (tmp_path / "large").write_bytes(LARGE)
    bucket.faults.cut = 1_000
    with pytest.raises(StoreLost):
        bucket.store.upload(url, tmp_path / "large")
    with pytest.raises(StoreLost):
        bucket.store.write(url, LARGE)
    with pytest.raises(StoreLost):
        bucket.store.write(f"{bucket.url}/new", LARGE)
    bucket.faults.cut = 0
    assert bucket.contents() == {"object": b"old"}


def test_downloads_that_break_off_begin_again(bucket: Bucket, tmp_path: Path) -> None:
    url = bucket.put("object", LARGE)
    bucket.faults.dropped = 2
    with (tmp_path / "copy").open("w+b") as file:
        bucket.store.download(url, file)
    assert (tmp_path / "copy").read_bytes() == LARGE
    bucket.faults.dropped = 2
    assert bucket.store.read(url) == LARGE


def test_a_store_that_was_given_up_is_not_waited_for_again(bucket: Bucket) -> None:
    bucket.faults.gone = True
    with pytest.raises(StoreLost, match=f"{bucket.url} cannot be reached .*; what was done is kept. Run again"):
        bucket.put("a", b"")
    asked = len(bucket.faults.asked)
    assert asked > 5
    with pytest.raises(StoreLost):
        bucket.put("a", b"")
    assert len(bucket.faults.asked) == asked + 1
    bucket.faults.gone = False
    bucket.put("a", b"")
    bucket.faults.busy = 2
    assert bucket.names() == ["a"]


def test_a_bucket_that_is_missing(bucket: Bucket) -> None:
    url = f"{bucket.scheme}://nothing-of-this-name/out"
    storage = open_storage(url)
    for use in (lambda: list(storage.list()), lambda: storage.write("a", b"")):
        with pytest.raises(StoreLost, match=r"cannot be used: .*bucket"):
            use()
    with pytest.raises(NothingDone, match=f"{url}/: .*Check the address"):
        open_output(url)


@pytest.mark.parametrize("size", [0, 3, 5000])
def test_the_first_bytes(bucket: Bucket, size: int) -> None:
    url = bucket.put("object", LARGE[:size])
    assert bucket.store.read(url, 0, 1000) == LARGE[: min(size, 1000)]


def test_a_new_object_does_not_replace_another(bucket: Bucket) -> None:
    if bucket.scheme == "gs":
        pytest.skip("the emulator knows no conditions")
    bucket.store.write(f"{bucket.url}/a", b"one", new=True)
    with pytest.raises(FileExistsError):
        bucket.store.write(f"{bucket.url}/a", b"two", new=True)
    assert bucket.contents() == {"a": b"one"}


def test_a_store_without_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pipeline.stores.gcs", None)
    options.use(("--no_auth", "--job_name=without"))
    with pytest.raises(NothingDone, match=r"pip install 'inkbeam\[gcp\]'"):
        store_of("gs://box/a")
    options.use(())


def test_options_of_beam() -> None:
    options.check(["--s3_endpoint_url=http://127.0.0.1:1", "--s3_region_name", "here", "--no_auth", "--s3_disable_ssl"])
    for wrong in (["--s3_endpoint=x"], ["s3_endpoint_url=x"], ["--s3_endpoint_url"]):
        with pytest.raises(UsageError, match="after --: "):
            options.check(wrong)
