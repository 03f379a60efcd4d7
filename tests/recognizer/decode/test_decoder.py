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
from recognizer.decode.decoding import AUTO, FILE, PART, Decoding, evidence, more_evidence
from recognizer.decode.fit import FitLine, fit
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


def decoder(
    models: dict[str, Automaton] | None = None, decoding: Decoding | None = None, language: str = AUTO
) -> Decoder:
    return Decoder(ALPHABET, MODELS if models is None else models, 1.0, decoding, language)


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
    greedy = decoder(language="none").page([posteriors(line, misread={3: "e"}) for line in lines[-1:]])
    assert greedy.readings[0].text == "a bed cab"
    assert page.readings[-1].text == "a bad cab"
    word = page.readings[-1].words[1]
    assert word.others[0][0] == "bed"
    assert 0 < word.others[0][1] <= 1 - word.confidence + 1e-6
    assert word.confidence < page.readings[-1].words[2].confidence


def test_words_lie_where_their_letters_are_said() -> None:
    (reading,) = decoder(language="one").page([posteriors("a bad bed", misread={4: "f"})]).readings
    assert [word.text for word in reading.words] == ["a", "bad", "bed"]
    for word, first in zip(reading.words, (0, 2, 6), strict=True):
        assert word.start <= 2 * first + 0.5
        assert word.end >= 2 * (first + len(word.text)) - 2
    assert all(a.end <= b.start for a, b in zip(reading.words, reading.words[1:], strict=False))


def test_a_line_s_reading_depends_on_its_page_s_language_and_doubt_alone() -> None:
    lines = [posteriors(line) for line in ONE]
    whole = decoder().page(lines).readings
    assert decoder(language="one").page(lines).readings == whole
    twice = decoder(language="one").page([*lines, *reversed(lines)]).readings
    assert twice == (*whole, *reversed(whole))


def test_a_language_without_a_model_is_refused() -> None:
    with pytest.raises(NoSuchLanguage, match="the bundle has deu, eng, fra, auto, none"):
        Decoder.of(Bundle.load("default"), 1.0, "three")


@pytest.mark.parametrize(("language", "loaded"), [("none", ()), ("fra", ("fra",)), ("auto", ("deu", "eng", "fra"))])
def test_only_the_models_that_are_needed_are_loaded(language: str, loaded: tuple[str, ...]) -> None:
    assert Decoder.of(Bundle.load("default"), 1.0, language).languages == loaded


@pytest.mark.parametrize("lines", [[], [np.zeros((0, len(ALPHABET)), np.float16)]])
def test_empty_pages_and_lines_have_no_language(lines: list[Any]) -> None:
    page = decoder().page(lines)
    assert page.language is None
    assert all(reading.text == "" for reading in page.readings)


def test_a_bundle_brings_its_models_and_its_decoding(tmp_path: Path) -> None:
    plain = Bundle.load("default")
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


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 30), st.floats(0, 5), st.floats(0, 300))
def test_confidence_is_a_probability_that_rises_with_what_speaks_for_a_word(
    share: float, chance: float, letters: int, doubted: float, cost: float
) -> None:
    decoding = Decoding(calibration=(0.3, 0.5, 2.0, -1.0, 0.1, 0.5, -0.1))

    def sure(share: float, chance: float, cost: float) -> float:
        return decoding.confidence(evidence(chance, letters, doubted) + more_evidence(share, cost))

    told = sure(share, chance, cost)
    assert 0 <= told <= 1
    assert told <= sure(min(1, share + 0.1), chance, cost)
    assert told <= sure(share, min(1, chance + 0.1), cost)
    assert told >= sure(share, chance, cost + 1)


def test_without_a_model_the_network_alone_tells() -> None:
    decoding = Decoding(alone=(0.0, 1.0, 0.0, 0.0, 0.0))
    assert decoding.confidence(evidence(0.5, 3, 0.1)) == pytest.approx(1 / 3)


@given(st.floats(0, 10))
def test_the_model_counts_the_more_the_more_the_network_doubts(doubted: float) -> None:
    decoding = Decoding(weight=0.8, half=0.2)
    assert 0 <= decoding.weight_in(doubted) <= decoding.weight_in(doubted + 0.1) < 0.8
    assert decoding.weight_in(0.2) == pytest.approx(0.4)


def test_the_expected_cer_is_a_share() -> None:
    decoding = Decoding(wrong=(0.8, 1.5))
    assert [decoding.expected_cer(unsure) for unsure in (0.0, 0.25, 1.0)] == pytest.approx([0.0, 0.1, 0.8])
    assert Decoding(wrong=(3.0, 1.0)).expected_cer(0.9) == 1.0


def test_too_few_lines_change_nothing() -> None:
    known = Decoding(temperature=1.3, weight=0.7)
    lines = [FitLine(posteriors(text), text, text) for text in ONE]
    assert fit(ALPHABET, MODELS, lines, 1.0, known) == known
    assert fit(ALPHABET, MODELS, [], 1.0, known) == known


def test_what_is_fitted_reads_better_and_knows_how_well() -> None:
    rng = np.random.default_rng(2)
    lines = []
    for number in range(640):
        text = " ".join(rng.choice(["a", "bad", "bed", "cab", "dab", "ace", "fed"], 3))
        place = int(rng.integers(len(text)))
        misread = {place: str(rng.choice(list("abcdef")))} if rng.random() < 0.7 else None
        lines.append(FitLine(posteriors(text, rng.uniform(0.2, 0.9), misread), text, f"page {number // 8}"))
    found = fit(ALPHABET, {"one": MODELS["one"]}, lines, 1.0, Decoding())
    assert found.weight > 0
    assert json.loads(found.dumps())["weight"] == found.weight
    assert Decoding.loads(found.dumps()) == found
    read = decoder({"one": MODELS["one"]}, found, "one").page([line.posteriors for line in lines]).readings
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
