import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from recognizer import int8
from recognizer.architectures import ARCHITECTURES, build
from recognizer.arithmetic import supported
from recognizer.infer import fold_norms
from recognizer.int8 import Codes, Convolution, Pool, Residual, Scale, activations, in_int8, works
from recognizer.ranges import watched

needs_int8 = pytest.mark.skipif(not supported("int8"), reason="this processor lacks int8")
SIGNED, POSITIVE = Scale.over(-0.5, 1.5), Scale.over(0, 2.0)


@pytest.fixture(autouse=True)
def _without_gradients() -> Iterator[None]:
    torch.manual_seed(1)
    with torch.no_grad():
        yield


def convolution(inputs: int, outputs: int, stride: int = 1, dilation: int = 1, rows: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, (rows * dilation, dilation), dilation)


def maps(channels: int, low: float = 0.0, high: float = 2.0) -> torch.Tensor:
    values = low + (high - low) * torch.rand(2, channels, 13, 22)
    return values.contiguous(memory_format=torch.channels_last)


def values(codes: torch.Tensor, scale: Scale) -> torch.Tensor:
    return scale.step * (codes.float() - scale.zero)


def test_values_within_a_scale_lose_half_a_step_at_most() -> None:
    given = torch.linspace(-0.5, 1.5, 1000)
    again = values(SIGNED.codes(given), SIGNED)
    assert float((again - given).abs().max()) <= 0.51 * SIGNED.step
    assert SIGNED.codes(torch.tensor([-9.0, 0.0, 9.0])).tolist() == [0, SIGNED.zero, 255]
    assert values(SIGNED.codes(torch.zeros(1)), SIGNED) == 0


def test_positive_values_have_their_zero_at_the_code_0() -> None:
    assert POSITIVE.zero == 0
    assert POSITIVE.codes(torch.tensor([0.0, 2.0, 0.5])).tolist() == [0, 255, 64]


@needs_int8
@pytest.mark.parametrize("layer", [convolution(5, 8), convolution(5, 8, stride=2), convolution(5, 8, 1, 2, 0)])
def test_a_convolution_in_int8_is_one_of_floats_but_for_rounding(layer: nn.Conv2d) -> None:
    given = maps(5, -0.5, 1.5)
    exact = layer(given)
    gives = Scale.over(0, float(exact.max()))
    codes = SIGNED.codes(given)
    said = Convolution(layer, SIGNED, gives)(codes)
    assert said.dtype == torch.uint8
    assert float((values(said, gives) - exact.relu()).abs().max()) < 3 * gives.step
    plain = Convolution(layer, SIGNED, relu=False)(codes)
    assert plain.dtype == torch.float32
    assert float((plain - exact).abs().max()) < 3 * gives.step
    assert float(plain.min()) < 0


@needs_int8
def test_paper_around_a_map_is_zero_whatever_its_code() -> None:
    layer = convolution(1, 4)
    paper = SIGNED.codes(torch.zeros(1, 1, 8, 8))
    said = Convolution(layer, SIGNED, relu=False)(paper)
    torch.testing.assert_close(said, layer(torch.zeros(1, 1, 8, 8)), atol=1e-5, rtol=0)


@needs_int8
def test_a_channel_without_weights_says_its_bias() -> None:
    layer = convolution(3, 2)
    layer.weight[1] = 0
    said = Convolution(layer, POSITIVE, relu=False)(POSITIVE.codes(maps(3)))
    torch.testing.assert_close(said[:, 1], layer(maps(3))[:, 1], atol=1e-5, rtol=0)


@needs_int8
def test_a_residual_block_adds_what_it_is_handed() -> None:
    layers, given = [convolution(6, 6), convolution(6, 6)], maps(6)
    inner = layers[0](given).relu()
    exact = (given + layers[1](inner)).relu()
    between, gives = Scale.over(0, float(inner.max())), Scale.over(0, float(exact.max()))
    block = Residual(Convolution(layers[0], POSITIVE, between), Convolution(layers[1], between, gives))
    said = values(block(POSITIVE.codes(given)), gives)
    assert float((said - exact).abs().max()) < 3 * gives.step


