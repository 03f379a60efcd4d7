"""Weights of a network's convolutions from its ONNX file, for others than cv2.dnn, which does not give them away.

Read by the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding) and the few fields of onnx.proto3
that they need, so that nothing but training depends on the package of that name.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

GRAPH: Final = 7  # of a model
NODE, INITIALIZER = 1, 5  # of a graph
INPUT, OPERATOR = 1, 4  # of a node
SHAPE, TYPE, NAME, CONTENT = 1, 2, 8, 9  # of a tensor
FLOAT: Final = 1
VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5  # how values are written
CONVOLUTIONS: Final = (b"Conv", b"ConvTranspose")

Floats = npt.NDArray[np.float32]


def convolutions(content: bytes) -> list[tuple[Floats, Floats]]:
    """Weight and bias of each convolution in the order in which they run, transposed ones too, as torch shapes them.

    Raises ValueError when the file is no ONNX, or damaged, or a convolution has no such weights.
    """
    found = []
    try:
        (graph,) = _all(content, GRAPH)
        tensors = dict(map(_tensor, _all(graph, INITIALIZER)))
        for node in _all(graph, NODE):
            if _all(node, OPERATOR)[0] in CONVOLUTIONS:
                _, weight, bias = _all(node, INPUT)
                found.append((tensors[weight], tensors[bias]))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no ONNX file with weights of convolutions ({error})") from error
    return found


def _tensor(message: bytes) -> tuple[bytes, Floats]:
    """Name and values; those that are not float32 are no weights and stay empty."""
    if _all(message, TYPE) != [FLOAT]:
        return _all(message, NAME)[0], np.zeros(0, np.float32)
    values = np.frombuffer(_all(message, CONTENT)[0], "<f4").astype(np.float32)
    return _all(message, NAME)[0], values.reshape(list(_numbers(_all(message, SHAPE))))


def _numbers(values: list[Any]) -> Iterator[int]:
    """Numbers, whether they were written one by one or packed."""
    for value in values:
        if isinstance(value, int):
            yield value
            continue
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            yield number


def _all(message: bytes, wanted: int) -> list[Any]:
    """All values of a field: numbers, or bytes."""
    return [value for field, value in _fields(message) if field == wanted]


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, kind = key >> 3, key & 7
        if kind == VARINT:
            number, at = _varint(message, at)
            yield field, number
            continue
        if kind == BYTES:
            length, at = _varint(message, at)
        else:
            length = {FIXED_64: 8, FIXED_32: 4}[kind]
        if at + length > len(message):
            raise ValueError("it ends too early")
        yield field, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the low ones first, and where it ends."""
    number = shift = 0
    while True:
        byte = message[at]
        number, shift, at = number | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return number, at
