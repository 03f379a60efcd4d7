import json

import numpy as np

from recognizer.bundle import SHIPPED
from recognizer.samples import LineData, Sample
from recognizer.train.card import known_sources, machine, made_from


def sample(dataset: str) -> Sample:
    return Sample(dataset, np.zeros((8, 8), np.uint8), "a", "a", dataset, "print", "fra", "", "train")


def test_a_card_says_what_was_trained_on_and_what_was_left_out() -> None:
    facts = made_from(LineData((sample("ours"), sample("art"), sample("art")), {"empty text": ("x", "y")}))
    assert facts["train_lines"] == {"art": 2, "ours": 1}
    assert list(facts["sources"]) == ["art"]
    assert facts["sources"]["art"]["licence"] == "CC BY 4.0"
    assert facts["left_out"] == {"empty text": 2}


def test_lines_drawn_in_the_letters_of_a_source_name_it() -> None:
    known = known_sources(["drawn-art", "drawn-fonts", "art"])
    assert list(known) == ["art", "drawn-art"]
    assert known["art"] == known["drawn-art"]


def test_every_known_source_has_a_licence() -> None:
    names = json.loads((SHIPPED / "sources.json").read_text(encoding="utf-8"))
    assert all(source["licence"] and source["source"] for source in known_sources(names).values())


def test_a_machine_is_told_in_one_line() -> None:
    assert "one process of one thread" in machine(1)
    assert "2 processes of one thread" in machine(2)
    assert "\n" not in machine(1)
