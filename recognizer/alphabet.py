"""The symbols of a network."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

BLANK: Final = 0


class Alphabet:
    """The symbols of a network: index 0 is the CTC blank, the others are single characters.

    Raises ValueError when a symbol is not one character or stands twice.
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        if any(len(symbol) != 1 for symbol in symbols) or len(set(symbols)) != len(symbols):
            raise ValueError("an alphabet needs distinct symbols of one character each")
        self.symbols = tuple(symbols)
        self._index = {symbol: index for index, symbol in enumerate(symbols, BLANK + 1)}
        self._text = {index: symbol for symbol, index in self._index.items()} | {BLANK: ""}

    @classmethod
    def of(cls, texts: Iterable[str], at_least: int = 5) -> "Alphabet":
        """The characters that occur at least so often, sorted by code point."""
        counts = Counter(character for text in texts for character in text)
        return cls(sorted(character for character, count in counts.items() if count >= at_least))

    def extended(self, texts: Iterable[str], at_least: int = 5) -> "Alphabet":
        """The alphabet with the characters of the texts that it lacks, after its own, by the rule of `of`."""
        known = set(self.symbols)
        return Alphabet([*self.symbols, *(new for new in Alphabet.of(texts, at_least).symbols if new not in known)])

    def __len__(self) -> int:
        """Number of network outputs, the blank included."""
        return len(self.symbols) + 1

    def encode(self, text: str) -> list[int]:
        """Indices (from 1) of the text's characters; characters outside the alphabet are left out."""
        return [self._index[character] for character in text if character in self._index]

    def decode(self, indices: Iterable[int]) -> str:
        """Text of indices; blanks are left out. Raises KeyError for an index that does not exist."""
        return "".join(self._text[index] for index in indices)