@pytest.mark.parametrize(
    "layer", [nn.MaxPool2d(2, ceil_mode=True), nn.MaxPool2d((2, 1)), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(2, 1, 0, 2)]
)
def test_codes_are_pooled_as_values_are(layer: nn.MaxPool2d) -> None:
    codes = POSITIVE.codes(maps(4))
    assert torch.equal(Pool(layer)(codes).float(), layer(codes.float()))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_measured_is_what_every_convolution_but_the_last_gives(name: str) -> None:
    network = build(name, 5).eval()
    fold_norms(network)
    layers = activations(network.convolutions)
    assert layers is not None
    convolutions = [each for each, layer in network.convolutions.named_modules() if isinstance(layer, nn.Conv2d)]
    assert list(layers) == convolutions[:-1]
    assert all(isinstance(layer, nn.ReLU) for layer in layers.values())


@needs_int8
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_convolutions_of_every_architecture_say_in_int8_what_they_say(name: str) -> None:
    network = build(name, 5).eval()
    fold_norms(network)
    images = 1.4 * torch.rand(2, 1, network.height, 64) - 0.2
    layers = activations(network.convolutions)
    assert layers is not None
    with watched(layers, 1.0) as ranges:
        exact = network.convolutions(images)
    said = in_int8(network.convolutions, ranges, Scale.over(-0.2, 1.2))(images)
    assert said.dtype == torch.float32
    assert float((said - exact).abs().mean()) < 0.05 * float(exact.max())


class Skipping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(convolution(4, 4), nn.ReLU())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        both: torch.Tensor = images + self.inner(images)
        return both


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [nn.ReLU()],
        [convolution(4, 4)],
        [convolution(4, 4), nn.GELU()],
        [convolution(4, 4), nn.BatchNorm2d(4), nn.ReLU()],
        [convolution(4, 4), nn.ReLU(), nn.MaxPool2d(2)],
        [nn.MultiheadAttention(4, 2), convolution(4, 4), nn.ReLU()],
        [Skipping(), convolution(4, 4), nn.ReLU()],
    ],
)
def test_other_networks_have_no_int8(layers: list[nn.Module]) -> None:
    assert activations(nn.Sequential(*layers)) is None
    assert activations(nn.Sequential(nn.Sequential(*layers))) is None


def test_a_convolution_without_a_range_is_named() -> None:
    stack = nn.Sequential(convolution(1, 2), nn.ReLU(), convolution(2, 2), nn.ReLU())
    with pytest.raises(KeyError, match="0"):
        in_int8(stack, {"2": 1.0}, SIGNED)


@needs_int8
def test_floats_come_in_and_go_out() -> None:
    stack = nn.Sequential(convolution(1, 2), nn.Identity(), nn.ReLU(), nn.MaxPool2d(2), convolution(2, 2), nn.ReLU())
    made = in_int8(stack, {"0": 2.0}, SIGNED)
    assert [type(layer) for layer in made] == [Codes, Convolution, Pool, Convolution]
    assert made(maps(1)).dtype == torch.float32


@needs_int8
def test_int8_works_here_and_another_process_says_so() -> None:
    assert works()
    root = Path(int8.__file__).parents[1]
    assert subprocess.run([sys.executable, "-m", "recognizer.int8"], cwd=root, check=False).returncode == 0


def overflowing(*_: object) -> torch.Tensor:
    return torch.full((1, 16, 9, 9), 255, dtype=torch.uint8)


def missing(_: Convolution, codes: torch.Tensor) -> torch.Tensor:
    operator: Any = torch.ops.onednn.no_such_operator
    return torch.as_tensor(operator(codes))


def of_another_signature(_: Convolution, codes: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(torch.ops.onednn.qconv2d_pointwise(codes))


@pytest.mark.parametrize("forward", [overflowing, missing, of_another_signature])
def test_operators_that_are_missing_or_wrong_are_found_out(forward: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Convolution, "forward", forward)
    assert not works.__wrapped__()


def test_a_look_at_the_operators_leaves_random_numbers_as_they_were() -> None:
    before = torch.random.get_rng_state()
    works.__wrapped__()
    assert torch.equal(torch.random.get_rng_state(), before)
