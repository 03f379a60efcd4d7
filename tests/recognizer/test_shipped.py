"""The bundles in the tree: each loads, reads, and says what it was made from."""

from difflib import SequenceMatcher

import pytest

from recognizer.bundle import MANIFEST, SHIPPED, Bundle
from recognizer.pages import PageReader
from recognizer.train.card import known_sources
from tests.recognizer.drawn import line

NAMES = sorted(path.parent.name for path in SHIPPED.glob(f"*/{MANIFEST}"))


def test_default_is_shipped() -> None:
    assert "default" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_bundle_reads(name: str) -> None:
    (page,) = PageReader.of(Bundle.load(name), "fp32").read([[line("THE HOUSE", room=24)]])
    (reading,) = page.readings
    assert SequenceMatcher(None, reading.text.casefold(), "the house").ratio() > 0.7


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_bundle_names_its_sources_and_their_licences(name: str) -> None:
    card = Bundle.load(name).card
    assert card["licence"].startswith("Apache-2.0")
    assert set(card["sources"]) == set(card["train_lines"]) == set(known_sources(card["train_lines"]))
