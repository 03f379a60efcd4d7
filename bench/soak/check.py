"""What OUT must be in the end: every page once, all as a calm run wrote it, and untouched by a further run."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from bench.soak.inputs import Scan
from pipeline import state
from pipeline.metrics import NAME as METRICS
from pipeline.sources import document_id
from pipeline.storage import LocalStorage

# Equal byte for byte; tables equal in content, but for the columns that tell of tries and dates.
BYTES: Final = ("pages", "lines", "hocr")
TABLES: Final[Mapping[str, tuple[str, ...]]] = {"failures": ("transient", "tries"), "words": ()}
PASSING: Final = ("tries", "transient", "stamp", "modified")
# What names a row of a table.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "pages": ("document_id", "page"),
    "lines": ("document_id", "page", "line"),
    "failures": ("document_id", "page", "source"),
    "words": ("document_id", "page", "line", "position", "rank", "token"),
}


@dataclass
class Verdict:
    """What is wrong with an OUT, one text each."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.twice or self.other)

    def lines(self) -> Iterator[str]:
        """All of it, for the terminal."""
        for name, found in asdict(self).items():
            yield from (f"{name}: {what}" for what in found)


def judged(out: Path, scans: Sequence[Scan], folder: Path, reference: Path) -> Verdict:
    """Everything that is checked of an OUT of which no run is writing; `folder` is that of the scans."""
    verdict = Verdict()
    ids = {document_id(str(folder / scan.name)): scan for scan in scans}
    _check_pages(out, ids, verdict)
    for table, key in KEYS.items():
        counted = Counter(zip(*(_column(out, table, name) for name in key), strict=True))
        verdict.twice += (f"{table} {row}" for row, number in counted.items() if number > 1)
    _check_state(out, ids, verdict)
    verdict.other += (f"left over: {path}" for path in out.rglob("*.tmp"))
    verdict.other += differences(reference, out)
    return verdict


def _check_pages(out: Path, ids: Mapping[str, Scan], verdict: Verdict) -> None:
    """All pages of good scans, in their order; of damaged ones at least one."""
    found: dict[str, list[int]] = {name: [] for name in ids}
    for document, page in zip(*(_column(out, "pages", name) for name in KEYS["pages"]), strict=True):
        if document in found:
            found[document].append(page)
        else:
            verdict.other.append(f"a document that nobody delivered: {document}")
    for name, scan in ids.items():
        wanted = set(range(1, len(scan.pages) + 1)) if scan.damage is None else {1}
        verdict.lost += (f"page {page} of {scan.name}" for page in sorted(wanted - set(found[name])))


def _check_state(out: Path, ids: Mapping[str, Scan], verdict: Verdict) -> None:
    rows = state.load(LocalStorage(str(out)))
    verdict.lost += (f"the state of {ids[name].name}" for name in sorted(ids.keys() - rows.keys()))
    verdict.other += (f"interrupted: {row.source}" for row in rows.values() if not row.revision)
    verdict.other += (f"not in the state: {path}" for path in (out / state.NEW).glob("*"))


def differences(reference: Path, out: Path) -> Iterator[str]:
    """Where two OUTs of the same scans differ."""
    for folder in BYTES:
        wanted, found = _contents(reference / folder), _contents(out / folder)
        for name in sorted(wanted.keys() | found.keys()):
            if wanted.get(name) != found.get(name):
                yield f"{folder}/{name} is another than that of the calm run, or only one of both has it"
    for table, left_out in TABLES.items():
        wanted_rows, found_rows = _rows(reference, table, left_out), _rows(out, table, left_out)
        if wanted_rows != found_rows:
            yield f"{table} has {len(found_rows)} rows, that of the calm run {len(wanted_rows)}, or they differ"
    if _state(reference) != _state(out):
        yield "the state is another than that of the calm run"


def failed(out: Path) -> set[tuple[str, int | None, str]]:
    """Source, page and kind of all failures that stand."""
    return set(zip(*(_column(out, "failures", name) for name in ("source", "page", "kind")), strict=True))


def snapshot(out: Path) -> dict[str, tuple[int, bytes]]:
    """Every file's time of change and content, but for the account of runs."""
    return {
        str(path.relative_to(out)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in out.rglob("*")
        if path.is_file() and path.parent != out / "runs" and path != out / METRICS
    }


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _state(out: Path) -> dict[str, dict[str, Any]]:
    rows = state.load(LocalStorage(str(out)))
    return {
        name: {key: value for key, value in asdict(row).items() if key not in PASSING} for name, row in rows.items()
    }


def _rows(out: Path, table: str, left_out: Sequence[str]) -> list[str]:
    """All rows as texts, sorted: their order is not part of the promise."""
    found = _table(out, table)
    return sorted(map(repr, found.drop_columns([*left_out]).to_pylist())) if found.num_columns else []


def _column(out: Path, table: str, name: str) -> list[Any]:
    found = _table(out, table)
    return found.column(name).to_pylist() if found.num_columns else []


def _table(out: Path, table: str) -> pa.Table:
    """All files of a table as one."""
    files = sorted((out / table).rglob("*.parquet"))
    return pa.concat_tables([pq.ParquetFile(path).read() for path in files]) if files else pa.table({})
