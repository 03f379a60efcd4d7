"""Hits on lines that people corrected."""

import json

from pipeline.corrections import table
from pipeline.corrections.correction import Correction
from pipeline.index.update import update_index
from pipeline.search.command import Options, search
from pipeline.storage import LocalStorage
from pipeline.store import read_document
from tests.pipeline.search.made import identifier


def find(storage: LocalStorage, query: str) -> tuple[list[dict[str, object]], list[str]]:
    warnings: list[str] = []
    found = json.loads(search(Options(storage.root, query, as_json=True), warnings.append))
    return found["hits"], warnings


def correct(storage: LocalStorage, text: str, place: int = 0) -> None:
    document = read_document(storage, "default", identifier("letter"))
    table.save(storage, Correction.of(document, document.pages[0], place, "corrected", text, time=1.0))
    update_index(storage.root)


def test_corrected_text_is_found_shown_and_marked(storage: LocalStorage) -> None:
    correct(storage, "the prize of flour")
    ((hit,), warnings) = find(storage, "prize")
    assert (hit["text"], hit["snippet"], hit["probability"], hit["corrected"]) == (
        *("prize", "the prize of flour"),
        *(1.0, True),
    )
    assert warnings == []
    assert find(storage, "price") == ([], [])
    assert [each["corrected"] for each in find(storage, "farm")[0]] == [False]
    assert "line 1, corrected by hand\n     the [prize] of flour" in search(Options(storage.root, "prize"), print)


def test_a_hit_over_two_lines_is_a_persons_where_both_are(storage: LocalStorage) -> None:
    correct(storage, "on the popu-", 1)
    assert [each["corrected"] for each in find(storage, "population")[0]] == [False]
    correct(storage, "lation is low", 2)
    assert [each["corrected"] for each in find(storage, "population")[0]] == [True]


def test_damaged_corrections_are_warned_of_and_what_was_read_is_shown(storage: LocalStorage) -> None:
    correct(storage, "the prize of flour")
    (name,) = table.files(storage)["default", identifier("letter")]
    storage.write(name, b"damaged")
    ((hit,), (warning,)) = find(storage, "prize")
    assert (hit["snippet"], hit["corrected"]) == ("the price of flour", False)
    assert name in warning
