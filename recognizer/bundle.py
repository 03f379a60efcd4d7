"""The bundle: a folder that holds everything a recogniser needs.

`bundle.json` names the format version, the parts with their SHA-256, the alphabet, the text policy, the crop geometry,
the architecture and the model card; the hash of the file itself is the bundle's id. Parts are files beside it (or in a
sibling bundle, by a relative path). No file is executable code: weights are loaded weights-only.
"""

import hashlib
import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from recognizer.alphabet import Alphabet
from recognizer.arithmetic import Arithmetic, best
from recognizer.errors import RecognizerError
from recognizer.policy import FOLDED, TextPolicy

if TYPE_CHECKING:
    import torch

FORMAT: Final = 1
MANIFEST: Final = "bundle.json"
READER: Final = "reader"
LINES: Final = "lines"
RANGES: Final = "int8/"  # and the part whose network they are of
MODEL: Final = "lm/"  # and a language
SHIPPED: Final = Path(__file__).parent / "bundles"
COPY: Final = "copy the bundle again"
UPDATE: Final = "update Inkbeam"
DEFAULT_CROP: Final[Mapping[str, float]] = {
    "height": 80,
    "margin": 8,
    "percentile": 85,
    "least_below": 0.2,
    "most_below": 1.0,
    "extend": 0.2,
}


class BundleError(RecognizerError):
    """A bundle is missing, damaged or of another format; the message says which file and what to do."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was found and whose manifest was read; parts are read, and checked, on demand."""

    folder: Path
    id: str
    architecture: str
    alphabet: Alphabet
    text_policy: TextPolicy
    crop: Mapping[str, float]
    parts: Mapping[str, Mapping[str, str]]
    card: Mapping[str, Any]

    @classmethod
    def load(cls, bundle: str | Path) -> "Bundle":
        """A folder, or the name of a shipped bundle (`default`). Raises BundleError."""
        folder = _find(bundle)
        path = folder / MANIFEST
        try:
            content = path.read_bytes()
            manifest = json.loads(content)
            if manifest["format"] != FORMAT:
                raise BundleError(f"{path}: format {manifest['format']}, this Inkbeam reads {FORMAT}; {UPDATE}")
            return cls(
                folder,
                hashlib.sha256(content).hexdigest()[:16],
                _text(manifest["architecture"]),
                Alphabet(_text(manifest["alphabet"])),
                TextPolicy.from_manifest(manifest["text_policy"]),
                dict(manifest["crop"]),
                {
                    name: {key: _text(part[key]) for key in ("file", "sha256")}
                    for name, part in manifest["parts"].items()
                },
                dict(manifest["card"]),
            )
        except KeyError as error:
            raise BundleError(f"{path}: the entry {error} is missing; {COPY}") from error
        except OSError as error:
            raise BundleError(f"{path}: {error.strerror}; {COPY}") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise BundleError(f"{path}: {error}; {COPY}") from error

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it has models of."""
        return tuple(sorted(name.removeprefix(MODEL) for name in self.parts if name.startswith(MODEL)))

    def arithmetic(self) -> Arithmetic:
        """The fastest that this processor supports and that the bundle has what it needs for."""
        return best(measured=all(RANGES + name in self.parts for name in (READER, LINES) if name in self.parts))

    def part(self, name: str) -> bytes:
        """Content of a part; raises BundleError when it is missing or its hash differs."""
        path = self.path(name)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BundleError(f"{path}: {error.strerror}; {COPY}") from error
        if hashlib.sha256(content).hexdigest() != self.parts[name]["sha256"]:
            raise BundleError(f"{path}: the content is not what {MANIFEST} promises; {COPY}")
        return content

    def path(self, name: str) -> Path:
        """Where a part lies: in the bundle's folder or in a sibling bundle's. Raises BundleError."""
        if name not in self.parts:
            raise BundleError(f"{self.folder / MANIFEST}: no part {name!r}, only {', '.join(self.parts)}; {COPY}")
        file = self.parts[name]["file"]
        if not _stays(file):
            raise BundleError(
                f"{self.folder / MANIFEST}: part {name!r} lies outside the bundles, at {file!r}; get the bundle from "
                "whom you trust"
            )
        return self.folder / file

    def unfit(self) -> BundleError:
        """The error to raise when the weights are not those of the architecture as it is known here."""
        message = f"{self.folder / MANIFEST}: the reader is not a {self.architecture!r} that this Inkbeam knows"
        return BundleError(f"{message}; {UPDATE}, or {COPY}")

    def weights(self) -> "dict[str, torch.Tensor]":
        """Weights of the reader by name, in half precision. Raises BundleError."""
        import torch

        content = self.part(READER)
        try:
            return dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
        except (RuntimeError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise BundleError(f"{self.path(READER)}: not weights of a reader; {COPY}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} stands where a text should")
    return value


def _stays(file: str) -> bool:
    """Whether a part's path is in the bundle's own folder, or in a folder beside it: `../other/part`."""
    steps = PurePosixPath(file).parts
    inner = steps[1:] if steps[:1] == ("..",) else steps
    least = 2 if steps[:1] == ("..",) else 1
    return len(inner) >= least and not inner[0].startswith("/") and ".." not in inner and "\0" not in file


def _find(name: str | Path) -> Path:
    for folder in (Path(name), SHIPPED / name):
        if (folder / MANIFEST).is_file():
            return folder
    shipped = ", ".join(sorted(path.parent.name for path in SHIPPED.glob(f"*/{MANIFEST}"))) or "none"
    raise BundleError(
        f"no bundle {str(name)!r}: give a folder that has a {MANIFEST}, or the name of a shipped bundle ({shipped})"
    )


def save(
    folder: Path,
    architecture: str,
    alphabet: Alphabet,
    weights: "Mapping[str, torch.Tensor]",
    card: Mapping[str, Any],
    policy: TextPolicy = FOLDED,
    others: Bundle | None = None,
) -> Bundle:
    """Write a bundle: the reader, its weights in half precision, and copies of the other parts of `others`, but not of
    the ranges of its reader.

    The same weights give the same bytes. Raises BundleError when a part to be copied is missing or damaged.
    """
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save({n: w.cpu().half() if w.is_floating_point() else w.cpu() for n, w in weights.items()}, buffer)
    parts = {READER: _write_part(folder, "reader.pt", buffer.getvalue())}
    parts |= _copied_parts(folder, others, READER) if others else {}
    crop = others.crop if others else DEFAULT_CROP
    return _write_manifest(folder, architecture, alphabet, policy, crop, parts, card)


def save_with(folder: Path, bundle: Bundle, name: str, file: str, content: bytes, facts: Mapping[str, Any]) -> Bundle:
    """Write a bundle with one part put in or replaced; `facts` of it go into the card, below the part's name.

    Ranges of the part that was there before are left out. Raises BundleError when another part is missing or damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = _copied_parts(folder, bundle, name) | {name: _write_part(folder, file, content)}
    return _rewritten(folder, bundle, parts, {**_kept(bundle.card, name), name: dict(facts)})


