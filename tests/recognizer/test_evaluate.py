from pathlib import Path

import pytest

from recognizer import evaluate as module
from recognizer.bundle import Bundle, save
from recognizer.evaluate import evaluate
from recognizer.infer import Reader
from recognizer.train.data import Sample
from tests.recognizer.drawn import ALPHABET, line, random_network

SAMPLES = [
    Sample(text, line(text), text, "drawn", script, "eng") for text in ("ab", "cde") for script in ("print", "hand")
]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return save(tmp_path, "small", ALPHABET, random_network().state_dict(), {})


def test_rates_are_those_of_what_the_reader_reads(bundle: Bundle) -> None:
    rates = evaluate(bundle, SAMPLES, "fp32")
    reading = Reader.of(bundle, "fp32").read([SAMPLES[0].image])[0].text
    same = [Sample("x", SAMPLES[0].image, reading or "a", "drawn", "print", "eng")]
    assert set(rates) == {"all", "dataset:drawn", "script:print", "script:hand"}
    assert evaluate(bundle, same, "fp32")["all"] == (0.0 if reading else 1.0)


def test_rates_do_not_depend_on_how_many_lines_are_read_at_once(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = evaluate(bundle, SAMPLES, "fp32")
    monkeypatch.setattr(module, "LINES_AT_ONCE", 3)
    assert evaluate(bundle, SAMPLES, "fp32") == rates
