"""Which rows and documents count."""

from collections.abc import Sequence
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.failures import UsageError
from pipeline.index.matching import Found, find
from pipeline.index.query import parse
from pipeline.schema import SCHEMA_VERSION
from pipeline.search.filters import Only, Where, catalogued
from pipeline.search.hits import hits_of
from pipeline.storage import LocalStorage
from tests.pipeline.search.made import identifier, index

COLUMNS = ("document_id", "source", "shelfmark", "title", "date", "rights", "canvas")
RECORD_SCHEMA = pa.schema(
    [*((name, pa.string()) for name in COLUMNS), ("further", pa.map_(pa.string(), pa.string()))],
    metadata={"schema_version": SCHEMA_VERSION},
)


def texts(found: Found) -> list[str]:
    return [f"{hit.document_id[0]}:{hit.text}" for hit in hits_of(found, found.best(100))]


@pytest.mark.parametrize(
    ("only", "hits"),
    [
        (Only(), ["d:farm", "d:farmer", "l:flour"]),
        (Only(documents=(identifier("deed"),)), ["d:farm", "d:farmer"]),
        (Only(documents=(identifier("deed"), identifier("letter"))), ["d:farm", "d:farmer", "l:flour"]),
        (Only(collections=("other",)), []),
        (Only(languages=("deu",)), ["l:Flur"]),
        (Only(without_doubtful=True), ["l:flour"]),
        (Only(languages=("deu",), without_doubtful=True), ["l:Flur"]),
    ],
)
def test_rows_count_or_not(only: Only, hits: list[str]) -> None:
    assert texts(find(parse("farm OR farmer OR flour OR flur"), index(), only)) == hits


@pytest.mark.parametrize(
    ("given", "value", "fits"),
    [
        ("title=REGISTER", "Register of births", True),
        ("title=deaths", "Register of births", False),
        ("title=a=b", "is a=b", True),
        ("date=1914..1918", "1916-03-01", True),
        ("date=1914..1918", "March 1913", False),
        ("date=1914..1918", "1910/1930", True),
        ("date=1914..1918", "1919-1930", False),
        ("date=1914..1918", "undated", False),
        ("date=1914..1918", "no. 19161", False),
        ("date=1916", "1.3.1916", True),
    ],
)
def test_records_fit_or_not(given: str, value: str, fits: bool) -> None:
    assert Where.parse(given).fits(value) == fits


@pytest.mark.parametrize("given", ["title", "=x", "title=", ""])
def test_a_condition_is_column_and_text(given: str) -> None:
    with pytest.raises(UsageError, match="COLUMN=TEXT"):
        Where.parse(given)


def catalogue(storage: LocalStorage, name: str, title: str, **further: str) -> None:
    record = dict.fromkeys(COLUMNS, "") | {"document_id": identifier(name), "title": title}
    buffer = BytesIO()
    pq.write_table(pa.Table.from_pylist([record | {"further": list(further.items())}], RECORD_SCHEMA), buffer)
    storage.write(f"documents/collection=default/{identifier(name)}.parquet", buffer.getvalue())


def narrowed(storage: LocalStorage, *conditions: str, query: str = "farm OR flour") -> tuple[list[str], Sequence[str]]:
    warnings: list[str] = []
    wanted = tuple(map(Where.parse, conditions))
    return texts(catalogued(find(parse(query), index()), wanted, storage, warnings.append)), warnings


def test_a_catalogue_narrows(storage: LocalStorage) -> None:
    catalogue(storage, "deed", "Deeds of Upton", parish="Upton")
    catalogue(storage, "letter", "Letters of Upton")
    assert narrowed(storage, "title=upton") == (["d:farm", "l:flour"], [])
    assert narrowed(storage, "title=upton", "title=deed") == (["d:farm"], [])
    assert narrowed(storage, "parish=upton") == (["d:farm"], [])
    assert narrowed(storage, "title=none") == ([], [])
    assert narrowed(storage, "title=upton", query="nothing") == ([], [])


def test_a_record_that_does_not_say_does_not_fit(storage: LocalStorage) -> None:
    catalogue(storage, "deed", "Deeds")
    assert narrowed(storage, "date=1914..1918") == ([], [])


def test_documents_without_a_record_do_not_fit(storage: LocalStorage) -> None:
    catalogue(storage, "deed", "Deeds")
    assert narrowed(storage, "title=e") == (["d:farm"], [])


def test_a_dataset_without_a_catalogue_says_so(storage: LocalStorage) -> None:
    with pytest.raises(UsageError, match="has no table documents"):
        narrowed(storage, "title=x")


def test_an_unknown_column_is_refused_with_those_there_are(storage: LocalStorage) -> None:
    catalogue(storage, "deed", "Deeds", parish="Upton")
    with pytest.raises(UsageError, match="there are canvas, date, document_id, parish"):
        narrowed(storage, "village=Upton")


def test_a_damaged_record_is_warned_of(storage: LocalStorage) -> None:
    catalogue(storage, "deed", "Deeds")
    catalogue(storage, "letter", "Letters")
    name = f"documents/collection=default/{identifier('letter')}.parquet"
    storage.write(name, b"PAR1")
    hits, warnings = narrowed(storage, "title=e")
    assert hits == ["d:farm"]
    assert [name in warning for warning in warnings] == [True]
