"""Crops of pages to readings: the network reads the lines of several pages together, the decoder page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from recognizer.arithmetic import Arithmetic
from recognizer.bundle import Bundle
from recognizer.decode.decoder import Decoder, PageReadings
from recognizer.decode.decoding import AUTO
from recognizer.decode.greedy import Posteriors
from recognizer.infer import Reader
from recognizer.lines import Crop


@dataclass(frozen=True)
class PageReader:
    """A bundle's network and decoder."""

    reader: Reader
    decoder: Decoder

    @classmethod
    def of(cls, bundle: Bundle, arithmetic: Arithmetic, language: str = AUTO) -> Self:
        """What reads in one of the bundle's languages, in AUTO for each page the one that fits, or with NONE of them.

        Raises BundleError, ArithmeticMissing, NoSuchLanguage.
        """
        reader = Reader.of(bundle, arithmetic)
        return cls(reader, Decoder.of(bundle, reader.letter, language))

    @classmethod
    def greedily(cls, reader: Reader) -> Self:
        """With no language model."""
        return cls(reader, Decoder(reader.alphabet, {}, reader.letter))

    def read(self, pages: Sequence[Sequence[Crop]]) -> list[PageReadings]:
        """Readings of the crops uint8 [h, w] of each page, word spans in columns of each crop. Raises NotANumber."""
        posteriors = iter(self.reader.posteriors([crop for crops in pages for crop in crops]))
        return [self._page(crops, [next(posteriors) for _ in crops]) for crops in pages]

    def _page(self, crops: Sequence[Crop], posteriors: Sequence[Posteriors]) -> PageReadings:
        found = self.decoder.page(posteriors)
        readings = map(self.reader.in_columns, found.readings, crops)
        return replace(found, readings=tuple(readings))
