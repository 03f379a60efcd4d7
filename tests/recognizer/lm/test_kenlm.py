"""Our language models beside KenLM (Heafield 2011), whose scores are kept in kenlm/scores.json.

To make them anew: `python -m tests.recognizer.lm.test_kenlm`, then `python tests/recognizer/lm/kenlm/score.py`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from recognizer.lm.arpa import read_arpa, write_arpa
from recognizer.lm.automaton import compile_ngrams
from recognizer.lm.estimate import Ngrams, estimate
from recognizer.lm.symbols import Symbols

HERE = Path(__file__).parent / "kenlm"
LICENCE = (Path(__file__).parents[3] / "LICENSE").read_text(encoding="utf-8").splitlines()
LEARNED = [line.strip() for line in LICENCE[:90] if line.strip()]
ASKED = [line.strip() for line in LICENCE[90:] if line.strip()][::4]


def model() -> Ngrams:
    return estimate(LEARNED, Symbols(sorted(set("".join(LEARNED)))), 4, (0, 0, 0, 1))


def strange_lines() -> list[str]:
    """Lines of characters at random, some of which the model does not know."""
    rng = np.random.default_rng(1)
    characters = [*sorted(set("".join(LEARNED))), "é", "☃"]
    return ["".join(rng.choice(characters, length)).strip() for length in range(1, 40, 2)]


SCORES: dict[str, float] = json.loads((HERE / "scores.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", ["the file that KenLM read", "the same text, estimated"])
def test_lines_have_kenlm_s_scores(source: str) -> None:
    ngrams = read_arpa(HERE / "model.arpa") if source.startswith("the file") else model()
    ours = compile_ngrams(ngrams)
    assert len(SCORES) >= 40
    for text, score in SCORES.items():
        assert ours.score(text) / np.log(10) == pytest.approx(score, abs=1e-4)


def test_known_and_strange_lines_are_asked() -> None:
    assert set(SCORES) == {"", *ASKED, *strange_lines()}


if __name__ == "__main__":
    write_arpa(model(), HERE / "model.arpa")
    (HERE / "scores.json").write_text(json.dumps(["", *ASKED, *strange_lines()]), encoding="utf-8")
