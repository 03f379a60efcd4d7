from tests.recognizer.evaluation.made import evaluation, sample

SAMPLES = [
    sample("Abc.", script="hand", page="1"),
    sample("1 efgh", dataset="a set with a name of many words", page="2"),
]


def test_the_table_tells_all_and_every_group() -> None:
    lines = evaluation(SAMPLES, ["Abd.", "1 efgh"]).table().splitlines()
    assert lines[1].split() == ["all", "10.00", "%", "0.00", "to", "25.00", "33.33", "%", "2", "10"]
    hand = next(line for line in lines if line.startswith("  hand"))
    assert hand.split() == ["hand", "25.00", "%", "–", "100.00", "%", "1", "4"]
    assert {"script", "dataset", "language", "characters"} <= set(lines)
    assert any(line.startswith("  a set with a name of ma… ") for line in lines)


def test_columns_stand_below_each_other() -> None:
    told = evaluation(SAMPLES, ["Abd.", "1 efgh"]).table()
    lines = told.partition("confidence of words")[0].splitlines()
    assert len({len(line) for line in lines if line.count("%") and "on one" not in line}) == 1


def test_the_table_tells_classes_and_circumstances() -> None:
    told = evaluation(
        SAMPLES, ["Abd.", "1 efghi"], skipped={"empty text": ("a", "b", "c", "d"), "no image": ["e"]}
    ).table()
    assert "digit" in told
    assert "read where nothing stands: 1" in told
    assert "bundle 0123456789abcdef (small), text policy folded, decoder: greedy" in told
    assert "4 lines/s on one thread, fp32, A Processor" in told
    assert "left out: 4 with empty text (a, b, c, …)\nleft out: 1 with no image (e)" in told


def test_the_table_tells_how_far_confidences_can_be_trusted_and_what_pages_were_read_in() -> None:
    told = evaluation(SAMPLES, ["Abd.", "1 efgh"]).table().splitlines()
    start = next(place for place, line in enumerate(told) if line.startswith("confidence of words"))
    assert told[start + 1].split() == ["all", "0.167", "50.00", "%", "66.67", "%", "3"]
    assert told[start + 2].split()[0] == "hand"
    assert "pages, by the language they are in: 2" in told
    assert "  eng: 2 read as eng" in told


def test_other_ways_to_compare_stand_below() -> None:
    lines = evaluation(SAMPLES, ["abc.", "1 efgh"], ignore_case=True).table().splitlines()
    assert lines[2].startswith("case ignored                 0.00 %")
