"""What a training begins with: a new network, or the one of a bundle, with symbols added for characters it lacks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import torch

from recognizer.alphabet import Alphabet
from recognizer.architectures import architecture, build
from recognizer.architectures.network import Network
from recognizer.bundle import Bundle
from recognizer.errors import TrainingError
from recognizer.policy import FOLDED, TextPolicy

FINE_TUNING: Final[Mapping[str, Any]] = MappingProxyType({"rate": 1e-3, "warm_up": 50, "plain": 0, "judge_first": True})


@dataclass(frozen=True)
class Start:
    """A network's name, the policy of its texts, the seed of its random weights, and the bundle it comes from."""

    architecture: str
    policy: TextPolicy
    seed: int
    bundle: Bundle | None = None

    @classmethod
    def chosen(cls, bundle: Bundle | None, name: str | None, policy: str | None, seed: int) -> "Start":
        """What the user chose, or what the bundle has, or `small` and `folded`.

        Raises PolicyError, and TrainingError when the bundle is of another architecture than the one asked for.
        """
        if bundle and name not in (None, bundle.architecture):
            raise TrainingError(
                f"{bundle.folder} is of the architecture {bundle.architecture}; leave --architecture or --from out"
            )
        own = bundle.text_policy if bundle else FOLDED
        return cls(
            bundle.architecture if bundle else name or "small",
            TextPolicy.named(policy) if policy else own,
            seed,
            bundle,
        )

    def habits(self) -> dict[str, Any]:
        """What differs from the recipe's defaults: the architecture's own ways, and a gentler rate after a bundle."""
        own = dict(architecture(self.architecture).recipe)
        return own | dict(FINE_TUNING) if self.bundle else own

    def alphabet(self, texts: Iterable[str]) -> Alphabet:
        """The bundle's symbols and those of the texts that it lacks; without a bundle those of the texts."""
        return self.bundle.alphabet.extended(texts) if self.bundle else Alphabet.of(texts)

    def network(self, alphabet: Alphabet) -> Network:
        """The network to train, the same in every process. Raises RecognizerError, BundleError."""
        torch.manual_seed(self.seed)
        network = build(self.architecture, len(alphabet))
        if self.bundle is None:
            return network
        weights = self.bundle.weights()
        try:
            return network.with_more_symbols(weights, len(self.bundle.alphabet))
        except RuntimeError as error:
            raise self.bundle.unfit() from error
