"""Text -> tokens, alike for what is indexed and for what is searched."""

import re
import unicodedata
from typing import Final

_TOKEN: Final = re.compile(r"[^\W_]+")


def tokens(text: str) -> list[str]:
    """Runs of letters and digits under NFKC, without case and diacritics."""
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return _TOKEN.findall("".join(character for character in apart if not unicodedata.combining(character)))
