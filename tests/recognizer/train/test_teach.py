from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from recognizer.bundle import Bundle, save
from recognizer.errors import Refused
from recognizer.train import checkpoint
from recognizer.train.outcome import Check, Outcome
from recognizer.train.recipe import Recipe
from recognizer.train.teach import REFUSED, Taught, begin, mixed_in, publish, teaching
from tests.recognizer.drawn import ALPHABET, random_network
from tests.recognizer.evaluation.made import sample

RECIPE = Recipe(minutes=1, processes=1)


def test_lines_that_judge_do_not_choose() -> None:
    watched = teaching(RECIPE, [sample("ab")])
    assert (watched.keep, watched.judge_first) == ("last", True)
    assert watched.judgings > 0
    assert teaching(RECIPE, []) == replace(RECIPE, keep="last", judgings=0, judge_first=False)


def test_a_bundle_is_moved_whole_over_another(tmp_path: Path) -> None:
    weights = random_network().state_dict()
    save(tmp_path, "small", ALPHABET, weights, {"which": "old"})
    made = save(tmp_path / "candidate", "small", ALPHABET, random_network(seed=4).state_dict(), {"which": "new"})
    content = made.part("reader")
    placed = publish(made, tmp_path)
    assert placed.id == made.id == Bundle.load(tmp_path).id
    assert placed.part("reader") == content
    assert list((tmp_path / "candidate").iterdir()) == []


@pytest.mark.parametrize(("refused", "other", "kept"), [(True, False, True), (True, True, False), (False, True, True)])
def test_only_a_refused_training_of_other_lines_is_cleared_away(
    tmp_path: Path, refused: bool, other: bool, kept: bool
) -> None:
    lines = tmp_path / "lines.parquet"
    lines.write_bytes(b"lines")
    if refused:
        (tmp_path / REFUSED).write_text(sha256(b"lines").hexdigest(), encoding="ascii")
    (tmp_path / "round-1").mkdir()
    checkpoint.write(tmp_path, {"a": 1}, {"step": 2})
    if other:
        lines.write_bytes(b"other lines")
    begin(tmp_path, lines)
    assert (tmp_path / checkpoint.NAME).exists() == kept
    assert (tmp_path / "round-1").exists() == kept
    assert not (tmp_path / REFUSED).exists()


def test_what_is_said_in_the_end(tmp_path: Path) -> None:
    made = save(tmp_path, "small", ALPHABET, random_network().state_dict(), {})
    outcome = Outcome((Check("CER of val", 9, 0.1, 0.2, 0.02),), (), forced=False)
    assert f"bundle {made.id}" in Taught(outcome, made, tmp_path).told()
    with pytest.raises(Refused, match=r"CER of val: worse.*--force to have it all the same, without training again"):
        Taught(outcome, None, tmp_path).told()
    assert mixed_in(0) == "no old lines were mixed in"
    assert mixed_in(31_412) == "as many old lines were mixed in, drawn from 31,412"
