"""The schemas of ALTO, PAGE and METS, from tests/cases/schemas; nothing is fetched."""

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

SCHEMAS = Path(__file__).parents[2] / "cases" / "schemas"


class _Here(etree.Resolver):
    """XLink, which schemas import from the web."""

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:  # noqa: ARG002
        wanted = (system_url or "").endswith("xlink.xsd")
        return self.resolve_filename(str(SCHEMAS / "xlink.xsd"), context) if wanted else None


@cache
def schema(name: str) -> etree.XMLSchema:
    """A schema by the name of its file."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Here())
    return etree.XMLSchema(etree.parse(str(SCHEMAS / name), parser))
