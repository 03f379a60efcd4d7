"""Pages decoded with language models of two made-up languages, from posteriors that are drawn."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.alphabet import Alphabet
from recognizer.bundle import Bundle, BundleError, save_with
from recognizer.decode.decoder import Decoder, NoSuchLanguage
from recognizer.decode.decoding import FILE, PART, Decoding
from recognizer.decode.fit import FitLine, fit, logistic
from recognizer.decode.words import others, shares, votes
from recognizer.lm.automaton import Automaton, compile_ngrams
from recognizer.lm.estimate import estimate
from recognizer.lm.store import pack
from recognizer.lm.symbols import Symbols

LETTERS = "abcdefgh "
ALPHABET = Alphabet(LETTERS)
ONE = ["bad cab", "a bad bed", "a cab bed", "bed cab a bad"]
OTHER = ["hegh ghe", "fegh ehg", "ghe fegh", "ehg hegh ghe"]


def model(lines: Sequence[str]) -> Automaton:
    return compile_ngrams(estimate(list(lines) * 20, Symbols(LETTERS), 4, (0,)))


MODELS = {"one": model(ONE), "two": model(OTHER)}


def posteriors(text: str, sure: float = 0.9, misread: dict[int, str] | None = None) -> Any:
    """Two frames a character, the second a blank; a misread character is a little likelier than the true one."""
    rows = np.full((2 * len(text), len(ALPHABET)), (1 - sure) / len(ALPHABET))
    for place, character in enumerate(text):
        (true,) = ALPHABET.encode(character)
        rows[2 * place, true] += sure
        rows[2 * place + 1, 0] += sure
        for wrong in ALPHABET.encode((misread or {}).get(place, "")):
            rows[2 * place, wrong] += 1.1 * sure
    return np.log(rows / rows.sum(1, keepdims=True)).astype(np.float16)


def decoder(models: dict[str, Automaton] | None = None, decoding: Decoding | None = None) -> Decoder:
    return Decoder(ALPHABET, MODELS if models is None else models, 1.0, decoding)


@pytest.mark.parametrize(("lines", "language"), [(ONE, "one"), (OTHER, "two")])
def test_a_page_is_read_with_the_model_that_fits(lines: list[str], language: str) -> None:
    page = decoder().page([posteriors(line) for line in lines])
    assert page.language == language
    assert [reading.text for reading in page.readings] == lines


def test_a_page_in_another_language_is_read_without_a_model() -> None:
    strange = ["fdca fdca", "dfac cdaf afdc"]
    page = decoder().page([posteriors(line) for line in strange])
    assert page.language is None
    assert [reading.text for reading in page.readings] == strange
    assert page == decoder({}).page([posteriors(line) for line in strange])


def test_the_model_mends_what_the_network_misreads_and_keeps_it_as_an_alternative() -> None:
    lines = [*ONE, "a bad cab"]
    page = decoder().page([*map(posteriors, ONE), posteriors("a bad cab", misread={3: "e"})])
    greedy = decoder().page([posteriors(line, misread={3: "e"}) for line in lines[-1:]], "none")
    assert greedy.readings[0].text == "a bed cab"
    assert page.readings[-1].text == "a bad cab"
    word = page.readings[-1].words[1]
    assert word.others[0][0] == "bed"
    assert 0 < word.others[0][1] <= 1 - word.confidence + 1e-6
    assert word.confidence < page.readings[-1].words[2].confidence


def test_words_lie_where_their_letters_are_said() -> None:
    (reading,) = decoder().page([posteriors("a bad bed", misread={4: "f"})], "one").readings
    assert [word.text for word in reading.words] == ["a", "bad", "bed"]
    for word, first in zip(reading.words, (0, 2, 6), strict=True):
        assert word.start <= 2 * first + 0.5
        assert word.end >= 2 * (first + len(word.text)) - 2
    assert all(a.end <= b.start for a, b in zip(reading.words, reading.words[1:], strict=False))


def test_a_line_s_reading_depends_on_its_page_s_language_alone() -> None:
    lines = [posteriors(line) for line in ONE]
    whole = decoder().page(lines).readings
    assert [decoder().page([line], "one").readings[0] for line in lines] == list(whole)


def test_a_language_without_a_model_is_refused() -> None:
    with pytest.raises(NoSuchLanguage, match="the bundle has one, two, auto, none"):
        decoder().page([posteriors("a")], "three")


@pytest.mark.parametrize("lines", [[], [np.zeros((0, len(ALPHABET)), np.float16)]])
def test_empty_pages_and_lines_have_no_language(lines: list[Any]) -> None:
    page = decoder().page(lines)
    assert page.language is None
    assert all(reading.text == "" for reading in page.readings)


def test_a_bundle_brings_its_models_and_its_decoding(tmp_path: Path) -> None:
    plain = Bundle.load("default")
    assert Decoder.of(plain, 1.0).languages == plain.languages
    ngrams = estimate(ONE * 5, Symbols(LETTERS), 3, (0,))
    bundle = save_with(tmp_path, plain, "lm/xyz", "xyz.lm", pack(ngrams), {})
    bundle = save_with(tmp_path, bundle, PART, FILE, Decoding(weight=0.25).dumps(), {})
    made = Decoder.of(bundle, 1.0)
    assert "xyz" in made.languages
    assert made.decoding == Decoding(weight=0.25)
    for name, file in (("lm/xyz", "xyz.lm"), (PART, FILE)):
        damaged = save_with(tmp_path / f"damaged {file}", bundle, name, file, b"{}", {})
        with pytest.raises(BundleError, match="copy the bundle again"):
            Decoder.of(damaged, 1.0)


def test_votes_are_for_words_in_the_same_place() -> None:
    found = votes(
        [["a", "bad", "day"], ["a", "bed", "day"], ["bad", "day"], ["a", "bad", "old", "day"]], (0.4, 0.3, 0.2, 0.1)
    )
    assert found[0] == pytest.approx({"a": 0.8})
    assert found[1] == pytest.approx({"bad": 0.7, "bed": 0.3})
    assert found[2] == pytest.approx({"day": 1.0})
    ((other, probability),) = others(found[1], "bad", 0.2, 4)
    assert other == "bed"
    assert probability == pytest.approx(0.2)
    assert others(found[0], "a", 0.1, 4) == ()


@given(st.lists(st.floats(-500, 100), min_size=1, max_size=16), st.floats(0.5, 5))
def test_shares_sum_to_one_and_keep_the_order(scores: list[float], spread: float) -> None:
    found = shares(scores, spread)
    assert found.sum() == pytest.approx(1)
    assert (np.diff(found[np.argsort(scores)]) >= 0).all()


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 30))
def test_confidence_is_a_probability_that_rises_with_both(share: float, chance: float, letters: int) -> None:
    decoding = Decoding(calibration=(0.3, 0.5, 2.0))
    sure = decoding.confidence(share, chance, letters)
    assert 0 < sure < 1
    assert sure <= decoding.confidence(min(1, share + 0.1), chance, letters)
    assert sure <= decoding.confidence(share, min(1, chance + 0.1), letters)


def test_logistic_regression_finds_the_odds() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=4000)
    right = rng.random(4000) < 1 / (1 + np.exp(-(0.5 + 2 * x)))
    weights, loss = logistic(np.column_stack([np.ones(4000), x]), right)
    assert weights == pytest.approx([0.5, 2.0], abs=0.2)
    assert 0 < loss < np.log(2)


def test_what_is_fitted_reads_better_and_knows_how_well() -> None:
    rng = np.random.default_rng(2)
    lines = []
    for number in range(240):
        text = " ".join(rng.choice(["a", "bad", "bed", "cab", "dab", "ace", "fed"], 3))
        place = int(rng.integers(len(text)))
        misread = {place: str(rng.choice(list("abcdef")))} if rng.random() < 0.7 else None
        lines.append(FitLine(posteriors(text, rng.uniform(0.2, 0.9), misread), text, f"page {number // 8}"))
    found = fit(ALPHABET, {"one": MODELS["one"]}, lines, 1.0)
    assert found.weight > 0
    assert json.loads(found.dumps())["weight"] == found.weight
    assert Decoding.loads(found.dumps()) == found
    read = decoder({"one": MODELS["one"]}, found).page([line.posteriors for line in lines], "one").readings
    plain = decoder({}).page([line.posteriors for line in lines]).readings
    right = [sum(reading.text == line.text for reading, line in zip(way, lines, strict=True)) for way in (read, plain)]
    assert right[0] >= right[1]
    words = [
        (word.confidence, word.text == true)
        for reading, line in zip(read, lines, strict=True)
        if len(reading.words) == len(line.text.split())
        for word, true in zip(reading.words, line.text.split(), strict=True)
    ]
    assert np.mean([sure for sure, _ in words]) == pytest.approx(np.mean([good for _, good in words]), abs=0.08)
