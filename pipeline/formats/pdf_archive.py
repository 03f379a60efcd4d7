"""What a PDF says of itself: what a catalogue knows, and PDF/A-2b (ISO 19005-2) where that can be vouched for.

Pages of images alone are vouched for: their content does nothing but draw images, whose colours are known. Of any other
page, with text, forms or annotations of a stranger's making, nothing is claimed.
"""

import re
from collections import Counter
from importlib.resources import files
from typing import Any, Final

from pikepdf import Array, Dictionary, Name, String, parse_content_stream

from pipeline.document import Document
from pipeline.formats.safe_xml import clean

PRODUCER: Final = "Inkbeam"
DRAWING: Final = frozenset(("q", "Q", "cm", "Do", "re", "W", "n"))
PAGE_KEYS: Final = frozenset(("/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents"))
NOT_IN_IMAGES: Final = ("/Interpolate", "/Alternates", "/OPI", "/Metadata")
FILTERS: Final = frozenset(("/DCTDecode", "/FlateDecode", "/CCITTFaxDecode", "/JBIG2Decode", "/JPXDecode"))
COLOURS: Final = frozenset(("/DeviceGray", "/DeviceRGB", "/CalGray", "/CalRGB", "/Lab", "/ICCBased"))
ISO_DATE: Final = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
# BCP 47 wants the short code where there is one. Others stay as they are.
SHORT: Final = {"eng": "en", "fra": "fr", "deu": "de", "ita": "it", "spa": "es", "nld": "nl", "lat": "la", "dan": "da"}


def is_archival(page: Any) -> bool:
    """Whether the page does nothing but draw images that PDF/A-2b allows beside an sRGB output intent."""
    if not PAGE_KEYS.issuperset(page.obj.keys()):
        return False
    if any(str(operator) not in DRAWING for _, operator in parse_content_stream(page)):
        return False
    drawn = page.resources.get(Name.XObject, Dictionary())
    return all(_is_archival_image(drawn[key]) for key in drawn)


def _is_archival_image(image: Any) -> bool:
    if image.get(Name.Subtype) != Name.Image or any(key in image for key in NOT_IN_IMAGES):
        return False
    if not FILTERS.issuperset(map(str, _listed(image.get(Name.Filter, [])))):
        return False
    if Name.SMask in image and not _is_archival_image(image.SMask):
        return False
    colours = image.get(Name.ColorSpace)
    return bool(image.get(Name.ImageMask, False)) or (colours is not None and _is_archival_space(colours))


def _is_archival_space(colours: Any) -> bool:
    family, *rest = _listed(colours)
    return _is_archival_space(rest[0]) if family == Name.Indexed else str(family) in COLOURS


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (Array, list)) else [value]


def describe(pdf: Any, document: Document, archival: bool) -> None:
    """Write title, language and what the document's record says, and, of an archival PDF, that it is PDF/A-2b."""
    record, title = document.record, clean(document.record.title or _source_name(document))
    pdf.docinfo[Name.Title] = title
    pdf.docinfo[Name.Producer] = PRODUCER
    if language := _language(document):
        pdf.Root.Lang = String(language)
    dated = ISO_DATE.fullmatch(record.date)
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        said: dict[str, Any] = {
            "dc:title": title,
            "dc:identifier": record.shelfmark,
            "dc:date": [record.date] if dated else [],
            "dc:coverage": "" if dated else record.date,
            "dc:rights": record.rights,
            "dc:source": record.canvas,
            "dc:description": "\n".join(f"{key}: {value}" for key, value in record.further),
            "dc:language": {language} if language else set(),
            "pdf:Producer": PRODUCER,
        }
        for key, value in said.items():
            if value:
                xmp[key] = clean(value) if isinstance(value, str) else value
        if archival:
            xmp["pdfaid:part"], xmp["pdfaid:conformance"] = "2", "B"
    if archival:
        pdf.Root.OutputIntents = Array([pdf.make_indirect(_srgb(pdf))])


def _srgb(pdf: Any) -> Any:
    """The output intent: `srgb.icc` is the profile that LittleCMS makes, free of rights, dated 1970."""
    profile = pdf.make_stream((files("pipeline.formats") / "srgb.icc").read_bytes(), N=3)
    return Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB"),
        Info=String("sRGB IEC61966-2.1"),
        DestOutputProfile=profile,
    )


def _source_name(document: Document) -> str:
    """Name of the source, or of the folder of several."""
    sources = list(dict.fromkeys(page.source for page in document.pages))
    path = sources[0] if len(sources) == 1 else sources[0].rpartition("/")[0]
    return path.rpartition("/")[2]


def _language(document: Document) -> str:
    """The language of most pages that have one, else ''."""
    known = Counter(page.language for page in document.pages if page.language)
    code = known.most_common(1)[0][0] if known else ""
    return SHORT.get(code, code)
