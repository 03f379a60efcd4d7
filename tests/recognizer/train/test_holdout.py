from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recognizer.samples import UNREAD, load_lines, rows
from recognizer.train.holdout import FEW_PAGES, HELD_OUT, LEARNED, deal, dealt, is_chosen
from tests.recognizer.drawn import write_lines

PAGES = st.lists(st.integers(1, 12), min_size=1, max_size=40)


def lines(sizes: list[int]) -> list[dict[str, Any]]:
    """Pages of so many lines."""
    return [
        {"id": f"line {page} {line}", "dataset": "mine", "page": f"page {page}"}
        for page, size in enumerate(sizes)
        for line in range(size)
    ]


def splits(sizes: list[int]) -> dict[str, str]:
    return {row["id"]: row["split"] for row in dealt(lines(sizes))}


@given(PAGES, PAGES)
def test_what_was_held_out_stays_so_as_pages_come(sizes: list[int], more: list[int]) -> None:
    before, after = splits(sizes), splits(sizes + more)
    assert {name: after[name] for name in before} == before


@given(PAGES, st.randoms())
def test_what_was_held_out_stays_so_as_lines_of_known_pages_come(sizes: list[int], random: Any) -> None:
    whole = lines(sizes)
    first_of_pages = [row for row in whole if row["id"].endswith(" 0")]
    others = [row for row in whole if row not in first_of_pages]
    some = random.sample(others, len(others) // 2)
    before = {row["id"]: row["split"] for row in dealt([*first_of_pages, *some])}
    assert {name: splits(sizes)[name] for name in before} == before


def test_of_few_pages_a_tenth_of_the_lines_of_many_a_tenth_of_the_pages() -> None:
    few = splits([100] * FEW_PAGES)
    assert 60 < sum(split == HELD_OUT for split in few.values()) < 120
    found = list(dealt(lines([2] * 1000)))
    later = {row["page"]: set[str]() for row in found}
    for row in found:
        later[row["page"]].add(row["split"])
    whole = [later[f"page {page}"] for page in range(FEW_PAGES, 1000)]
    assert all(len(split) == 1 for split in whole)
    assert 70 < sum(split == {HELD_OUT} for split in whole) < 130


def test_lines_without_a_page_are_pages_of_their_own() -> None:
    found = list(dealt({"id": f"line {k}", "dataset": None, "page": None} for k in range(1000)))
    assert 70 < sum(row["split"] == HELD_OUT for row in found) < 130


def test_a_tenth_of_all_names_is_chosen_the_same_everywhere() -> None:
    chosen = [k for k in range(60) if is_chosen(f"name {k}")]
    assert chosen == [k for k in range(60) if is_chosen(f"name {k}")]
    assert 700 < sum(is_chosen(f"name {k}") for k in range(10_000)) < 1300


def test_lines_are_dealt_into_one_file_but_not_those_of_other_splits(tmp_path: Path) -> None:
    one = write_lines(tmp_path / "one.parquet", [{"text": "ab", "id": f"a{k}"} for k in range(700)])
    two = write_lines(tmp_path / "two.parquet", [{"text": "cd", "split": split} for split in ("train", "val", "test")])
    deal([one, two], tmp_path / "new" / "dealt.parquet")
    found = list(rows(tmp_path / "new" / "dealt.parquet"))
    assert len(found) == 701
    assert {row["split"] for row in found} == {LEARNED, HELD_OUT}
    learned = load_lines([tmp_path / "new" / "dealt.parquet"], 56, {LEARNED})
    assert {sample.text for sample in learned.samples} == {"ab", "cd"}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["dealt.parquet"]


def test_unread_lines_need_no_text(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": ["a"], "image": [b"x"]}), tmp_path / "unread.parquet")
    deal([tmp_path / "unread.parquet"], tmp_path / "dealt.parquet", UNREAD)
    assert [(row["id"], row["text"]) for row in rows(tmp_path / "dealt.parquet")] == [("a", None)]
