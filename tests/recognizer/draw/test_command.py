from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.__main__ import main
from recognizer.draw.command import LONGEST, draw_lines, tasks
from recognizer.draw.drawn import CannotWrite
from recognizer.draw.in_fonts import InFonts
from recognizer.samples import Sample, load_lines
from tests.recognizer.draw.made import ROMAN, SANS, cells, fonts
from tests.recognizer.drawn import png, write_lines

PROSE = "It was a bright cold day in April, and the clocks were striking thirteen; nobody in the street looked up.\n"


def drawn(file: Path) -> tuple[Sample, ...]:
    return load_lines([file], 80).samples


@given(st.lists(st.text(), min_size=1, max_size=30), st.integers(1, 90))
def test_lines_are_taken_evenly(lines: list[str], count: int) -> None:
    found = tasks(lines, count)
    assert [task.number for task in found] == list(range(count))
    times = [sum(task.number * len(lines) // count == place for task in found) for place in range(len(lines))]
    assert max(times) - min(times) <= 1
    assert set(found[0].others) <= set(lines)


def test_prose_is_drawn_in_fonts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(PROSE, encoding="utf-8")
    out = tmp_path / "out" / "drawn.parquet"
    folder = fonts(tmp_path / "fonts", SANS, ROMAN)
    options = ["--fonts", str(folder), "--output", str(out), "--lines", "9", "--language", "eng"]
    assert main(["draw-lines", str(tmp_path / "a.txt"), *options]) == 0
    assert "drawn.parquet: 9 lines; fonts: 2\n" in capsys.readouterr().out
    samples = drawn(out)
    assert {(each.dataset, each.language, each.split) for each in samples} == {("drawn-fonts", "eng", "train")}
    assert {each.text for each in samples} <= {PROSE[start:end].strip() for start in range(106) for end in range(107)}
    content = out.read_bytes()
    assert main(["draw-lines", str(tmp_path / "a.txt"), *options]) == 0
    assert out.read_bytes() == content


def test_texts_of_parquet_are_drawn_in_hands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["the mere sum", "no one came in", "a summer in rome", "the sun rose", "more rain came"]
    rows = [{"text": text, "image": png(cells(text)), "script": "hand", "page": "p"} for text in texts]
    hands = write_lines(tmp_path / "hands.parquet", rows)
    said = write_lines(tmp_path / "said.parquet", [{"text": "summer came"}, {"text": "a zoo"}, {"text": "rose"}])
    out = tmp_path / "drawn.parquet"
    options = ["--hands", str(hands), "--output", str(out), "--lines", "3"]
    assert main(["draw-lines", str(said), *options]) == 0
    assert "2 lines; hands: 1; 1 left out, since none has z\n" in capsys.readouterr().out
    assert [(each.dataset, each.text) for each in drawn(out)] == [
        ("drawn-drawn", "summer came"),
        ("drawn-drawn", "rose"),
    ]


def test_what_cannot_be_drawn_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = [{"text": text} for text in ["good", "a" * (LONGEST + 1), "漢 and 字", "^"]]
    said = write_lines(tmp_path / "said.parquet", rows)
    writer = InFonts.of(fonts(tmp_path / "fonts", SANS))
    told = draw_lines(writer, [said], tmp_path / "out.parquet", 8, None)
    assert "4 lines; fonts: 1" in told
    assert f"2 left out, without text or with more than {LONGEST} characters" in told
    assert "2 left out, since none has 字 漢" in told


def test_nothing_drawn_is_an_error(tmp_path: Path) -> None:
    said = write_lines(tmp_path / "said.parquet", [{"text": "漢"}])
    with pytest.raises(CannotWrite, match=r"no line could be drawn \(fonts: 1; 2 left out, since none has 漢\)"):
        draw_lines(InFonts.of(fonts(tmp_path / "fonts", SANS)), [said], tmp_path / "out.parquet", 2, None)
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fonts", "."], "no font with Latin letters there"),
        (["--hands", "gone"], "gone: no such file or folder"),
        (["--hands", ".", "--bundle", "nowhere"], "no bundle 'nowhere'"),
    ],
)
def test_what_the_user_can_put_right_is_said_in_one_line(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw-lines", "a.txt", "--output", "out.parquet", *options]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("way", [[], ["--fonts", "a", "--hands", "b"]])
def test_lines_are_drawn_in_one_way(way: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["draw-lines", "a.txt", "--output", "out.parquet", *way])
    assert "--fonts" in capsys.readouterr().err
