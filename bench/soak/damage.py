"""The ways in which the soak's corrupt inputs are damaged."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

Doing = Callable[[bytes, Random], bytes]


@dataclass(frozen=True)
class Damage:
    """How a file of a kind is damaged: from its bytes, others."""

    suffix: str
    do: Doing


def damaged(whole: bytes, name: str, random: Random) -> bytes:
    """The file with the damage of this name."""
    return DAMAGES[name].do(whole, random)


def _nothing(whole: bytes, random: Random) -> bytes:  # noqa: ARG001
    return b""


def _cut(whole: bytes, random: Random) -> bytes:
    return whole[: int(len(whole) * random.uniform(0.1, 0.9))]


def _noise(whole: bytes, random: Random) -> bytes:
    return random.randbytes(len(whole))


def _flipped(whole: bytes, random: Random) -> bytes:
    """Twenty bits turned, wherever they are."""
    content = bytearray(whole)
    for _ in range(20):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return bytes(content)


def _zeros(whole: bytes, random: Random) -> bytes:
    """A hole, as a broken copy leaves it."""
    begin = random.randrange(len(whole) // 2)
    length = len(whole) // 4
    return whole[:begin] + bytes(length) + whole[begin + length :]


def _text(whole: bytes, random: Random) -> bytes:  # noqa: ARG001
    return f"scan {random.random()} is to be made again".encode()


def _locked(whole: bytes, random: Random) -> bytes:
    """With a password."""
    import pikepdf

    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        pdf.save(buffer, encryption=pikepdf.Encryption(owner=f"{random.random()}", user="secret"))
    return buffer.getvalue()


def _bomb(whole: bytes, random: Random) -> bytes:
    """A PNG whose header promises far more pixels than are allowed."""
    header = b"IHDR" + struct.pack(">II", 30_000, random.randint(20_000, 30_000)) + whole[24:29]
    return whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]


DAMAGES: Final[Mapping[str, Damage]] = {
    "empty": Damage(".jpg", _nothing),
    "cut-jpeg": Damage(".jpg", _cut),
    "cut-png": Damage(".png", _cut),
    "cut-tiff": Damage(".tif", _cut),
    "cut-pdf": Damage(".pdf", _cut),
    "noise": Damage(".png", _noise),
    "flipped-jpeg": Damage(".jpg", _flipped),
    "flipped-png": Damage(".png", _flipped),
    "flipped-tiff": Damage(".tif", _flipped),
    "flipped-pdf": Damage(".pdf", _flipped),
    "hole-jpeg": Damage(".jpg", _zeros),
    "hole-pdf": Damage(".pdf", _zeros),
    "text": Damage(".tif", _text),
    "locked": Damage(".pdf", _locked),
    "bomb": Damage(".png", _bomb),
}
