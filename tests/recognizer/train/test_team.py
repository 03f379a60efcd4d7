import pytest
import torch
from torch import distributed, nn

from recognizer.train import team
from recognizer.train.recipe import Recipe


def test_alone_nothing_is_shared() -> None:
    network = nn.Linear(2, 1)
    with team.team(1, work):
        network(torch.ones(1, 2)).sum().backward()
        before = network.weight.grad
        team.average_gradients(network)
        assert network.weight.grad is before
        assert team.agreed(3.5, torch.device("cpu")) == 3.5
    assert not distributed.is_initialized()


def gradients(rank: int) -> nn.Linear:
    """A layer whose gradient is twice the rank, and which has another that none was computed for."""
    layer = nn.Linear(2, 1)
    layer.bias.requires_grad_(False)
    (layer(torch.full((1, 2), 2.0 * rank))).sum().backward()
    return layer


def work(rank: int, address: str) -> None:
    team.join(rank, 2, address)
    team.average_gradients(gradients(rank))
    team.agreed(-1.0, torch.device("cpu"))
    team.leave()


def test_two_average_their_gradients_and_agree_with_the_first() -> None:
    with team.team(2, work):
        layer = gradients(0)
        team.average_gradients(layer)
        assert layer.weight.grad is not None
        assert layer.weight.grad.tolist() == [[1.0, 1.0]]
        assert team.agreed(0.25, torch.device("cpu")) == 0.25
    assert not distributed.is_initialized()


def test_gpus_take_a_process_and_larger_batches_each(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(steps=1, processes=2, columns=100)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert team.fitted(recipe) == Recipe(steps=1, processes=3, columns=800)
    assert team.device_of(1) == torch.device("cuda", 1)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert team.fitted(recipe) == recipe
    assert team.device_of(1) == torch.device("cpu")
