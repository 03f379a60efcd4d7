"""The text policy: what becomes of a transcriber's text before a network is taught or judged by it.

`folded`, the policy of the shipped bundles: NFC; long s to s; typographic apostrophes and quotation marks to ' and ";
dashes and end-of-line hyphens to -; superscript marks dropped. `diplomatic`: NFC alone, so that a long s or a
typographic quotation mark can be learned. Or a table of one's own. White space is collapsed under every policy, since
the network sees no difference.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from recognizer.errors import RecognizerError

FOLDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ſ": "s",
        "…": "...",
        **dict.fromkeys("‘’‚‛ʼ´`", "'"),
        **dict.fromkeys("“”„‟", '"'),
        **dict.fromkeys("‐‑‒–—―−¬⸗", "-"),
        **dict.fromkeys("^\u00ad\u200b\ufeff", ""),
    }
)


class PolicyError(RecognizerError):
    """A text policy is unknown, or its table cannot be read; the message says which line."""


@dataclass(frozen=True)
class TextPolicy:
    """A name and a table of replacements, applied to the decomposed text (NFD), the longest match first."""

    name: str
    replacements: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def named(cls, policy: str) -> Self:
        """`folded`, `diplomatic`, or the path of a table. Raises PolicyError.

        A table is UTF-8 text, a replacement a line: what stands there, a tab, what it becomes (nothing drops it). Empty
        lines and lines that begin with # are passed over.
        """
        if policy == "folded":
            return cls(policy, dict(FOLDS))
        if policy == "diplomatic":
            return cls(policy)
        path = Path(policy)
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(
                f"text policy {policy!r}: {error}; give folded, diplomatic, or a UTF-8 table of replacements"
            ) from error
        pairs = [_pair(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line and line[0] != "#"]
        return cls(path.stem, dict(pairs))

    @classmethod
    def from_manifest(cls, entry: Any) -> Self:
        """What `manifest` gave; raises TypeError or ValueError when it is something else."""
        if isinstance(entry, str):
            if entry not in ("folded", "diplomatic"):
                raise ValueError(f"unknown text policy {entry!r}")
            return cls.named(entry)
        return cls(str(entry["name"]), {str(a): str(b) for a, b in entry["replacements"].items()})

    def manifest(self) -> str | dict[str, Any]:
        """The policy as a bundle's manifest keeps it: the name of a built-in one, else the whole table."""
        if self in (TextPolicy.named("folded"), TextPolicy.named("diplomatic")):
            return self.name
        return {"name": self.name, "replacements": dict(self.replacements)}

    def __call__(self, text: str) -> str:
        """The text under this policy, in NFC, its white space collapsed."""
        decomposed = unicodedata.normalize("NFD", text)
        replaced = self._pattern.sub(lambda match: self._decomposed[match[0]], decomposed)
        return re.sub(r"\s+", " ", unicodedata.normalize("NFC", replaced)).strip()

    @cached_property
    def _decomposed(self) -> dict[str, str]:
        return {unicodedata.normalize("NFD", before): after for before, after in self.replacements.items()}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self._decomposed, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def _pair(line: str, where: str) -> tuple[str, str]:
    before, tab, after = line.partition("\t")
    if not before or not tab or "\t" in after:
        raise PolicyError(f"{where}: {line!r} is not a text, a tab and what it becomes")
    return before, after


FOLDED: Final = TextPolicy.named("folded")
