import json
import subprocess
import sys
from pathlib import Path

import pytest

from recognizer.__main__ import main, parser
from recognizer.bundle import save
from tests.recognizer.drawn import ALPHABET, random_network, write_lines


def test_the_command_line_is_built_without_heavy_imports() -> None:
    code = (
        "import sys, recognizer.__main__ as m; m.parser(); print(sorted({'torch', 'numpy', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_of_this_room_imports_beam() -> None:
    code = "import sys, recognizer.train.run; print('apache_beam' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "gone", "--bundle", "nowhere"], "no bundle 'nowhere'"),
        (["train", "gone", "--output", "out"], "gone: no such file or folder"),
        (["train", ".", "--output", "out", "--architecture", "huge"], "unknown architecture 'huge'"),
        (["train", ".", "--output", "out", "--from", "nowhere"], "no bundle 'nowhere'"),
    ],
)
def test_bad_usage_is_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    message = refused(arguments, capsys)
    assert said in message
    assert len(message.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--minutes=0", "--minutes=nan", "--processes=0", "--limit=-1", "--steps=x"])
def test_numbers_out_of_range_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert option.split("=")[0] in refused(["train", ".", "--output", "out", option], capsys)


def test_minutes_and_steps_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert "not allowed with" in refused(["train", ".", "--output", "out", "--minutes=1", "--steps=2"], capsys)
    assert parser().parse_args(["train", ".", "--output", "out"]).minutes == 60


def test_evaluation_prints_rates_and_says_what_was_left_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bundle = save(tmp_path / "bundle", "small", ALPHABET, random_network().state_dict(), {})
    write_lines(tmp_path / "lines" / "test.parquet", [{"text": "ab"}, {"text": "cd"}, {"text": "^"}])
    main(["evaluate", str(tmp_path / "lines"), "--bundle", str(bundle.folder), "--arithmetic", "fp32"])
    printed = capsys.readouterr()
    assert set(json.loads(printed.out)) == {"all", "dataset:drawn", "script:print"}
    assert json.loads(printed.err) == {"lines": 2, "left_out": {"empty text": {"lines": 1, "first": ["line 2"]}}}
