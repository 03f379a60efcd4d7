"""Networks behind one interface, `network.Network`, by their names."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from recognizer.architectures.base import Base
from recognizer.architectures.network import Network
from recognizer.architectures.quick import Quick
from recognizer.architectures.seed import Seed
from recognizer.architectures.small import Small
from recognizer.errors import RecognizerError

ARCHITECTURES: Final[Mapping[str, type[Network]]] = MappingProxyType(
    {"seed": Seed, "quick": Quick, "small": Small, "base": Base}
)


def architecture(name: str) -> type[Network]:
    """The network's class; raises RecognizerError for an unknown name."""
    if name not in ARCHITECTURES:
        raise RecognizerError(f"unknown architecture {name!r}; there are: {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name]


def build(name: str, symbols: int) -> Network:
    """A new network with random weights; raises RecognizerError for an unknown name."""
    return architecture(name)(symbols)
