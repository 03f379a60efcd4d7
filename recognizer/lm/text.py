"""Text to count: prose as it would stand in the lines of a page, and lines of ground truth.

Prose is broken into lines of widths as pages have them, a share of the breaks within a word and with a hyphen, since
lines are what a decoder sees: a model of whole paragraphs knows neither how lines begin nor how they end.
"""

import gzip
import lzma
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from recognizer.errors import RecognizerError
from recognizer.policy import TextPolicy

NARROWEST, WIDEST = 20, 60  # characters a line
HYPHENATED: Final = 0.4  # share of the breaks that would leave a long gap
LONG: Final = 6  # characters of a word that may be parted
AT_LEAST: Final = 10  # times that a character must occur to be one of the model's
SEED: Final = 1
OPENERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({".txt": open, ".xz": lzma.open, ".gz": gzip.open})


class NoText(RecognizerError):
    """There is nothing to count; the message says what was looked at."""


@dataclass(frozen=True)
class Text:
    """Lines to count: of prose, and of ground truth, of which there is less, but which is like what will be read."""

    prose: tuple[str, ...]
    truth: tuple[str, ...]

    def characters(self) -> list[str]:
        """The characters that occur often enough, sorted."""
        counts = Counter("".join(self.prose)) + Counter("".join(self.truth))
        return sorted(character for character, count in counts.items() if count >= AT_LEAST)

    def within(self, characters: Sequence[str]) -> "Text":
        """Without other characters, which would otherwise all be counted as one that is common."""
        kept = {ord(character) for character in set("".join(self.prose) + "".join(self.truth)) - set(characters)}
        table = dict.fromkeys(kept)
        return Text(*(tuple(line.translate(table) for line in lines) for lines in (self.prose, self.truth)))


def gather(paths: Sequence[Path], policy: TextPolicy, language: str | None = None) -> Text:
    """The text in files and folders, after the policy: plain text (.txt, .txt.xz, .txt.gz) and line Parquet.

    Of Parquet with splits only train counts, and with `language` only the lines in it. Raises NoText.
    """
    prose: list[str] = []
    truth: list[str] = []
    for path in _files(paths):
        try:
            if path.suffix == ".parquet":
                truth += map(policy, _lines(path, language))
            else:
                prose += _reflowed(map(policy, _paragraphs(path)))
        except (OSError, UnicodeDecodeError, lzma.LZMAError, EOFError, pa.ArrowException, LookupError) as error:
            raise NoText(f"{path}: neither UTF-8 text nor line Parquet ({error})") from error
    if not prose and not truth:
        named = ", ".join(map(str, paths))
        raise NoText(f"{named}: no text there; give *.txt, *.txt.xz, *.txt.gz or line Parquet with that language")
    return Text(tuple(prose), tuple(truth))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.suffix in (*OPENERS, ".parquet"))
        elif path.suffix in (*OPENERS, ".parquet"):
            yield path
        else:
            raise NoText(f"{path}: give plain text (*.txt, *.txt.xz, *.txt.gz) or line Parquet")


def _lines(path: Path, language: str | None) -> list[str]:
    """Lines of ground truth."""
    names = set(pq.read_schema(path).names)
    table = pq.read_table(path, columns=[name for name in ("text", "raw", "split", "language") if name in names])
    return [
        row.get("raw") or row["text"] or ""
        for row in table.to_pylist()
        if row.get("split", "train") == "train" and (language is None or row.get("language", language) == language)
    ]


def _paragraphs(path: Path) -> Iterator[str]:
    with OPENERS[path.suffix](path, "rt", encoding="utf-8") as file:
        yield from (line for line in file if line.strip())


def _reflowed(paragraphs: Iterator[str]) -> Iterator[str]:
    """Paragraphs as lines of random widths; the same paragraphs give the same lines."""
    rng = random.Random(SEED)
    for paragraph in paragraphs:
        width = rng.randint(NARROWEST, WIDEST)
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if len(longer) <= width:
                line = longer
                continue
            head, tail = _parted(word, width - len(line) - 2, rng)
            yield f"{line} {head}-" if head and line else line
            line = tail
        if line:
            yield line


def _parted(word: str, room: int, rng: random.Random) -> tuple[str, str]:
    """A word parted at the end of a line with room for so many letters, now and then; else nothing and the word."""
    if len(word) < LONG or room < 2 or not word.isalpha() or rng.random() >= HYPHENATED:
        return "", word
    cut = rng.randint(2, min(room, len(word) - 2))
    return word[:cut], word[cut:]
