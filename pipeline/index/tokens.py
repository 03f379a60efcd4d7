"""What a word is searched by: its tokens, without case, diacritics and punctuation. Words and queries are cut alike."""

import unicodedata
from typing import Final

LONGEST: Final = 64
"""Characters of a token; what is longer is cut there, in the index and in queries."""

# Letters that have no decomposition, as people without them on their keyboards write them.
_PLAIN: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
)
# Marks above and below Latin, Greek and Cyrillic letters. Those of other scripts are vowels and stay.
_MARKS: Final = (("\u0300", "\u036f"), ("\u1ab0", "\u1aff"), ("\u1dc0", "\u1dff"), ("\ufe20", "\ufe2f"))
_INVISIBLE: Final = "Cf"


def tokens(text: str) -> list[str]:
    """The runs of letters and digits in a text, in order, each NFKC, case-folded, without diacritics.

    `L'Élève,` gives l and eleve; a text without letters and digits gives none. Soft hyphens and other invisible
    characters part nothing.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    parts = unicodedata.normalize("NFD", folded).translate(_PLAIN)
    kept = (_kept(character) for character in parts if not _is_mark(character))
    return [unicodedata.normalize("NFC", token)[:LONGEST] for token in "".join(kept).split()]


def _kept(character: str) -> str:
    """Letters, digits and the marks that belong to them as they are; a space for what parts tokens."""
    if character.isalnum():
        return character
    category = unicodedata.category(character)
    if category[0] == "M":
        return character
    return "" if category == _INVISIBLE else " "


def _is_mark(character: str) -> bool:
    return any(first <= character <= last for first, last in _MARKS)
