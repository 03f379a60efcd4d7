"""What a language model counts: the characters of a network's alphabet, and three symbols of its own."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

UNKNOWN, BEGIN, END = 0, 1, 2
OWN: Final = ("<unk>", "<s>", "</s>")
LINE_FEED: Final = 10

Ids = npt.NDArray[np.int64]


class Symbols:
    """Characters and their ids, which begin after those of `OWN`. Raises ValueError when a character stands twice."""

    def __init__(self, characters: Sequence[str]) -> None:
        if len(set(characters)) != len(characters) or any(len(character) != 1 for character in characters):
            raise ValueError("a language model needs distinct symbols of one character each")
        self.characters = tuple(characters)
        codes = np.array([ord(character) for character in characters], np.int64)
        self._table = np.full(int(codes.max(initial=0)) + 2, UNKNOWN, np.int64)
        self._table[codes] = np.arange(len(codes)) + len(OWN)

    def __len__(self) -> int:
        return len(OWN) + len(self.characters)

    @property
    def bits(self) -> int:
        """Bits that hold an id."""
        return (len(self) - 1).bit_length()

    def ids(self, text: str) -> Ids:
        """Ids of a text's characters, int64 [characters]; those outside are UNKNOWN."""
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)
        return np.asarray(self._table[np.minimum(codes, len(self._table) - 1)])

    def stream(self, lines: Sequence[str]) -> Ids:
        """Ids of lines without line feeds, one after the other, each between BEGIN and END."""
        text = "\n".join(lines)
        ids = self.ids(text)
        ends = np.flatnonzero(np.frombuffer(text.encode("utf-32-le"), np.uint32) == LINE_FEED)
        ids[ends] = END
        return np.concatenate([[BEGIN], np.insert(ids, ends + 1, BEGIN), [END]]).astype(np.int64)
