"""Which lines of an archive are never learned from, so that what is learned of the others can be judged.

A line's fate is told by a hash, and stays what it is as lines come after it: of the first nine pages a tenth of the
lines is held out, of those that follow a tenth of the pages, whole, since the lines of one page share hand and paper.
So something is held out from the first pages on, and nothing that was held out once is learned from later.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from recognizer.samples import NEEDED, Row, rows, write_rows

ONE_IN: Final = 10
FEW_PAGES: Final = 9
LEARNED: Final = "train"
HELD_OUT: Final = "test"


def deal(files: Sequence[Path], target: Path, needed: Sequence[str] = NEEDED) -> None:
    """Write the lines of the files into one, of the split test where they are held out and of train where not.

    What a file itself has in another split than train is left alone: somebody judges by it. Raises TrainingError.
    """
    lines = (row for file in files for row in rows(file, needed) if row["split"] == LEARNED)
    write_rows(target, dealt(lines))


def dealt(lines: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """The lines, in the order in which their pages came, each with its split. A line of no page is one by itself."""
    places: dict[str, int] = {}
    for row in lines:
        page = f"{row['dataset'] or ''} {row['page'] or row['id']}"
        among_few = places.setdefault(page, len(places)) < FEW_PAGES
        chosen = is_chosen(f"{page} {row['id']}" if among_few else page)
        yield {**row, "split": HELD_OUT if chosen else LEARNED}


def is_chosen(name: str) -> bool:
    """Whether a hash puts a name into the tenth."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % ONE_IN == 0
