"""A dataset indexed by the builder, and searched."""

import json

import pytest

from pipeline import cli
from pipeline.failures import ExitCode
from pipeline.index.update import update_index
from pipeline.storage import LocalStorage


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("farm", ["farm"]),
        ("FARM*", ["farm", "farmer"]),
        ("farms~", ["farm"]),
        ("population", ["population"]),
        ('"the population is"', ["the population is"]),
        ("price NEAR/2 flour", ["price flour"]),
        ("the NOT farm", ["the", "the"]),
        ("lation", []),
    ],
)
def test_words_are_found_through_the_index(
    storage: LocalStorage, capsys: pytest.CaptureFixture[str], query: str, texts: list[str]
) -> None:
    update_index(storage.root)
    cli.main(["search", storage.root, query, "--json"])
    hits = json.loads(capsys.readouterr().out)["hits"]
    assert sorted(hit["text"] for hit in hits) == sorted(texts)
    for hit in hits:
        words = hit["snippet"].replace("-\n", "").split()
        assert set(hit["text"].split()) <= set(words)


def test_without_an_index_the_way_to_one_is_said(storage: LocalStorage, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        cli.main(["search", storage.root, "farm"])
    assert exited.value.code == ExitCode.NOTHING_DONE
    assert "inkbeam index" in capsys.readouterr().err
