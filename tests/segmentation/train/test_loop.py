import io
from typing import Any

import numpy as np
import pytest
import torch

from segmentation.learned import DnnNetwork, find_maps
from segmentation.train import export, loop
from segmentation.train.export import ExportFailed, to_onnx
from segmentation.train.loop import Facts, Progress, Recipe, Trainer
from segmentation.train.network import LineFinder
from tests.segmentation.train.test_patches import page

RECIPE = Recipe(minutes=1.0, patches=1)


class Clock:
    """Time that goes on by ten seconds a look, so that trainings have a known number of steps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 10
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "time", Clock())


class Kept:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self.content = b""

    def read(self, identity: Facts) -> Facts | None:
        if not self.content:
            return None
        state: Facts = torch.load(io.BytesIO(self.content), weights_only=True)
        assert state.pop("identity") == identity
        return state

    def write(self, identity: Facts, state: Facts) -> None:
        buffer = io.BytesIO()
        torch.save({**state, "identity": identity}, buffer)
        self.content = buffer.getvalue()


def killed_after(steps: int) -> Any:
    def follow(progress: Progress) -> None:
        if progress.step == steps:
            raise KeyboardInterrupt

    return follow


def test_a_killed_training_goes_on_to_the_same_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(Trainer, "_done", lambda self: self.progress.step / 5)
    whole = Trainer(RECIPE, [page()], Kept()).run()
    kept = Kept()
    with pytest.raises(KeyboardInterrupt):
        Trainer(RECIPE, [page()], kept, killed_after(3)).run()
    resumed = Trainer(RECIPE, [page()], kept)
    again = resumed.run()
    assert resumed.progress.step == 5
    assert all(torch.equal(value, again[name]) for name, value in whole.items())


def test_the_file_says_what_the_network_says_at_every_size() -> None:
    torch.manual_seed(1)
    network = LineFinder().eval()
    by_opencv = DnnNetwork(to_onnx(network.state_dict()))
    ink = np.random.default_rng(1).random((96, 160), np.float32)
    with torch.inference_mode():
        said = network(torch.from_numpy(ink)[None, None])[0].numpy()
    assert np.allclose(by_opencv.logits(ink), said, atol=1e-3)
    assert find_maps(np.full((10, 3000), 200, np.uint8), by_opencv) is None


def test_a_file_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CLOSE", -1.0)
    with pytest.raises(ExportFailed, match=r"cv2\.dnn differs from torch"):
        to_onnx(LineFinder().state_dict())
