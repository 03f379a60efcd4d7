import pytest
import torch

from recognizer.architectures import ARCHITECTURES, architecture, build
from recognizer.architectures.quick import Quick
from recognizer.errors import RecognizerError


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_networks_keep_to_their_interface(name: str) -> None:
    torch.manual_seed(1)
    network = build(name, 11)
    images = torch.rand(3, 1, network.height, 90)
    widths = torch.tensor([90, 41, 16])
    trained, shortcut = network(images, widths)
    assert trained.shape == (int(network.frames(widths).max()), 3, 11)
    assert shortcut is None or shortcut.shape == trained.shape
    with torch.no_grad():
        read, nothing = network.eval()(images, widths)
    assert nothing is None
    assert read.dtype == torch.float32
    assert read.shape == trained.shape
    torch.testing.assert_close(read.exp().sum(-1), torch.ones(read.shape[:2]))


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("width", [16, 17, 24, 33, 100])
def test_frames_are_as_many_as_are_told(name: str, width: int) -> None:
    network = build(name, 3).eval()
    with torch.no_grad():
        read, _ = network(torch.rand(1, 1, network.height, width), torch.tensor([width]))
    assert len(read) == int(network.frames(torch.tensor([width])))
    assert 0 <= len(read) * network.stride - width < 8


@pytest.mark.parametrize(
    ("name", "millions"), [("seed", (9.1, 9.2)), ("quick", (2.6, 2.7)), ("small", (2.0, 2.1)), ("base", (6.0, 7.0))]
)
def test_sizes(name: str, millions: tuple[float, float]) -> None:
    count = sum(parameter.numel() for parameter in build(name, 124).parameters())
    assert millions[0] < count / 1e6 < millions[1]


def test_a_column_of_quick_speaks_for_two_frames_of_which_the_second_begins_as_blank() -> None:
    torch.manual_seed(1)
    quick = Quick(5).eval()
    with torch.no_grad():
        read, _ = quick(torch.rand(1, 1, 56, 64), torch.tensor([64]))
        states = quick.encoded(quick.convolutions(torch.rand(1, 1, 56, 64)).amax(2).permute(2, 0, 1), torch.tensor([8]))
    assert len(read) == 2 * len(states) == 16
    blank = read[:, 0, 0].exp()
    assert blank[1::2].min() > 0.9 > blank[::2].max()


def test_the_seed_is_the_published_one() -> None:
    assert sum(parameter.numel() for parameter in build("seed", 75).parameters()) == 9_139_147


def test_weights_come_in_any_precision_and_must_all_be_there() -> None:
    torch.manual_seed(1)
    half = {name: value.half() for name, value in build("small", 5).state_dict().items()}
    network = build("small", 5).with_weights(half)
    assert all(value.dtype == torch.float32 for value in network.parameters())
    with pytest.raises(RuntimeError):
        build("small", 6).with_weights(half)


def test_an_unknown_architecture_is_named_with_those_there_are() -> None:
    with pytest.raises(RecognizerError, match="unknown architecture 'huge'; there are: seed, quick, small, base"):
        architecture("huge")
