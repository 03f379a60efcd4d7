"""Hits as text for people and for programs."""

import csv
import io
import json

import pytest

from pipeline.search.hits import Hit, Piece
from pipeline.search.output import as_csv, as_json, percent, terminal
from pipeline.search.snippets import Shown

PIECES = (Piece(3, (1.0, 2.0, 3.5, 4.0)), Piece(4, (0.0, 6.0, 2.0, 8.0)))
HIT = Hit("default", "a-00000000", 2, 'say "po-pu"', 0.87654321, PIECES, True)
LINES = (((False, "he, they"), (True, "po-")), ((True, "pu"), (False, "say")))
SHOWN = Shown(HIT, "a.png", LINES, corrected=True)
BARE = Shown(Hit("default", "b-00000000", 1, "word", 0.5, PIECES[:1], False), "", ())


def test_people_see_rank_probability_place_and_the_marked_lines() -> None:
    assert terminal("po*", [SHOWN, BARE], 2).split("\n") == [
        '  1  87.7 %  a.png, page 2, line 3, or say "po-pu", corrected by hand',
        "     he, they [po-]",
        "     [pu] say",
        "  2  50.0 %  b-00000000, page 1, line 3",
        "     [word]",
        "2 hits",
    ]


def test_people_are_told_of_what_is_not_shown() -> None:
    assert terminal("po*", [BARE], 1234).endswith("\n1234 hits, the best 1 shown; --limit N shows more")


def test_people_are_told_of_nothing() -> None:
    assert terminal("po*", [], 0) == "no hit for po*; try word~ for words that are read or written a little otherwise"


@pytest.mark.parametrize(
    ("probability", "told"), [(1.0, "99.9 %"), (0.9994, "99.9 %"), (0.5, "50.0 %"), (0.0, "0.0 %")]
)
def test_nothing_is_ever_quite_sure(probability: float, told: str) -> None:
    assert percent(probability) == told


def test_programs_get_json() -> None:
    assert json.loads(as_json([SHOWN, BARE], 7)) == {
        "total": 7,
        "hits": [
            {
                "document_id": "a-00000000",
                "source": "a.png",
                "page": 2,
                "line": 3,
                "text": 'say "po-pu"',
                "probability": 0.8765,
                "boxes": [[1.0, 2.0, 3.5, 4.0], [0.0, 6.0, 2.0, 8.0]],
                "snippet": "he, they po-\npu say",
                "corrected": True,
            },
            {
                "document_id": "b-00000000",
                "source": "",
                "page": 1,
                "line": 3,
                "text": "word",
                "probability": 0.5,
                "boxes": [[1.0, 2.0, 3.5, 4.0]],
                "snippet": "",
                "corrected": False,
            },
        ],
    }
    assert json.loads(as_json([], 0)) == {"total": 0, "hits": []}


def test_programs_get_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([SHOWN, BARE]))))
    records = json.loads(as_json([SHOWN, BARE], 2))["hits"]
    assert [{**row, "boxes": json.loads(row["boxes"])} for row in rows] == [
        {name: value if name == "boxes" else str(value) for name, value in record.items()} for record in records
    ]
    assert as_csv([]) == "document_id,source,page,line,text,probability,boxes,snippet,corrected"
