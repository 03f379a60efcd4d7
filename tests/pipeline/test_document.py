from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.document import STEPS_PER_PIXEL, Document, bounding_box, polyline
from tests.pipeline.strategies import documents, pages, points

coordinates = st.floats(-1e5, 1e5)


@given(st.lists(st.tuples(coordinates, coordinates), max_size=8))
def test_a_polyline_is_the_points_to_the_nearest_eighth_of_a_pixel(given_points: list[tuple[float, float]]) -> None:
    rounded = polyline(given_points)
    assert len(rounded) == len(given_points)
    for point, original in zip(rounded, given_points, strict=True):
        assert np.allclose(point, original, atol=0.5 / STEPS_PER_PIXEL, rtol=0)
        assert all((value * STEPS_PER_PIXEL).is_integer() for value in point)
        assert all(float(np.float32(value)) == value for value in point)


@given(st.lists(points, max_size=8))
def test_rounding_a_polyline_again_changes_nothing(given_points: list[tuple[float, float]]) -> None:
    assert polyline(given_points) == tuple(given_points)


def test_a_polyline_takes_arrays_and_has_no_negative_zero() -> None:
    result = polyline(np.array([[-0.01, 1.3], [2.0, 3.0]], np.float32))
    assert result == ((0.0, 1.25), (2.0, 3.0))
    assert str(result[0][0]) == "0.0"


def test_the_bounding_box_of_known_points() -> None:
    assert bounding_box(((3.0, 9.5), (-1.0, 4.0), (2.0, 5.0))) == (-1.0, 4.0, 3.0, 9.5)


def test_no_points_have_no_bounding_box() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        bounding_box(())


@settings(max_examples=30)
@given(documents(), st.data())
def test_new_pages_take_the_place_of_those_with_their_number(document: Document, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 5))
    page = data.draw(pages(number))
    merged = document.with_pages([page])
    assert [p.number for p in merged.pages] == sorted({p.number for p in document.pages} | {number})
    assert page in merged.pages
    assert set(merged.pages) - {page} <= set(document.pages)
    assert (merged.id, merged.collection) == (document.id, document.collection)


def test_documents_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Document("id", "letters").id = "other"  # type: ignore[misc]