def with_card(bundle: Bundle, card: Mapping[str, Any]) -> Bundle:
    """The bundle, where it lies, with another model card."""
    return _rewritten(bundle.folder, bundle, bundle.parts, card)


def share(folder: Path, other: Bundle, name: str) -> Bundle:
    """The bundle in a folder with a part put in or replaced by a reference to that of a bundle beside it.

    Ranges of the part that was there before are left out. Raises BundleError.
    """
    bundle = Bundle.load(folder)
    file = f"../{other.folder.name}/{other.parts[name]['file']}"
    parts = {**_kept(bundle.parts, name), name: {"file": file, "sha256": other.parts[name]["sha256"]}}
    card = {**_kept(bundle.card, name), name: f"that of the bundle {other.folder.name}"}
    return _rewritten(folder, bundle, parts, card)


def _kept(named: Mapping[str, Any], replaced: str) -> dict[str, Any]:
    """What is named without a part that is replaced, and without the ranges of its network: those were another's."""
    return {name: value for name, value in named.items() if name not in (replaced, RANGES + replaced)}


def _rewritten(folder: Path, bundle: Bundle, parts: Mapping[str, Mapping[str, str]], card: Mapping[str, Any]) -> Bundle:
    """The bundle in a folder with these parts, which lie there, and this card."""
    return _write_manifest(folder, bundle.architecture, bundle.alphabet, bundle.text_policy, bundle.crop, parts, card)


def _copied_parts(folder: Path, bundle: Bundle, but: str) -> dict[str, Mapping[str, str]]:
    """The bundle's other parts in a folder; where it is the bundle's own, they lie there or are referred to already."""
    others = sorted(_kept(bundle.parts, but))
    if folder.resolve() == bundle.folder.resolve():
        return {name: bundle.parts[name] for name in others}
    return {
        name: _write_part(folder, PurePosixPath(bundle.parts[name]["file"]).name, bundle.part(name)) for name in others
    }


def _write_manifest(
    folder: Path,
    architecture: str,
    alphabet: Alphabet,
    policy: TextPolicy,
    crop: Mapping[str, float],
    parts: Mapping[str, Mapping[str, str]],
    card: Mapping[str, Any],
) -> Bundle:
    manifest = {
        "format": FORMAT,
        "architecture": architecture,
        "alphabet": "".join(alphabet.symbols),
        "text_policy": policy.manifest(),
        "crop": dict(crop),
        "parts": dict(sorted(parts.items())),
        "card": dict(card),
    }
    _replace(folder / MANIFEST, (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode())
    return Bundle.load(folder)


def _write_part(folder: Path, file: str, content: bytes) -> Mapping[str, str]:
    _replace(folder / file, content)
    return {"file": file, "sha256": hashlib.sha256(content).hexdigest()}


def _replace(path: Path, content: bytes) -> None:
    """Write to a name beside it and rename, so that no half-written file is ever seen."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.replace(path)
