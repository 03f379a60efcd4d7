import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizer.lm.arpa import BadArpa, read_arpa, write_arpa
from recognizer.lm.automaton import Automaton, compile_ngrams
from recognizer.lm.estimate import FALLBACK, Ngrams, discounts, estimate
from recognizer.lm.store import BadModel, pack, unpack
from recognizer.lm.symbols import BEGIN, END, UNKNOWN, Symbols

LETTERS = Symbols("ab c")
LINES = ["abba", "a cab", "bacca", "abc abc", "ab", "cab a"]
texts = st.text("abc ", min_size=1, max_size=12)


def sums(automaton: Automaton) -> list[float]:
    """Of each state, the sum of the probabilities of all symbols."""
    ids = range(len(automaton.symbols))
    return [
        sum(math.exp(automaton.step(state, symbol)[0]) for symbol in ids)
        for state in range(len(automaton.backoff_state))
    ]


def test_symbols_are_numbered_after_the_model_s_own() -> None:
    assert LETTERS.ids("ca b?").tolist() == [6, 3, 5, 4, UNKNOWN]
    assert LETTERS.stream(["a", "b"]).tolist() == [BEGIN, 3, END, BEGIN, 4, END]
    assert LETTERS.bits == 3
    for wrong in ("aa", ["ab"]):
        with pytest.raises(ValueError, match="distinct symbols"):
            Symbols(wrong)


@given(st.lists(texts, min_size=1, max_size=20), st.integers(1, 4), st.integers(0, 2))
@settings(deadline=None)
def test_probabilities_of_all_symbols_sum_to_one_after_every_context(lines: list[str], order: int, least: int) -> None:
    automaton = compile_ngrams(estimate(lines, LETTERS, order, (0, 0, least)))
    assert sums(automaton) == pytest.approx([1] * len(automaton.backoff_state), abs=1e-5)


def test_a_model_of_order_1_is_the_letters_shares() -> None:
    unigrams = estimate(["aab"] * 50, Symbols("ab"), order=1)
    probability = np.exp(unigrams.orders[0].log_probability)
    assert probability[3:] == pytest.approx([0.5, 0.25], abs=0.01)
    assert probability[END] == pytest.approx(0.25, abs=0.01)
    assert probability[BEGIN] == pytest.approx(0)


def test_bigrams_by_hand() -> None:
    """One line "ab" ten times: every bigram is seen ten times, follows one symbol, and D3+ is the fallback's 1.5."""
    model = compile_ngrams(estimate(["ab"] * 10, Symbols("ab"), order=2))
    # Unigrams are counted by what stands before them, once each: discount 0.5, and 1.5 / 3 over four symbols.
    unigram = (1 - 0.5) / 3 + (1.5 / 3) / 4
    after_a = (10 - 1.5) / 10 + 0.15 * unigram
    state = model.step(model.start, 3)[1]
    assert math.exp(model.step(state, 4)[0]) == pytest.approx(after_a)
    assert math.exp(model.step(state, 3)[0]) == pytest.approx(0.15 * unigram)


def test_discounts_by_the_formula_and_the_fallback() -> None:
    counts = np.array([1] * 40 + [2] * 15 + [3] * 8 + [4] * 5 + [9] * 30)
    share = 40 / 70
    expected = (1 - 2 * share * 15 / 40, 2 - 3 * share * 8 / 15, 3 - 4 * share * 5 / 8)
    assert discounts(counts) == pytest.approx(expected)
    assert discounts(np.array([1, 2, 3])) == FALLBACK
    assert discounts(np.array([1] * 10 + [2] + [3] * 5 + [4])) == FALLBACK  # D2 would be below 0


def test_pruning_leaves_rare_n_grams_out_and_keeps_beginnings_and_ends() -> None:
    whole, pruned = (estimate(LINES * 3 + ["cc bb"], LETTERS, 4, prune) for prune in ((0,), (0, 0, 1, 1)))
    assert len(pruned.orders[2].keys) < len(whole.orders[2].keys)
    for length, (shorter, longer) in enumerate(pairwise(pruned.orders), 1):
        assert np.isin(longer.keys >> 3, shorter.keys).all()
        assert np.isin(longer.keys & ((1 << (3 * length)) - 1), shorter.keys).all()


def test_what_was_read_makes_the_likelier_text() -> None:
    model = compile_ngrams(estimate(LINES * 5, LETTERS, 3, (0,)))
    assert model.score("abba") > model.score("abab") > model.score("bbbb")
    assert model.bits_a_character(["abba"]) < model.bits_a_character(["bbbb"])
    assert model.score("ab?") < model.score("abc") - 2


