"""How large activations get: what int8 needs to know of a network beside its weights.

A part of the bundle, `int8/reader` or `int8/lines`, that belongs to the part of that name and goes with it: JSON, the
name of a layer -> what hardly any of its activations exceeds on lines or pages that the network learned from.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import inf
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import nn

from recognizer.bundle import COPY, MANIFEST, RANGES, Bundle, BundleError, save_with

Ranges = Mapping[str, float]
NONE: Final[Ranges] = MappingProxyType({})
LEAST: Final = 0.01  # of a layer that is silent


def load_ranges(bundle: Bundle, part: str) -> Ranges:
    """The ranges of a part's network; raises BundleError where it has none or they are damaged."""
    name = RANGES + part
    if name not in bundle.parts:
        raise BundleError(
            f"{bundle.folder / MANIFEST}: no part {name!r}, so no int8; choose bf16 or fp32, or train the bundle on"
        )
    try:
        found = json.loads(bundle.part(name))
        return {str(layer): _range(layer, high) for layer, high in found.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise BundleError(f"{bundle.path(name)}: no ranges of activations ({error}); {COPY}") from error


def _range(layer: str, high: Any) -> float:
    if not isinstance(high, (int, float)) or isinstance(high, bool) or not 0 < high < inf:
        raise ValueError(f"{layer!r}: {high!r}")
    return float(high)


def save_ranges(bundle: Bundle, part: str, ranges: Ranges, facts: Mapping[str, Any]) -> Bundle:
    """The bundle, where it lies, with the ranges of a part's network; `facts` of them go into the card."""
    content = json.dumps({layer: round(high, 4) for layer, high in ranges.items()}, indent=1) + "\n"
    return save_with(bundle.folder, bundle, RANGES + part, f"int8-{part}.json", content.encode(), facts)


@contextmanager
def watched(layers: Mapping[str, nn.Module], share: float) -> Iterator[dict[str, float]]:
    """The ranges that fill while the layers' network runs: the largest over all runs of what that share is below."""
    found = dict.fromkeys(layers, LEAST)

    def watch(name: str, output: torch.Tensor) -> None:
        values = output.detach().flatten().float()
        found[name] = max(found[name], float(values.kthvalue(max(1, round(share * len(values)))).values))

    hooks = [
        layer.register_forward_hook(lambda _layer, _input, output, name=name: watch(name, output))
        for name, layer in layers.items()
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
