"""Folders of an export -> scans: which transcription belongs to which image, and what was left out and why.

Exports lie differently: eScriptorium and kraken put the XML beside the image; Transkribus puts it into `page/` and
`alto/` below, one and the same page into both, and a METS file beside.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

from lxml import etree

from pipeline.files import display, has_known_extension, hash_file
from pipeline.formats import alto, page
from pipeline.formats.safe_xml import BROKEN
from pipeline.transcription import BadTranscription, TranscribedPage

# PAGE first: where an export has both, its ALTO is the poorer (Transkribus writes boxes only).
READERS: Final[Mapping[str, Callable[[bytes], TranscribedPage]]] = MappingProxyType(
    {page.ROOT: page.read, alto.ROOT: alto.read}
)
BELOW_THE_IMAGES: Final = ("page", "alto")
OTHER_XML: Final = "neither ALTO nor PAGE"


@dataclass
class Tally:
    """What was left out: reason -> names, each with its particulars."""

    reasons: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, name: str) -> None:
        """Count one more."""
        self.reasons[reason].append(name)

    def table(self) -> dict[str, tuple[str, ...]]:
        """The reasons in alphabetical order."""
        return {reason: tuple(names) for reason, names in sorted(self.reasons.items())}


def told(left_out: Mapping[str, Sequence[str]]) -> list[str]:
    """One line for every reason, with the first three names."""
    return [f"left out: {len(names)} x {reason} ({'; '.join(names[:3])})" for reason, names in left_out.items()]


@dataclass(frozen=True, slots=True)
class Scan:
    """A transcription and its image. `name` is the XML's path below its folder, with the folder's name, without .xml.

    `root` is a key of `READERS`; `digest` and `image_digest` are the SHA-256 of the two files in hex. `transcribed`:
    some line has a text.
    """

    dataset: str
    name: str
    xml: Path
    image: Path
    root: str
    digest: str
    image_digest: str
    transcribed: bool


def find(folders: Sequence[Path], left_out: Tally) -> list[Scan]:
    """The scans in the folders, to any depth and in order, one for every image by its content.

    Names that begin with a dot are passed over. Datasets are named as their folders, by the whole path if two are named
    alike.
    """
    names = [folder.resolve().name for folder in folders]
    scans: list[Scan] = []
    for folder, name in zip(folders, names, strict=True):
        dataset = display(name if names.count(name) == 1 else str(folder))
        scans += _scans(folder, dataset, left_out)
    return _one_for_an_image(scans, left_out)


def transcription(scan: Scan) -> TranscribedPage:
    """What was transcribed; raises BadTranscription and OSError."""
    return READERS[scan.root](scan.xml.read_bytes())


def read_xml(path: Path) -> tuple[str, TranscribedPage]:
    """Root and page of an ALTO or PAGE file; raises BadTranscription and OSError."""
    content = path.read_bytes()
    root = _root(content)
    if root not in READERS:
        raise BadTranscription(OTHER_XML, f"its root is {root}")
    return root, READERS[root](content)


def _scans(folder: Path, dataset: str, left_out: Tally) -> Iterator[Scan]:
    for parent, files in xml_files(folder, left_out):
        images = _images_for(parent)
        for xml in files:
            name = f"{dataset}/{display(xml.relative_to(folder).with_suffix('').as_posix())}"
            try:
                yield _scan(xml, images, dataset, name)
            except BadTranscription as error:
                left_out.add(error.reason, f"{display(str(xml))}: {error}")
            except OSError as error:
                left_out.add("unreadable file", f"{display(str(error.filename or xml))}: {error.strerror}")


def xml_files(folder: Path, left_out: Tally) -> Iterator[tuple[Path, list[Path]]]:
    """Every folder that holds XML files, and these."""

    def unreadable(error: OSError) -> None:
        left_out.add("unreadable folder", f"{display(str(error.filename))}: {error.strerror}")

    for parent, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        xml = sorted(name for name in files if name.lower().endswith(".xml") and not name.startswith("."))
        if xml:
            yield Path(parent), [Path(parent, name) for name in xml]


def _images_for(folder: Path) -> Mapping[str, Path]:
    """Images that XML files of a folder may belong to: beside them, or where exports put them; by both their names."""
    above = folder.parent if folder.name.lower() in BELOW_THE_IMAGES else folder
    images = [path for place in (folder, above) for path in sorted(place.iterdir()) if _is_image(path)]
    by_stem = {alike(path.stem): path for path in reversed(images)}
    return by_stem | {alike(path.name): path for path in reversed(images)}


def _is_image(path: Path) -> bool:
    return has_known_extension(path.name) and path.suffix.lower() != ".pdf" and path.is_file()


def alike(name: str) -> str:
    """A name as file systems compare it that know neither case nor how accents are composed."""
    return unicodedata.normalize("NFC", name).casefold()


def _scan(xml: Path, images: Mapping[str, Path], dataset: str, name: str) -> Scan:
    root, read = read_xml(xml)
    image = _image(xml, read.image, images)
    if not read.lines:
        counts = ", ".join(f"{len(ids)} x {reason}" for reason, ids in read.skipped.items())
        raise BadTranscription("page without a usable line", counts or "no line at all")
    transcribed = any(line.text for line in read.lines)
    return Scan(dataset, name, xml, image, root, hash_file(str(xml)), hash_file(str(image)), transcribed)


def _image(xml: Path, stated: str, images: Mapping[str, Path]) -> Path:
    """The image of the stated name, or with another ending, or of the XML's own name; raises BadTranscription.

    Of the stated name only the last part counts: exports have paths of other machines in it.
    """
    wanted = re.split(r"[/\\]", stated)[-1]
    stem = wanted.rpartition(".")[0] if has_known_extension(wanted) else wanted
    for key in (alike(wanted), alike(stem), alike(xml.stem)):
        if key in images:
            return images[key]
    raise BadTranscription("no image", f"neither {wanted or 'a stated image'} nor one of the XML's own name lies by it")


def _root(content: bytes) -> str:
    """Name of the root element; nothing beyond it is read."""
    try:
        events = etree.iterparse(
            BytesIO(content), events=("start",), resolve_entities=False, no_network=True, load_dtd=False
        )
        _, element = next(iter(events))
    except (etree.XMLSyntaxError, StopIteration) as error:
        raise BadTranscription(BROKEN, f"{error or 'it is empty'}; export the page again") from error
    return etree.QName(element).localname


def _one_for_an_image(scans: Sequence[Scan], left_out: Tally) -> list[Scan]:
    preferred = sorted(scans, key=lambda scan: (not scan.transcribed, list(READERS).index(scan.root)))
    first = {scan.image_digest: scan for scan in reversed(preferred)}
    for scan in scans:
        if first[scan.image_digest] is not scan:
            left_out.add("second transcription of an image", display(str(scan.xml)))
    return [scan for scan in scans if first[scan.image_digest] is scan]
