"""PAGE and ALTO files that come back from the programs in which people correct lines."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from pipeline.files import display
from pipeline.formats import alto
from pipeline.formats import page as page_xml
from pipeline.formats.safe_xml import parse
from pipeline.pairing import read_xml
from pipeline.transcription import TranscribedPage

NAMES: Final = {page_xml.ROOT: "PAGE", alto.ROOT: "ALTO"}
DONE: Final = ("DONE", "FINAL", "GT")
"""What Transkribus calls pages of which a person saw every line."""


@dataclass(frozen=True)
class Sheet:
    """A file: its path for people and its name without ending, its root (`alto` or `PcGts`), and what it transcribes.

    `tool` is the program in which that was done, as far as the file tells, or else its format. `seen`: it says that a
    person is done with the page.
    """

    path: str
    stem: str
    root: str
    page: TranscribedPage
    tool: str
    seen: bool


def read_sheet(path: Path) -> Sheet:
    """Read a file; raises BadTranscription and OSError."""
    root, page = read_xml(path)
    document = parse(path.read_bytes())
    status = next((each.get("status") or "" for each in document.iter("{*}TranskribusMetadata")), None)
    tool = "Transkribus" if status is not None else _tool(document, page) or NAMES[root]
    return Sheet(display(str(path)), display(path.stem), root, page, tool, (status or "").upper() in DONE)


def _tool(document: etree._Element, page: TranscribedPage) -> str:
    """eScriptorium names itself in PAGE, and in ALTO by its ids alone."""
    creator = (document.findtext("{*}Metadata/{*}Creator") or "").lower()
    if "escriptorium" in creator or any(line.id.startswith("eSc_") for line in page.lines):
        return "eScriptorium"
    return "Transkribus" if "transkribus" in creator else ""
