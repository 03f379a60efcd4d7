"""What PAGE calls languages and kinds of region, and the names in its `custom` attributes and labels."""

from collections.abc import Mapping
from typing import Final

NAMESPACE: Final = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
OLDER_NAMESPACE: Final = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15"
# The schema names languages in words.
LANGUAGES: Final[Mapping[str, str]] = {
    **{"eng": "English", "fra": "French", "deu": "German", "lat": "Latin", "dan": "Danish", "nld": "Dutch"},
    **{"ita": "Italian", "spa": "Spanish", "swe": "Swedish", "nor": "Norwegian", "pol": "Polish", "ces": "Czech"},
}
# A column, the usual kind, is a TextRegion without a type.
TYPES: Final[Mapping[str, str]] = {
    "margin": "marginalia",
    **{name: name for name in ("heading", "caption", "header", "footer", "page-number", "footnote")},
}
TABLE: Final = "table"
ORDER: Final = "readingOrder"  # Transkribus's
PARAGRAPH: Final = "paragraph"
CORRECTION: Final = "correction"
BY: Final = "corrected_by"
WITH: Final = "corrected_with"
