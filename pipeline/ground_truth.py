"""Ground truth of archives: folders of scans with PAGE XML or ALTO -> line Parquet that recognisers train on.

Lines are cut by the very crop that recognition uses. The Parquet has the columns of any other line data and says in its
metadata what it was made from, so that it is made once.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from pipeline.cutting import NO_TEXT, VERSION, Cut, row, write
from pipeline.failures import PageError, UsageError
from pipeline.files import display
from pipeline.pairing import Scan, Tally, find, told, transcription
from pipeline.rendering import Renderer
from pipeline.settings import Render
from pipeline.transcription import BadTranscription
from pipeline.truth import shapes
from recognizer.bundle import DEFAULT_CROP, Bundle
from recognizer.samples import SCHEMA, find_parquet
from segmentation import CropGeometry, crop

ONE_IN: Final = 10
DATA: Final = "DATA may be line Parquet (*.parquet), folders of it, or folders of scans with PAGE XML or ALTO"


def cut(folders: Sequence[Path], geometry: CropGeometry, target: Path) -> Cut:
    """Cut all transcribed lines of the scans in the folders into line Parquet; a target made from the same is kept.

    `text` and `raw` are both the transcriber's own: the policy is the reader's. `image` is PNG, uint8 [height, width].
    Of the pages, in the order of their images' hashes, the first tenth (at least one) becomes the split val, the others
    train; of a single page every tenth line. A file, page or line that cannot be used is left out and named. The target
    appears whole or not at all. Raises UsageError when there is no line, OSError when the target cannot be written.
    """
    left_out = Tally()
    scans = find(folders, left_out)
    inputs = _fingerprint(scans, geometry)
    if known := Cut.made_from(inputs, target):
        return known
    target.parent.mkdir(parents=True, exist_ok=True)
    undealt = target.with_name(f".{target.name}.{os.getpid()}.undealt")
    try:
        digests = _write(scans, geometry, undealt, left_out)
        if not digests:
            raise UsageError(_nothing(folders, left_out))
        return write(target, _deal(undealt, digests), inputs, left_out)
    finally:
        undealt.unlink(missing_ok=True)


def find_lines(paths: Sequence[Path], bundle: Bundle | None, cache: Path) -> list[Path]:
    """`sources`, cut as the bundle, or a new one, wants its lines; what was left out is told on stderr."""
    geometry = CropGeometry(**(bundle.crop if bundle else DEFAULT_CROP))  # type: ignore[arg-type]
    files = sources(paths, geometry, cache)
    for made in filter(None, map(Cut.load, files)):
        print(made.table(), file=sys.stderr)
    return find_parquet(files)


def sources(paths: Sequence[Path], geometry: CropGeometry, cache: Path) -> list[Path]:
    """Line Parquet, and folders of it, for what the user named as DATA: other folders are cut into the cache.

    A folder becomes `cache/NAME-HASH.parquet`, of its path and the geometry. Raises UsageError for anything else.
    """
    return [_source(path, geometry, cache) for path in paths]


def _source(path: Path, geometry: CropGeometry, cache: Path) -> Path:
    if not path.exists():
        raise UsageError(f"{display(str(path))}: no such file or folder; {DATA}")
    if path.is_file():
        if path.suffix != ".parquet":
            raise UsageError(f"{display(str(path))}: not a *.parquet file; {DATA}")
        return path
    if any(path.glob("*.parquet")):
        return path
    whole = path.resolve()
    made_of = json.dumps([os.fsencode(whole).hex(), asdict(geometry)])
    name = f"{display(whole.name)[:40] or 'scans'}-{hashlib.sha256(made_of.encode()).hexdigest()[:8]}.parquet"
    return cut([path], geometry, cache / name).path


def _fingerprint(scans: Sequence[Scan], geometry: CropGeometry) -> str:
    files = [(scan.dataset, scan.name, scan.digest, scan.image_digest) for scan in scans]
    return hashlib.sha256(json.dumps([VERSION, asdict(geometry), files]).encode()).hexdigest()


def _write(scans: Sequence[Scan], geometry: CropGeometry, path: Path, left_out: Tally) -> list[str]:
    """Write the pages, a row group each; the hashes of those that had lines."""
    digests = []
    with Renderer(Render()) as renderer, pq.ParquetWriter(path, SCHEMA) as writer:
        for scan in tqdm(scans, desc="cutting", unit="page", disable=None):
            try:
                rows = list(_rows(scan, renderer, geometry, left_out))
            except BadTranscription as error:
                left_out.add(error.reason, f"{display(str(scan.xml))}: {error}")
            except PageError as error:
                left_out.add("unreadable image", f"{display(str(scan.image))}: {error}")
            except OSError as error:
                left_out.add("unreadable file", f"{display(str(scan.xml))}: {error.strerror}")
            else:
                writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
                digests.append(scan.image_digest)
    return digests


def _rows(scan: Scan, renderer: Renderer, geometry: CropGeometry, left_out: Tally) -> Iterator[dict[str, Any]]:
    page = transcription(scan)
    gray = renderer.render(str(scan.image), 1).gray
    for reason, ids in page.skipped.items():
        for skipped in ids:
            left_out.add(reason, f"{scan.name}: {skipped}")
    for line, shape in zip(page.lines, shapes(page, gray), strict=True):
        if line.text:
            image = crop(gray, shape, geometry).image
            yield row(
                f"{scan.name}#{line.number}",
                image,
                dataset=scan.dataset,
                page=scan.name,
                line=line.number,
                text=line.text,
                language=line.language,
            )
        else:
            left_out.add(NO_TEXT, f"{scan.name}: {line.id}")


def _deal(undealt: Path, digests: Sequence[str]) -> Iterator[pa.Table]:
    """The rows, page by page, each with its split."""
    val = set(sorted(digests)[: max(1, len(digests) // ONE_IN)])
    with pq.ParquetFile(undealt) as file:
        for group, digest in enumerate(digests):
            rows = file.read_row_group(group)
            pages = ["val" if digest in val else "train"] * len(rows)
            splits = pages if len(digests) > 1 else _splits_of_lines(len(rows))
            place = SCHEMA.get_field_index("split")
            yield rows.set_column(place, SCHEMA.field(place), pa.array(splits))


def _splits_of_lines(count: int) -> list[str]:
    last = min(ONE_IN, count) - 1
    return ["val" if place % ONE_IN == last and count > 1 else "train" for place in range(count)]


def _nothing(folders: Sequence[Path], left_out: Tally) -> str:
    names = ", ".join(display(str(folder)) for folder in folders)
    looked = "looked for PAGE XML and ALTO (*.xml) with their images beside them, or above a folder page/ or alto/"
    return "\n".join([f"{names}: no transcribed line; {looked}. {DATA}", *told(left_out.table())])