def test_a_state_knows_no_more_than_the_order_says() -> None:
    model = compile_ngrams(estimate(LINES * 5, LETTERS, 3, (0,)))

    def after(text: str) -> int:
        state = model.start
        for symbol in model.symbols.ids(text).tolist():
            state = model.step(state, symbol)[1]
        return state

    assert after("abba") == after("cabba") == after("ba")


@pytest.mark.parametrize(
    ("lines", "order", "prune", "message"),
    [
        ([], 2, (0,), "needs text"),
        ([""], 2, (0,), "needs text"),
        (["a"], 40, (0,), "too many for order 40"),
        (["a"], 3, (0, 2, 1), "fall with the order"),
    ],
)
def test_what_cannot_be_estimated(lines: list[str], order: int, prune: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate(lines, LETTERS, order, prune)


def arpa(tmp_path: Path, ngrams: Ngrams) -> Path:
    write_arpa(ngrams, tmp_path / "model.arpa")
    return tmp_path / "model.arpa"


def test_an_arpa_file_says_the_same(tmp_path: Path) -> None:
    ngrams = estimate([line.replace("c", "\u00e9") for line in LINES], Symbols("ab \u00e9\u00ad"), 3)
    path = arpa(tmp_path, ngrams)
    text = path.read_text(encoding="utf-8")
    assert "U+0020" in text
    assert "U+00AD" in text
    assert text.startswith("\\data\\\nngram 1=8\n")
    again = compile_ngrams(read_arpa(path))
    for line in ("abba", "a \u00e9ab", "", "zz"):
        assert again.score(line) == pytest.approx(compile_ngrams(ngrams).score(line), abs=1e-5)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[:200],
        lambda text: text.replace("\\data\\", "\\date\\"),
        lambda text: text.replace("ngram 2=", "ngram 2=9"),
        lambda text: text.replace("\ta\t", "\talpha\t"),
        lambda text: text.replace("\\2-grams:", "\\2-gram:"),
        lambda text: text.replace("\tb a\t", "\tz a\t"),
    ],
)
def test_another_file_is_no_arpa_file(tmp_path: Path, damage: object) -> None:
    path = arpa(tmp_path, estimate(LINES, LETTERS, 3))
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(BadArpa, match=r"model\.arpa"):
        read_arpa(path)


def test_n_grams_without_their_shorter_ones_are_no_model(tmp_path: Path) -> None:
    path = arpa(tmp_path, estimate(LINES, LETTERS, 3))
    (row,) = (line for line in path.read_text(encoding="utf-8").splitlines() if line.partition("\t")[2][:4] == "b a\t")
    fewer = re.sub(r"ngram 2=(\d+)", lambda found: f"ngram 2={int(found[1]) - 1}", path.read_text(encoding="utf-8"))
    path.write_text(fewer.replace(row + "\n", ""), encoding="utf-8")
    with pytest.raises(BadArpa, match=r"model\.arpa: the beginning or end of an n-gram of length 3 is none"):
        read_arpa(path)


def test_arcs_stand_in_order() -> None:
    model = compile_ngrams(estimate(LINES * 3, LETTERS, 4, (0, 0, 1)))
    assert model.first_arc[-1] == len(model.arc_symbol)
    for first, last in pairwise(model.first_arc.tolist()):
        assert (np.diff(model.arc_symbol[first:last]) > 0).all()


def test_the_working_form_says_nearly_the_same() -> None:
    rng = np.random.default_rng(1)
    lines = ["".join(rng.choice(list("ab c"), rng.integers(4, 30), p=(0.5, 0.2, 0.2, 0.1))) for _ in range(400)]
    ngrams = estimate(lines, LETTERS, 5)
    again = unpack(pack(ngrams))
    assert pack(ngrams) == pack(ngrams)
    assert again.symbols.characters == LETTERS.characters
    assert all((a.keys == b.keys).all() for a, b in zip(again.orders, ngrams.orders, strict=True))
    exact, coded = compile_ngrams(ngrams), compile_ngrams(again)
    assert coded.bits_a_character(lines) == pytest.approx(exact.bits_a_character(lines), rel=0.002)


@pytest.mark.parametrize("damage", [b"", b"no archive", 300], ids=["empty", "text", "cut"])
def test_another_file_is_no_model(damage: bytes | int) -> None:
    whole = pack(estimate(LINES, LETTERS, 3))
    with pytest.raises(BadModel, match="inkbeam lm"):
        unpack(whole[:damage] if isinstance(damage, int) else damage)
