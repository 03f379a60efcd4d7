import json
import subprocess
import sys
from pathlib import Path

import pytest

from recognizer.__main__ import main
from recognizer.bundle import Bundle, save
from tests.recognizer.drawn import ALPHABET, line, png, random_network, write_lines


def loaded(code: str, names: set[str]) -> str:
    """Which of the modules a fresh interpreter has loaded after the code."""
    code = f"import sys; {code}; print(sorted({names!r} & set(sys.modules)))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_command_line_is_built_without_heavy_imports() -> None:
    parsers = "[parser('p', 'd') for parser, _ in COMMANDS.values()]"
    code = f"import recognizer.__main__; from recognizer.commands import COMMANDS; {parsers}"
    assert loaded(code, {"torch", "numpy", "cv2", "pyarrow", "PIL"}) == "[]"


def test_nothing_of_this_room_imports_beam_or_what_only_pages_need() -> None:
    assert loaded("import recognizer.train.run", {"apache_beam", "segmentation", "click", "lxml"}) == "[]"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return save(tmp_path / "bundle", "small", ALPHABET, random_network().state_dict(), {})


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    rows = [{"text": text, "image": png(line(text))} for text in ["ab ba", "abba", "ba", "ab", "aab"] * 2]
    write_lines(tmp_path / "lines" / "train.parquet", rows)
    write_lines(tmp_path / "lines" / "val.parquet", rows[:3])
    return tmp_path / "lines"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "gone", "--bundle", "nowhere"], "no bundle 'nowhere'"),
        (["train", "gone", "--output", "out"], "gone: no such file or folder"),
        (["train", ".", "--output", "out"], "no Parquet file in it"),
        (["train", ".", "--output", "out", "--architecture", "huge"], "unknown architecture 'huge'"),
        (["train", ".", "--output", "out", "--from", "nowhere"], "no bundle 'nowhere'"),
        (["train", ".", "--output", "out", "--text-policy", "gone.txt"], "text policy 'gone.txt'"),
    ],
)
def test_what_the_user_can_put_right_is_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert said in message
    assert len(message.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--minutes=0", "--minutes=nan", "--processes=0", "--limit=-1", "--epochs=x"])
def test_numbers_out_of_range_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["train", ".", "--output", "out", option])
    assert option.split("=")[0] in capsys.readouterr().err


def test_minutes_and_epochs_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["train", ".", "--output", "out", "--minutes=1", "--epochs=2"])
    assert "not allowed with" in capsys.readouterr().err


def test_options_reach_the_training(lines: Path, bundle: Bundle, tmp_path: Path) -> None:
    options = "--epochs=1 --processes=1 --freeze=cnn --seed=5 --rate=0.01 --text-policy=diplomatic --limit=9"
    out = tmp_path / "out"
    assert main(["train", str(lines), "--output", str(out), "--from", str(bundle.folder), *options.split(" ")]) == 0
    made = Bundle.load(out)
    recipe = made.card["recipe"]
    assert (recipe["epochs"], recipe["freeze_cnn"], recipe["seed"], recipe["rate"]) == (1, True, 5, 0.01)
    assert (made.text_policy.name, made.alphabet.symbols) == ("diplomatic", ALPHABET.symbols)
    assert made.card["train_lines"] == {"drawn": 9}


def test_evaluation_tells_rates_and_writes_them(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_lines(tmp_path / "lines" / "test.parquet", [{"text": "ab"}, {"text": "cd"}, {"text": "^"}])
    files = ["--json", str(tmp_path / "new" / "rates.json"), "--html", str(tmp_path / "page.html")]
    options = ["--bundle", str(bundle.folder), "--arithmetic", "fp32", "--ignore-case", *files]
    assert main(["evaluate", str(tmp_path / "lines"), *options]) == 0
    rates = json.loads((tmp_path / "new" / "rates.json").read_text(encoding="utf-8"))
    assert {"cer", "wer", "lines", "characters"} <= set(rates["all"])
    assert (rates["all"]["lines"], rates["script"]["print"]["lines"], rates["skipped"]) == (2, 2, {"empty text": 1})
    assert "ignore_case" in rates
    assert "</html>" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "empty text" in capsys.readouterr().out


def test_without_a_test_split_all_lines_are_evaluated(
    bundle: Bundle, lines: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--bundle", str(bundle.folder)]
    assert main(["evaluate", str(lines), *options]) == 0
    assert "no line is of the split test: all are evaluated" in capsys.readouterr().err
    assert main(["evaluate", str(lines), "--split", "test", *options]) == 2
    assert "no line to evaluate" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named(
    bundle: Bundle, lines: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = str(lines / "val.parquet" / "rates.json")
    assert main(["evaluate", str(lines), "--split", "val", "--bundle", str(bundle.folder), "--json", taken]) == 2
    assert "name another file" in capsys.readouterr().err
