"""People correct lines of an OUT in a bucket, as in a folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.corrections.table import compact
from pipeline.storage import Storage, open_storage
from tests.pipeline.corrections.served import Served, add, said, served
from tests.pipeline.stores.conftest import Bucket


@pytest.fixture
def storage(bucket: Bucket, tmp_path: Path) -> Storage:
    """Two documents of two lines each, whose scans lie on this machine."""
    made = open_storage(f"{bucket.url}/out")
    for name in "ab":
        add(made, tmp_path, name, [0.1, 0.3])
    return made


@pytest.fixture
def page(storage: Storage) -> Iterator[Served]:
    with served(storage, "Anna") as running:
        yield running


def save(page: Served, text: str) -> tuple[int, Any]:
    """Correct the line that comes next."""
    line = page.ask("next", window="one", beside=[])[1]["line"]
    return page.ask("save", id=line["id"], before=line["text"], seen=None, verdict="corrected", text=text)


def test_what_is_called_saved_is_in_the_bucket(page: Served, storage: Storage, bucket: Bucket) -> None:
    for text in ("one", "two", "three"):
        status, answer = save(page, text)
        assert (status, answer["said"]["text"]) == (200, text)
    assert [each.text for name in "ab" for each in said(storage, name)] == ["one", "three", "two"]
    assert len(bucket.contents("out/corrections/")) == 3
    compact(storage)
    assert len(bucket.contents("out/corrections/")) == 2
    with served(storage) as again:
        assert again.ask("next", window="two", beside=[])[1]["line"]["id"] == "default/b-00000000/1/2"


def test_a_bucket_that_is_busy_is_tried_again_and_one_that_is_gone_is_said(
    page: Served, storage: Storage, bucket: Bucket
) -> None:
    bucket.faults.busy = 3
    assert save(page, "busy")[0] == 200
    assert bucket.faults.busy == 0
    line = page.ask("next", window="one", beside=[])[1]["line"]
    question = {"id": line["id"], "before": line["text"], "seen": None, "verdict": "corrected", "text": "gone"}
    bucket.faults.gone = True
    status, answer = page.ask("save", **question)
    assert status == 500
    assert f"{bucket.url} cannot be reached" in answer["error"]
    bucket.faults.gone = False
    assert page.ask("save", **question)[0] == 200
    assert sorted(each.text for name in "ab" for each in said(storage, name)) == ["busy", "gone"]
