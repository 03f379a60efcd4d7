"""What a person said of a line: a frozen dataclass, no input or output."""

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, Self

from pipeline.document import Document, Page, Polyline

Verdict = Literal["right", "corrected", "unreadable", "withdrawn"]
TOOL: Final = "inkbeam correct"


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody said of a line, and of which line: it is known again by its geometry.

    `line` is its place in the reading order of the page, from 1, at that time; `baseline` and `polygon` are pixels of a
    page of `width` x `height`, 0 where that is not known. `before` is the text as it was read by the bundle `bundle`,
    `text` what stands there: the same for a line that is right, '' for one that is unreadable. A correction that is
    withdrawn, with '', leaves the line as it was read. `time` is in seconds since 1970, to the microsecond. `who` is a
    name as it was given, '' if none was; `tool` the program in which it was said.
    """

    document_id: str
    collection: str
    source: str
    page: int
    line: int
    baseline: Polyline
    polygon: Polyline
    before: str
    text: str
    verdict: Verdict
    bundle: str
    time: float
    who: str = ""
    tool: str = TOOL
    width: int = 0
    height: int = 0

    @classmethod
    def of(
        cls,
        document: Document,
        page: Page,
        place: int,
        verdict: Verdict,
        text: str = "",
        *,
        time: float,
        who: str = "",
        tool: str = TOOL,
    ) -> Self:
        """Of the line at a place, from 0, on a page as it was read (`store.read_document`).

        `text` is that of a corrected line, of which the white space is collapsed; one that was read so is right.
        """
        line = page.lines[place]
        texts = {"right": line.text, "corrected": cleaned(text)}
        said = texts.get(verdict, "")
        return cls(
            document_id=document.id,
            collection=document.collection,
            source=page.source,
            page=page.number,
            line=place + 1,
            baseline=line.baseline,
            polygon=line.polygon,
            before=line.text,
            text=said,
            verdict="right" if verdict == "corrected" and said == line.text else verdict,
            bundle=page.bundle,
            time=round(time, 6),
            who=cleaned(who),
            tool=tool,
            width=page.width,
            height=page.height,
        )


def cleaned(text: str) -> str:
    """A text as it is kept: composed characters (NFC), single spaces, none at its ends, ? for halves of surrogates."""
    return " ".join(unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()).split())
