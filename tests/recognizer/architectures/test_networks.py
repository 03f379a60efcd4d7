import pytest
import torch

from recognizer.architectures import ARCHITECTURES, architecture, build
from recognizer.errors import RecognizerError


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_networks_keep_to_their_interface(name: str) -> None:
    torch.manual_seed(1)
    network = build(name, 11)
    images = torch.rand(3, 1, network.height, 90)
    widths = torch.tensor([90, 41, 16])
    trained, shortcut = network(images, widths)
    assert trained.shape == shortcut.shape == (int(network.frames(widths).max()), 3, 11)
    with torch.no_grad():
        read, nothing = network.eval()(images, widths)
    assert nothing is None
    assert read.dtype == torch.float32
    torch.testing.assert_close(read.exp().sum(-1), torch.ones(read.shape[:2]))


def test_small_is_small() -> None:
    assert sum(parameter.numel() for parameter in build("small", 124).parameters()) < 2_100_000


def test_weights_come_in_any_precision_and_must_all_be_there() -> None:
    torch.manual_seed(1)
    half = {name: value.half() for name, value in build("small", 5).state_dict().items()}
    network = build("small", 5).with_weights(half)
    assert all(value.dtype == torch.float32 for value in network.parameters())
    with pytest.raises(RuntimeError):
        build("small", 6).with_weights(half)


def test_frames_are_rounded_up() -> None:
    assert architecture("small").frames(torch.tensor([1, 4, 5, 16])).tolist() == [1, 1, 2, 4]


def test_an_unknown_architecture_is_named_with_those_there_are() -> None:
    with pytest.raises(RecognizerError, match="unknown architecture 'huge'; there are: small"):
        architecture("huge")
