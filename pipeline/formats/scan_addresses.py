"""How formats of whole documents name the scans: by URLs, pages of a PDF or of a scan with several as `#page=`."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from pipeline.document import Document
from pipeline.files import URL
from pipeline.scans import places

PDF: Final = "application/pdf"
MIME_TYPES: Final[Mapping[str, str]] = {
    **{"pdf": PDF, "png": "image/png", "webp": "image/webp", "tif": "image/tiff", "tiff": "image/tiff"},
    **{"jpg": "image/jpeg", "jpeg": "image/jpeg", "jp2": "image/jp2", "jpx": "image/jpx"},
}
LOCAL: Final = "file://"
PAGE: Final = re.compile(r"#page=[0-9]+$")


def scan_addresses(document: Document) -> Mapping[int, str]:
    """The URL of every page's scan, by number of the page."""
    place, pages_of = places(document.pages), Counter(page.source for page in document.pages)
    several = {source for source, pages in pages_of.items() if mime_type(source) == PDF or pages > 1}
    return {
        page.number: _address(page.source) + (f"#page={place[page.number]}" if page.source in several else "")
        for page in document.pages
    }


def source_of(address: str) -> str:
    """The source that such a URL names."""
    return unquote(PAGE.sub("", address).removeprefix(LOCAL))


def mime_type(name: str) -> str:
    """What a scan's name tells of its type; '' where it does not."""
    return MIME_TYPES.get(name.rpartition(".")[2].lower(), "")


def _address(source: str) -> str:
    """URLs stay as they are, but for what may not stand in one."""
    if URL.match(source):
        return quote(source, safe="/:%", errors="replace")
    return LOCAL * source.startswith("/") + quote(source, errors="replace")
