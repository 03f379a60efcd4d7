from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizer.alphabet import Alphabet
from recognizer.bundle import save
from recognizer.errors import TrainingError
from recognizer.infer import Reader
from recognizer.lines import normalise
from recognizer.train import checkpoint, loop
from recognizer.train.data import Sample
from recognizer.train.loop import Progress, Recipe, Trainer, pad
from tests.recognizer.drawn import line

TEXTS = ("ab", "ba", "bb", "a")
ALPHABET = Alphabet("ab")
SAMPLES = tuple(Sample(text, line(text, room=16), text, "drawn", "print", "eng") for text in TEXTS)
FEW = Recipe(1, processes=1, warm_up=2, plain=1, steps=4, columns=100)


def trainer(folder: Path, recipe: Recipe = FEW, samples: tuple[Sample, ...] = SAMPLES) -> Trainer:
    return Trainer(0, recipe, "small", ALPHABET, samples, folder)


def equal(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_four_lines_are_learned_by_heart(tmp_path: Path) -> None:
    recipe = Recipe(1, processes=1, rate=4e-3, warm_up=10, plain=10**6, steps=90, decay=0.9)
    taught = trainer(tmp_path, recipe)
    taught.run()
    network = taught.network.with_weights(taught.average)
    reader = Reader(network, ALPHABET, "fp32")
    assert tuple(reading.text for reading in reader.read([sample.image for sample in SAMPLES])) == TEXTS


class Killed(Exception):
    """What a kill looks like from inside."""


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Train with a checkpoint after every step, and be killed before the given one."""
    run_step = Trainer._step

    def stop(self: Trainer, group: list[int]) -> None:
        if self.progress.step == step:
            raise Killed
        run_step(self, group)

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
        (Recipe(1, processes=1, warm_up=2, plain=1, steps=5, columns=100), SAMPLES, ALPHABET, "steps"),
        (Recipe(1, processes=1, warm_up=2, plain=1, steps=4, columns=100, rate=1), SAMPLES, ALPHABET, "rate"),
        (FEW, SAMPLES[:3], ALPHABET, "lines"),
        (FEW, SAMPLES, Alphabet("abc"), "alphabet"),
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
    other = Trainer(0, recipe, "small", alphabet, samples, tmp_path)
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


def test_training_starts_from_a_bundle(tmp_path: Path) -> None:
    first = trainer(tmp_path).network.state_dict()
    bundle = save(tmp_path, "small", ALPHABET, first, {})
    begun = Trainer(0, Recipe(1, 1, seed=9), "small", ALPHABET, SAMPLES, tmp_path, bundle)
    rounded = {name: value.half().float() if value.is_floating_point() else value for name, value in first.items()}
    assert equal(begun.network.state_dict(), rounded)
    assert begun.identity["start"] == bundle.id


def test_too_few_lines_are_said_instead_of_waiting_forever(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="1 lines do not fill one batch; give more lines, or --processes 1"):
        trainer(tmp_path, Recipe(1, processes=2, steps=4), SAMPLES[:1])._epoch()
    with pytest.raises(TrainingError, match="0 lines do not fill one batch"):
        trainer(tmp_path, samples=()).run()


def test_progress_counts_steps_or_minutes() -> None:
    progress = Progress(step=5, seconds=90)
    assert progress.done(Recipe(3)) == 0.5
    assert progress.done(Recipe(3, steps=20)) == 0.25


def test_the_rate_warms_up_and_falls_to_the_end(tmp_path: Path) -> None:
    taught = trainer(tmp_path, Recipe(1, rate=1.0, warm_up=10, steps=100))
    rates = []
    for step in range(101):
        taught.progress.step = step
        rates.append(taught._rate())
    assert rates[0] == pytest.approx(0.1, rel=1e-3)
    assert max(rates) == rates[9]
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[50] == pytest.approx(0.5, rel=1e-3)
    assert rates[100] == pytest.approx(loop.LEAST_RATE)


def test_lines_are_padded_with_paper_to_eights() -> None:
    images = [normalise(line("ab")), normalise(line("a"))]
    batch, widths = pad(images, 56)
    assert batch.shape == (2, 1, 56, 56)
    assert widths.tolist() == [image.shape[1] for image in images] == [56, 36]
    np.testing.assert_array_equal(batch[1, 0, :, :36].numpy(), images[1])
    assert not batch[1, 0, :, 36:].any()
    assert pad([images[1]], 56)[0].shape == (1, 1, 56, 40)
