"""The properties of an hOCR element, which stand in its attribute `title`: name value; name value; ..."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from lxml import etree

from pipeline.formats.safe_xml import clean

_PROPERTY: Final = re.compile(r'(\w+)\s+((?:"[^"]*"|[^;])*)')
_BREAKS: Final = re.compile(r'[\x00-\x1f\x7f%";\\]')


def quoted(text: str) -> str:
    """A text as a value. It stands in quotes in a list that readers split at semicolons: what would break that is
    written as %XX.
    """
    return f'"{clean(_BREAKS.sub(lambda found: quote(found[0]), text))}"'


def unquoted(properties: Mapping[str, str], name: str) -> str | None:
    """A text that is the value of a property; None where there is no such property."""
    return unquote(properties[name].strip().strip('"')) if name in properties else None


def told(element: etree._Element) -> Mapping[str, str]:
    """The properties of an element."""
    return dict(_PROPERTY.findall(element.get("title", "")))
