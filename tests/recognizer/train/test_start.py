from pathlib import Path

import pytest
import torch

from recognizer.alphabet import Alphabet
from recognizer.architectures import build
from recognizer.bundle import Bundle, BundleError, save
from recognizer.errors import RecognizerError, TrainingError
from recognizer.infer import Reader
from recognizer.policy import TextPolicy
from recognizer.train.start import Start
from tests.recognizer.drawn import line, random_network

AB = Alphabet("ab")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    weights = random_network(AB).state_dict()
    return save(tmp_path / "bundle", "small", AB, weights, {}, TextPolicy.named("diplomatic"))


def test_nothing_chosen_is_small_and_folded() -> None:
    start = Start.chosen(None, None, None, 1)
    assert (start.architecture, start.policy.name, start.habits()) == ("small", "folded", {})
    assert start.alphabet(["ab"] * 5).symbols == ("a", "b")


def test_the_seed_of_random_weights_is_kept() -> None:
    one, same, other = (Start.chosen(None, None, None, seed).network(AB).state_dict() for seed in (1, 1, 2))
    assert torch.equal(one["heads.0.weight"], same["heads.0.weight"])
    assert not torch.equal(one["heads.0.weight"], other["heads.0.weight"])


def test_an_architecture_brings_its_own_ways() -> None:
    assert Start.chosen(None, "seed", None, 1).habits()["schedule"] == "plateau"
    with pytest.raises(RecognizerError, match="unknown architecture 'huge'"):
        Start.chosen(None, "huge", None, 1).habits()


def test_a_bundle_gives_architecture_policy_and_alphabet(bundle: Bundle) -> None:
    start = Start.chosen(bundle, None, None, 1)
    assert (start.architecture, start.policy.name) == ("small", "diplomatic")
    assert start.habits()["rate"] == 1e-3
    assert Start.chosen(bundle, "small", "folded", 1).policy.name == "folded"
    with pytest.raises(TrainingError, match="is of the architecture small; leave --architecture or --from out"):
        Start.chosen(bundle, "base", None, 1)


def test_new_characters_extend_the_network_and_the_old_are_read_as_before(bundle: Bundle) -> None:
    start = Start.chosen(bundle, None, None, 1)
    alphabet = start.alphabet(["zb"] * 5)
    assert alphabet.symbols == ("a", "b", "z")
    before = Reader.of(bundle, "fp32").posteriors([line("abba")])[0].astype(float)
    after = Reader(start.network(alphabet), alphabet, "fp32").posteriors([line("abba")])[0].astype(float)
    assert after.shape == (len(before), 4)
    odds = after[:, :3] - after[:, :1]
    assert abs(odds - (before - before[:, :1])).max() < 0.02


def test_weights_of_another_shape_are_refused() -> None:
    weights = build("small", 5).state_dict()
    with pytest.raises(RuntimeError):
        build("small", 9).with_more_symbols(weights, 4)
    with pytest.raises(RuntimeError):
        build("small", 9).with_more_symbols(weights | {"more": torch.zeros(1)}, 5)


def test_a_bundle_whose_weights_are_of_another_network_is_named(tmp_path: Path) -> None:
    strange = save(tmp_path / "strange", "base", AB, build("small", 3).state_dict(), {})
    with pytest.raises(BundleError, match=r"bundle\.json: the reader is not a 'base'.*update Inkbeam"):
        Start.chosen(strange, None, None, 1).network(AB)
