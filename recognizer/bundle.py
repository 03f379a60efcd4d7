"""The bundle: a folder that holds everything a recogniser needs.

`bundle.json` names the format version, the parts with their SHA-256, the alphabet, the text policy, the crop geometry, the
architecture and the model card; the hash of the file itself is the bundle's id. Parts are files beside it (or in a sibling
bundle, by a relative path). No file is executable code: weights are loaded weights-only.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recognizer.alphabet import Alphabet

FORMAT: Final = 1
MANIFEST: Final = "bundle.json"
READER: Final = "reader"
SHIPPED: Final = Path(__file__).parent / "bundles"
DEFAULT_CROP: Final[Mapping[str, float]] = {
    "height": 80,
    "margin": 8,
    "percentile": 85,
    "least_below": 0.2,
    "most_below": 1.0,
    "extend": 0.2,
}


class BundleError(Exception):
    """A bundle is missing, damaged or of another format; the message says which file and what to do."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was found and whose manifest was read; parts are read, and checked, on demand."""

    folder: Path
    id: str
    architecture: str
    alphabet: Alphabet
    text_policy: str
    crop: Mapping[str, float]
    parts: Mapping[str, Mapping[str, str]]
    card: Mapping[str, Any]

    @classmethod
    def load(cls, name: str | Path) -> "Bundle":
        """A folder, or the name of a shipped bundle (`default`). Raises BundleError."""
        folder = _find(name)
        try:
            content = (folder / MANIFEST).read_bytes()
            manifest = json.loads(content)
            if manifest["format"] != FORMAT:
                raise BundleError(
                    f"{folder / MANIFEST}: format {manifest['format']}, this Inkbeam reads {FORMAT}; update Inkbeam"
                )
            return cls(
                folder,
                hashlib.sha256(content).hexdigest()[:16],
                manifest["architecture"],
                Alphabet(manifest["alphabet"]),
                manifest["text_policy"],
                manifest["crop"],
                manifest["parts"],
                manifest["card"],
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{folder / MANIFEST}: {error!r}; copy the bundle again") from error

    def part(self, name: str) -> bytes:
        """Content of a part; raises BundleError when it is missing or its hash differs."""
        if name not in self.parts:
            raise BundleError(f"{self.folder}: the bundle has no part {name!r}, only {', '.join(self.parts)}")
        path = self.folder / self.parts[name]["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BundleError(f"{path}: {error.strerror}; copy the bundle again") from error
        if hashlib.sha256(content).hexdigest() != self.parts[name]["sha256"]:
            raise BundleError(f"{path}: the content is not what {MANIFEST} promises; copy the bundle again")
        return content

    def weights(self) -> dict[str, Any]:
        """Weights of the reader by name, as torch tensors in half precision."""
        import torch

        return dict(torch.load(io.BytesIO(self.part(READER)), map_location="cpu", weights_only=True))


def _find(name: str | Path) -> Path:
    for folder in (Path(name), SHIPPED / name):
        if (folder / MANIFEST).is_file():
            return folder
    shipped = ", ".join(sorted(path.parent.name for path in SHIPPED.glob(f"*/{MANIFEST}")))
    raise BundleError(f"no bundle {str(name)!r}: give a folder with a {MANIFEST}, or one of the shipped ones: {shipped}")


def save(
    folder: Path, architecture: str, alphabet: Alphabet, weights: Mapping[str, Any], card: Mapping[str, Any]
) -> Bundle:
    """Write a bundle with one part, the reader, its weights in half precision."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save({n: w.half() if w.is_floating_point() else w for n, w in weights.items()}, buffer)
    content = buffer.getvalue()
    (folder / "reader.pt").write_bytes(content)
    manifest = {
        "format": FORMAT,
        "architecture": architecture,
        "alphabet": "".join(alphabet.symbols),
        "text_policy": "folded",
        "crop": dict(DEFAULT_CROP),
        "parts": {READER: {"file": "reader.pt", "sha256": hashlib.sha256(content).hexdigest()}},
        "card": dict(card),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Bundle.load(folder)
