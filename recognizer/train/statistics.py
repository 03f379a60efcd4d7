"""What a set of lines is made of, for the training report."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from recognizer.samples import Sample


@dataclass(frozen=True)
class Statistics:
    """Counts over lines. Every mapping has the most frequent first, equals in the order of their names.

    `lengths` are characters a line, `widths` columns a line at the network's height, the aspect ratio kept, both in the
    order of the lines. `datasets`, `scripts` and `languages` count lines, `characters` and `unknown` (those of them
    outside the alphabet) occurrences.
    """

    lengths: tuple[int, ...]
    widths: tuple[int, ...]
    datasets: Mapping[str, int]
    scripts: Mapping[str, int]
    languages: Mapping[str, int]
    characters: Mapping[str, int]
    unknown: Mapping[str, int]

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.lengths)


def describe(samples: Sequence[Sample], symbols: Collection[str]) -> Statistics:
    """Count what is in the samples, under the text policy; `symbols` are the characters of the alphabet."""
    characters = _counted(character for sample in samples for character in sample.text)
    known = frozenset(symbols)
    return Statistics(
        lengths=tuple(len(sample.text) for sample in samples),
        widths=tuple(sample.image.shape[1] for sample in samples),
        datasets=_counted(sample.dataset for sample in samples),
        scripts=_counted(sample.script for sample in samples),
        languages=_counted(sample.language for sample in samples),
        characters=characters,
        unknown={character: count for character, count in characters.items() if character not in known},
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda entry: (-entry[1], entry[0])))
