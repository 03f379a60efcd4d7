"""The command `correct --import`: lines that people corrected in eScriptorium, Transkribus or another program.

What `inkbeam export --package` wrote comes back as PAGE or ALTO whose images, or files, have the names that it gave
them: DOCUMENT_0001. Other XML, as Transkribus's METS, is passed over, and so is the ALTO of a page that is there as
PAGE too.

The text of a line is a correction where it differs both from what stands there now and from what was read: what nobody
touched there may have been corrected here meanwhile. A line without text is not transcribed yet, and tells nothing. So
importing the same twice adds nothing.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import time
from typing import Final

from pipeline.corrections.applying import corrected
from pipeline.corrections.correction import Correction, cleaned
from pipeline.corrections.matching import match
from pipeline.corrections.placing import placed
from pipeline.corrections.sheets import Sheet, read_sheet
from pipeline.corrections.table import load, save_all
from pipeline.counting import counted
from pipeline.document import Document, Page
from pipeline.export import documents, read
from pipeline.failures import ExitCode, NothingDone, UsageError
from pipeline.files import display
from pipeline.formats.safe_xml import clean
from pipeline.pairing import OTHER_XML, READERS, Tally, told, xml_files
from pipeline.storage import Storage, open_output
from pipeline.store import read_document
from pipeline.transcription import BadTranscription, TranscribedLine

NAME: Final = re.compile(r"(.+)_(\d{4,9})")
NO_PAGE: Final = "page that is not in OUT"
OTHER_FORM: Final = "page whose image has another form"
NO_LINE: Final = "line that was not read here"

Placed = tuple[Sheet, Page, Mapping[int, TranscribedLine]]  # a file, its page, and which lines it tells of


@dataclass(frozen=True)
class Imported:
    """Lines that were corrected, and that are right, on so many pages of OUT; what was left out: reason -> names."""

    corrected: int
    right: int
    pages: int
    left_out: Mapping[str, tuple[str, ...]]

    @property
    def exit_code(self) -> ExitCode:
        """Whether all was taken."""
        if not self.pages:
            return ExitCode.NOTHING_DONE
        return ExitCode.SOME_FAILED if self.left_out else ExitCode.DONE

    def told(self) -> str:
        """For the terminal."""
        pages = counted(self.pages, "page") if self.pages else "no page of OUT"
        taken = f"{pages}: {counted(self.corrected, 'line')} corrected, {self.right:,} found to be right"
        return "\n".join([taken, *told(self.left_out)])


def import_corrections(output: str, folder: Path, who: str) -> Imported:
    """Save what people corrected in the files of a folder, at any depth; what belongs nowhere is named and left out.

    Raises UsageError where there is no such folder, and NothingDone where OUT holds no document or cannot be written.
    """
    if not folder.is_dir():
        raise UsageError(f"--import {display(str(folder))}: no such folder; name one that holds PAGE or ALTO files")
    storage, left_out, now = open_output(output), Tally(), time()
    collections = {document_id: collection for collection, document_id in documents(storage)}
    verdicts: Counter[str] = Counter()
    pages = 0
    for document_id, sheets in _by_document(_sheets(folder, left_out), collections, left_out).items():
        try:
            document, before = _loaded(storage, collections[document_id], document_id)
        except NothingDone as error:
            left_out.add("document that cannot be read", str(error))
            continue
        fitting = list(_placed(document, sheets, left_out))
        said = [each for place in fitting for each in _said(document, place, before, who, now)]
        if said:
            save_all(storage, said)
        pages += len(fitting)
        verdicts.update(each.verdict for each in said)
    return Imported(verdicts["corrected"], verdicts["right"], pages, left_out.table())


def _sheets(folder: Path, left_out: Tally) -> Iterator[Sheet]:
    """The PAGE and ALTO files, PAGE first."""
    found = []
    for path in (path for _, files in xml_files(folder, left_out) for path in files):
        try:
            found.append(read_sheet(path))
        except BadTranscription as error:
            if error.reason != OTHER_XML:
                left_out.add(error.reason, f"{display(str(path))}: {error}")
        except OSError as error:
            left_out.add("unreadable file", f"{display(str(path))}: {error.strerror}")
    yield from sorted(found, key=lambda sheet: list(READERS).index(sheet.root))


def _by_document(
    sheets: Iterable[Sheet], known: Mapping[str, str], left_out: Tally
) -> Mapping[str, Mapping[int, Sheet]]:
    """The files of every document that is known by their pages, the first one of each."""
    found: dict[str, dict[int, Sheet]] = defaultdict(dict)
    for sheet in sheets:
        image = re.split(r"[/\\]", sheet.page.image)[-1].rpartition(".")[0]
        named = filter(None, (NAME.fullmatch(name) for name in (image, sheet.stem)))
        place = next((name for name in named if name[1] in known), None)
        if place is None:
            left_out.add(NO_PAGE, sheet.path)
        else:
            found[place[1]].setdefault(int(place[2]), sheet)
    return found


def _loaded(storage: Storage, collection: str, document_id: str) -> tuple[Document, tuple[Correction, ...]]:
    """A document as it was read, and its corrections; raises NothingDone."""
    document = read(partial(read_document, storage), collection, document_id)
    return document, load(storage, collection, document_id)


def _placed(document: Document, sheets: Mapping[int, Sheet], left_out: Tally) -> Iterator[Placed]:
    """Files with their pages and lines."""
    pages = {page.number: page for page in document.pages}
    for number, sheet in sorted(sheets.items()):
        page = pages.get(number)
        lines = placed(sheet, page) if page else None
        if page is None or lines is None:
            left_out.add(OTHER_FORM if page else NO_PAGE, sheet.path)
            continue
        for line in sheet.page.lines:
            if line.text and line not in lines.values():
                left_out.add(NO_LINE, f"{sheet.path}: {line.id}")
        for reason, ids in sheet.page.skipped.items():
            left_out.add(reason, f"{sheet.path}: {', '.join(ids)}")
        yield sheet, page, lines


def _said(
    document: Document, place: Placed, before: tuple[Correction, ...], who: str, now: float
) -> Iterator[Correction]:
    """What a file says of the lines of a page that is not known yet."""
    sheet, page, lines = place
    known = match(page, before).by_line
    shown = next(each for each in corrected(document, before).pages if each.number == page.number)
    for number, line in lines.items():
        text, read_here, stands = (
            cleaned(clean(each.text)) for each in (line, page.lines[number], shown.lines[number])
        )
        if text and text not in (read_here, stands):
            yield Correction.of(document, page, number, "corrected", text, time=now, who=who, tool=sheet.tool)
        elif sheet.seen and text == stands and number not in known:
            yield Correction.of(document, page, number, "right", time=now, who=who, tool=sheet.tool)
