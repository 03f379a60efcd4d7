"""Where a training stands, on disk: written often, taken up only by the training that wrote it."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from recognizer.errors import TrainingError

NAME = "checkpoint.pt"
IDENTITY = "identity"
UNREADABLE = (  # what torch raises for files that are not its own, or not whole
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)


def write(folder: Path, identity: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write the state beside its place and rename; `identity` says which training it is of."""
    new = folder / f"{NAME}.new"
    torch.save({IDENTITY: dict(identity), **state}, new)
    new.replace(folder / NAME)


def read(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """The state that was written there, None where there is none.

    Raises TrainingError when it is unreadable or of a training with another identity; the message names what differs.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        state = dict(torch.load(path, map_location="cpu", weights_only=True))
    except UNREADABLE as error:
        raise TrainingError(f"{path}: no checkpoint that can be read; remove it to start anew") from error
    written = state.get(IDENTITY, {})
    differing = [name for name in sorted({*written, *identity}) if written.get(name) != identity.get(name)]
    if differing:
        raise TrainingError(
            f"{path} is of another training (other {', '.join(differing)}); "
            "give the same options to go on with it, another --output, or remove it to start anew"
        )
    return state


def remove(folder: Path) -> None:
    """Remove the checkpoint, if there is one, once the training is done."""
    (folder / NAME).unlink(missing_ok=True)
