from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from recognizer.infer import fold_norms
from segmentation.onnx import convolutions
from segmentation.train.export import to_onnx
from segmentation.train.network import LineFinder

FINDER = Path(__file__).parents[2] / "recognizer" / "bundles" / "default" / "lines.onnx"


def test_weights_of_the_file_are_those_of_the_network() -> None:
    torch.manual_seed(1)
    network = LineFinder()
    network(torch.rand(2, 1, 64, 64))
    read = convolutions(to_onnx(network.state_dict()))
    fold_norms(network.eval())
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d))]
    assert len(read) == len(layers) == 18
    for layer, (weight, bias) in zip(layers, read, strict=True):
        assert weight.dtype == bias.dtype == np.float32
        assert layer.bias is not None
        np.testing.assert_allclose(weight, layer.weight.detach().numpy(), atol=1e-6)
        np.testing.assert_allclose(bias, layer.bias.detach().numpy(), atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x07", b"\x3a\xff\xff\xff", b"\xff" * 40, b"\x3b"])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no ONNX file with weights of convolutions"):
        convolutions(content)


@given(st.floats(0, 0.9999))
def test_a_file_that_was_cut_is_refused(share: float) -> None:
    content = FINDER.read_bytes()
    with pytest.raises(ValueError, match="no ONNX file"):
        convolutions(content[: int(share * len(content))])


def number(value: int) -> bytes:
    low = bytes([value & 127])
    return low if value < 128 else bytes([value & 127 | 128]) + number(value >> 7)


def field(name: int, content: bytes) -> bytes:
    return number(name << 3 | 2) + number(len(content)) + content


def tensor(name: bytes, shape: bytes, values: list[float], kind: int = 1) -> bytes:
    content = np.array(values, "<f4").tobytes()
    return field(5, shape + number(2 << 3) + number(kind) + field(8, name) + field(9, content))


def model(weight: bytes, bias: bytes) -> bytes:
    node = field(1, b"ink") + field(1, b"weight") + field(1, b"bias") + field(2, b"maps") + field(4, b"Conv")
    other = field(1, field(1, b"maps") + field(4, b"Relu"))
    fixed = number(9 << 3 | 5) + b"1234" + number(10 << 3 | 1) + b"12345678"
    return fixed + field(7, field(1, node) + other + weight + bias)


BIAS = tensor(b"bias", number(1 << 3) + number(1), [7.0])


@pytest.mark.parametrize(
    "shape",
    [b"".join(number(1 << 3) + number(side) for side in (1, 2, 1, 150)), field(1, bytes([1, 2, 1]) + number(150))],
)
def test_shapes_are_read_whether_packed_or_not(shape: bytes) -> None:
    ((weight, bias),) = convolutions(model(tensor(b"weight", shape, [float(k) for k in range(300)]), BIAS))
    assert weight.shape == (1, 2, 1, 150)
    assert weight.ravel().tolist() == list(range(300))
    assert bias.tolist() == [7.0]


def test_weights_that_are_missing_or_no_floats_are_no_weights() -> None:
    with pytest.raises(ValueError, match="weight"):
        convolutions(model(b"", BIAS))
    ((weight, _),) = convolutions(model(tensor(b"weight", b"", [1.0], kind=7), BIAS))
    assert not weight.size
