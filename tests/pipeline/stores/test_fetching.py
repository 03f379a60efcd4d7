"""Copies of objects for libraries that want files."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline import fetching
from pipeline.failures import PageError, StoreLost
from pipeline.fetching import Copies, local_copy
from pipeline.store import failures_parquet, file_name, open_dataset
from tests.pipeline.stores.conftest import Bucket

CONTENT = b"content" * 100
HASH = sha256(CONTENT).hexdigest()


@pytest.fixture
def copies(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copies]:
    made = Copies(limit=3 * len(CONTENT))
    monkeypatch.setattr(fetching, "_copies", made)
    yield made
    made.clear()
    assert list(scratch.iterdir()) == []


def read(url: str, expected: str = HASH) -> bytes:
    with local_copy(url, expected) as path:
        return Path(path).read_bytes()


@pytest.mark.usefixtures("copies")
def test_all_pages_of_a_file_take_one_download(bucket: Bucket) -> None:
    url = bucket.put("a.pdf", CONTENT)
    bucket.faults.asked.clear()
    for _ in range(20):
        assert read(url) == CONTENT
    assert len(bucket.faults.asked) == 1
    assert read(url, "") == CONTENT  # whoever knows no hash gets what is there now
    assert len(bucket.faults.asked) == 2


def test_copies_take_a_bounded_place(bucket: Bucket, copies: Copies, scratch: Path) -> None:
    urls = [bucket.put(f"{k}.pdf", CONTENT) for k in range(5)]
    for url in urls:
        read(url)
    assert len(list(scratch.iterdir())) == 3
    copies.limit = 0
    with local_copy(urls[0], HASH) as first, local_copy(urls[1], HASH) as second:
        assert Path(first).read_bytes() == Path(second).read_bytes()
    assert len(list(scratch.iterdir())) == 1


@pytest.mark.usefixtures("copies")
def test_an_object_that_changed_is_told(bucket: Bucket) -> None:
    url = bucket.put("a.pdf", CONTENT)
    assert read(url) == CONTENT
    bucket.put("a.pdf", b"other")
    with pytest.raises(PageError, match="another than the one that was listed") as caught:
        read(url, sha256(b"before").hexdigest())
    assert caught.value.kind == "changed"
    assert read(url, "") == b"other"


@pytest.mark.usefixtures("copies")
def test_an_object_or_a_bucket_that_is_gone(bucket: Bucket) -> None:
    with pytest.raises(FileNotFoundError):
        read(f"{bucket.url}/none.pdf")
    with pytest.raises(StoreLost, match="bucket"):
        read(f"{bucket.scheme}://nothing-of-this-name/none.pdf")


def test_what_is_local_or_on_the_web() -> None:
    with local_copy("/a/b", HASH) as path:
        assert path == "/a/b"
    with pytest.raises(PageError, match="lies on the web"):
        read("https://example.org/a.png")


def test_a_dataset_in_a_bucket(bucket: Bucket) -> None:
    for name in ("a", "b"):
        bucket.put(file_name("failures", "letters", name), failures_parquet(name, []))
    table = open_dataset(bucket.url, "failures").to_table(columns=["document_id", "collection"])
    assert table.num_rows == 0
    assert table.column_names == ["document_id", "collection"]
