"""Both stores keep the contract of storages."""

from functools import partial

import pytest

from pipeline.storage import Storage, open_storage
from tests.pipeline.storage_contract import ODD_NAMES, StorageContract
from tests.pipeline.stores.conftest import Bucket


class TestStores(StorageContract):
    odd_names = tuple(name for name in ODD_NAMES if "\n" not in name)  # moto's addresses have no such character

    @pytest.fixture
    def storage(self, bucket: Bucket) -> Storage:
        return open_storage(f"{bucket.url}/out")


def test_a_root_with_a_slash_and_pattern_characters(bucket: Bucket) -> None:
    bucket.put("scans1/other", b"")
    storage = open_storage(f"{bucket.url}/scans[1]/")
    storage.write("own", b"x")
    assert [entry.name for entry in storage.list()] == ["own"]


def test_a_listing_of_several_pages(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    if bucket.scheme == "gs":
        pytest.skip("the emulator lists everything on one page")
    names = [f"a/{k}" for k in range(5)]
    for name in names:
        bucket.put(name, b"")
    raw = bucket.raw
    monkeypatch.setattr(raw, "list_objects_v2", partial(raw.list_objects_v2, MaxKeys=2))
    bucket.faults.asked.clear()
    assert bucket.names() == names
    assert len(bucket.faults.asked) == 3


def test_each_operation_is_one_request(bucket: Bucket) -> None:
    storage = open_storage(bucket.url)
    for do in (lambda: storage.write("a", b"x"), lambda: storage.read("a"), lambda: next(storage.list("a"))):
        bucket.faults.asked.clear()
        do()
        assert len(bucket.faults.asked) == 1
