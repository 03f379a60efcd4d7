from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from recognizer.alphabet import Alphabet
from recognizer.architectures import build
from recognizer.errors import TrainingError
from recognizer.infer import Reader
from recognizer.samples import Sample
from recognizer.train import checkpoint, loop
from recognizer.train.data import Batch
from recognizer.train.history import Record
from recognizer.train.loop import Trainer
from recognizer.train.recipe import Recipe
from tests.recognizer.drawn import line

TEXTS = ("ab", "ba", "bb", "a")
ALPHABET = Alphabet("ab")
SAMPLES = tuple(Sample(text, line(text, room=16), text, text, "drawn", "print", "eng", "", "train") for text in TEXTS)
FEW = Recipe(steps=4, processes=1, warm_up=2, plain=1, columns=100)


def never(_: Mapping[str, torch.Tensor]) -> tuple[float, float]:
    return 1.0, 1.0


def trainer(
    folder: Path, recipe: Recipe = FEW, samples: tuple[Sample, ...] = SAMPLES, alphabet: Alphabet = ALPHABET
) -> Trainer:
    torch.manual_seed(recipe.seed)
    folder.mkdir(exist_ok=True)
    return Trainer(0, recipe, build("small", len(alphabet)), alphabet, samples, folder, never)


def equal(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_four_lines_are_learned_by_heart(tmp_path: Path) -> None:
    recipe = Recipe(steps=120, processes=1, rate=4e-3, warm_up=10, plain=10**6, decay=0.9, judgings=1)
    network = build("small", len(ALPHABET)).with_weights(trainer(tmp_path, recipe).run())
    reader = Reader(network, ALPHABET, "fp32")
    assert tuple(reader.texts([sample.image for sample in SAMPLES])) == TEXTS


class Killed(Exception):
    """What a kill looks like from inside."""


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Train with a checkpoint after every step, and be killed before the given one."""
    run_step = Trainer._step

    def stop(self: Trainer, batch: Batch) -> None:
        if self.progress.step == step:
            raise Killed
        run_step(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", -1)
        patch.setattr(Trainer, "_step", stop)
        with pytest.raises(Killed):
            trainer(folder).run()


@pytest.mark.parametrize("step", [1, 3])
def test_a_resumed_training_ends_as_one_that_was_never_killed(
    step: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    through = trainer(tmp_path / "no checkpoint").run()
    killed_at(step, monkeypatch, tmp_path)
    resumed = trainer(tmp_path)
    resumed.resume()
    assert resumed.progress.step == step
    assert equal(resumed.run(), through)


def test_a_finished_training_is_not_gone_on_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", -1)
    weights = trainer(tmp_path).run()
    again = trainer(tmp_path)
    again.resume()
    assert equal(again.run(), weights)
    assert again.progress.step == 4


def test_the_same_training_gives_the_same_bits(tmp_path: Path) -> None:
    assert equal(trainer(tmp_path).run(), trainer(tmp_path).run())


@pytest.mark.parametrize(
    ("recipe", "samples", "alphabet", "differs"),
    [
        (replace(FEW, steps=5), SAMPLES, ALPHABET, "steps"),
        (replace(FEW, rate=1), SAMPLES, ALPHABET, "rate"),
        (replace(FEW, seed=2), SAMPLES, ALPHABET, "seed, start"),
        (FEW, SAMPLES[:3], ALPHABET, "data"),
        (FEW, SAMPLES, Alphabet("abc"), "alphabet, start"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    recipe: Recipe,
    samples: tuple[Sample, ...],
    alphabet: Alphabet,
    differs: str,
) -> None:
    killed_at(1, monkeypatch, tmp_path)
    other = trainer(tmp_path, recipe, samples, alphabet)
    with pytest.raises(
        TrainingError, match=rf"checkpoint\.pt is of another training \(other {differs}\); give the same"
    ):
        other.resume()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / checkpoint.NAME).write_bytes(content)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt: no checkpoint that can be read; remove it"):
        trainer(tmp_path).resume()


def test_a_checkpoint_that_does_not_say_whose_it_is_is_refused(tmp_path: Path) -> None:
    torch.save({"progress": {}}, tmp_path / checkpoint.NAME)
    with pytest.raises(TrainingError, match="is of another training"):
        trainer(tmp_path).resume()


def test_checkpoints_are_removed_once_or_never_were(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, {"a": 1}, {"step": 2})
    assert checkpoint.read(tmp_path, {"a": 1}) == {"identity": {"a": 1}, "step": 2}
    checkpoint.remove(tmp_path)
    checkpoint.remove(tmp_path)
    assert checkpoint.read(tmp_path, {"a": 1}) is None
    assert list(tmp_path.iterdir()) == []


def test_too_few_lines_are_said_instead_of_waiting_forever(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="1 lines do not fill one batch; give more lines, or --processes 1"):
        trainer(tmp_path, replace(FEW, processes=2), SAMPLES[:1]).run()
    with pytest.raises(TrainingError, match="0 lines do not fill one batch"):
        trainer(tmp_path, samples=()).run()


def test_the_weights_that_read_best_are_kept_and_training_ends_when_none_are_better(tmp_path: Path) -> None:
    recipe = replace(FEW, steps=8, judgings=8, patience=3)
    told: list[Record] = []
    seen: list[Mapping[str, torch.Tensor]] = []

    def judge(weights: Mapping[str, torch.Tensor]) -> tuple[float, float]:
        seen.append({name: value.clone() for name, value in weights.items()})
        return (0.5 if len(seen) == 2 else 0.9), 1.0

    taught = trainer(tmp_path, recipe)
    taught.judge, taught.follow = judge, told.append
    assert equal(taught.run(), seen[1])
    assert taught.progress.step == 7
    assert [record.cer for record in told] == [0.9, 0.5, 0.9, 0.9, 0.9, 0.9, 0.9]


def test_frozen_convolutions_stay_and_the_rest_learns(tmp_path: Path) -> None:
    taught = trainer(tmp_path, replace(FEW, freeze_cnn=True))
    before = {name: value.clone() for name, value in taught.network.state_dict().items()}
    after = taught.run()
    same = {name for name, value in before.items() if torch.equal(value, after[name])}
    assert {name for name in before if name.startswith("convolutions")} <= same
    assert not {name for name in before if name.startswith(("recurrent", "head"))} & same


def test_a_record_is_told_every_so_many_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "STEPS_A_RECORD", 2)
    told: list[Record] = []
    taught = trainer(tmp_path, replace(FEW, judgings=0))
    taught.follow = told.append
    taught.run()
    assert [(record.step, record.cer) for record in told] == [(2, None), (4, None)]
    assert told[1].lines > told[0].lines > 0


def test_what_is_kept_is_never_worse_than_the_beginning(tmp_path: Path) -> None:
    taught = trainer(tmp_path, replace(FEW, judge_first=True))
    cers = iter([0.2, *[0.3] * 9])
    taught.judge = lambda _: (next(cers), 1.0)
    before = {name: value.clone() for name, value in taught.network.state_dict().items()}
    assert equal(taught.run(), before)
    assert taught.progress.judged > 1
