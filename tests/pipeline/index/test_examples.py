"""The index as other programs open it: the queries of SCHEMA.md, and readers of whole folders."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.index.update import update_index
from pipeline.schema import EXAMPLES
from pipeline.storage import LocalStorage
from tests.pipeline.index.made import document, output


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    eleve = ("Élève,", 0.75, (("Elevé,", 0.125),))
    other = ("Elena", 0.5, (("Éleve", 0.25),))
    made = output(tmp_path, document("a", [[eleve, "words", "words"], [other, "and", "more", "words"]]))
    update_index(made.root)
    return made


def test_the_example_queries_answer(storage: LocalStorage) -> None:
    answers = [duckdb.sql(query.replace("OUT", storage.root)).fetchall() for query in EXAMPLES.values()]
    places, frequent, perhaps = answers
    assert [(row[3], row[4]) for row in places] == [("Élève,", 0.875), ("Éleve", 0.25)]
    assert frequent == [("words", 3), ("elena", 1), ("eleve", 1), ("more", 1)]
    assert perhaps == [("a-00000000", 1, "Elena and more words", "Éleve", 0.25)]


def test_the_folder_of_words_opens_as_one_table(storage: LocalStorage) -> None:
    found = pq.read_table(Path(storage.root) / "words", filters=[("token", "==", "eleve")])
    assert found["text"].to_pylist() == ["Élève,", "Éleve"]
