import json
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.failures import UsageError
from pipeline.settings import Settings, example

KEYS = [(table, key) for table in fields(Settings) for key in fields(getattr(Settings(), table.name))]
NUMBERS = [(table, key) for table, key in KEYS if key.type is not bool]
SWITCHES = [(table, key) for table, key in KEYS if key.type is bool]


def load(folder: Path, text: str) -> Settings:
    path = folder / "scans.toml"
    path.write_text(text, encoding="utf-8")
    return Settings.load(str(path))


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as raised:
        load(folder, text)
    message = str(raised.value)
    assert message.startswith(f"{folder / 'scans.toml'}: ")
    return message.removeprefix(f"{folder / 'scans.toml'}: ")


def with_value(table: str, key: str, value: Any) -> Settings:
    settings = Settings()
    return replace(settings, **{table: replace(getattr(settings, table), **{key: value})})


def test_no_file_gives_the_defaults() -> None:
    settings = Settings.load(None)
    assert settings == Settings()
    assert (settings.render.dpi, settings.run.max_failed, settings.run.retries) == (300, 0.05, 3)


def test_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Settings()


def test_example_is_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, example()) == Settings()
    assert tomllib.loads(example()) == Settings().as_dict()


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_field_says_what_it_is_and_stands_in_the_example(table: Any, key: Any) -> None:
    low, high = key.metadata["range"]
    assert low <= key.default <= high
    assert isinstance(key.metadata["changes_result"], bool)
    chapter = example().split(f"[{table.name}]\n")[1]
    bounds = "" if key.type is bool else f" From {low} to {high}."
    assert f"# {key.metadata['help']}{bounds}\n{key.name} = " in chapter


@pytest.mark.parametrize(("table", "key"), SWITCHES)
def test_a_switch_is_true_or_false_and_nothing_else(table: Any, key: Any, tmp_path: Path) -> None:
    for value in (False, True):
        loaded = load(tmp_path, f"[{table.name}]\n{key.name} = {json.dumps(value)}")
        assert getattr(getattr(loaded, table.name), key.name) is value
    for wrong in ("1", '"true"', "0.5"):
        assert "must be true or false; the default is" in complaint(tmp_path, f"[{table.name}]\n{key.name} = {wrong}")


@pytest.mark.parametrize(("table", "key"), NUMBERS)
def test_every_bound_is_allowed_and_nothing_beyond(table: Any, key: Any, tmp_path: Path) -> None:
    for bound, beyond in zip(key.metadata["range"], (-1, 1), strict=True):
        loaded = load(tmp_path, f"[{table.name}]\n{key.name} = {bound}")
        assert getattr(getattr(loaded, table.name), key.name) == bound
        message = complaint(tmp_path, f"[{table.name}]\n{key.name} = {bound + beyond}")
        assert message.startswith(f"[{table.name}] {key.name} = {bound + beyond}: must be ")


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_fingerprint_holds_what_changes_results_and_nothing_else(table: Any, key: Any) -> None:
    other = with_value(table.name, key.name, next(bound for bound in key.metadata["range"] if bound != key.default))
    assert (other.fingerprint() != Settings().fingerprint()) == key.metadata["changes_result"]


def test_fingerprint_is_canonical_json() -> None:
    fingerprint = Settings().fingerprint()
    assert json.loads(fingerprint)["render"] == {"dpi": 300, "max_megapixels": 300}
    assert json.dumps(json.loads(fingerprint), sort_keys=True, separators=(",", ":")) == fingerprint


def test_other_keys_keep_their_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "[run]\nchunk_pages = 2") == with_value("run", "chunk_pages", 2)


def test_whole_numbers_are_numbers(tmp_path: Path) -> None:
    value = load(tmp_path, "[run]\nmax_failed = 1").run.max_failed
    assert value == 1.0
    assert isinstance(value, float)


@pytest.mark.parametrize("value", ["20", "true", "300.0", '"300"', "[300]", "2024-01-01", "{}"])
def test_wrong_values_are_named_with_what_is_allowed(value: str, tmp_path: Path) -> None:
    message = complaint(tmp_path, f"[render]\ndpi = {value}")
    assert message.startswith("[render] dpi = ")
    assert message.endswith(": must be a whole number from 72 to 1200; the default is 300")


@pytest.mark.parametrize("value", ["nan", "inf", "-0.1", "1.5", "true", '"5 %"'])
def test_wrong_shares(value: str, tmp_path: Path) -> None:
    assert "must be a number from 0 to 1; the default is 0.05" in complaint(tmp_path, f"[run]\nmax_failed = {value}")


def test_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    message = complaint(tmp_path, "[render]\ntimeout = 5")
    assert message.startswith("[render] timeout = 5: no such key; did you mean timeout_seconds?")
    assert "max_megapixels" in message


def test_unknown_table_names_the_nearest(tmp_path: Path) -> None:
    assert complaint(tmp_path, "[rendering]\ndpi = 300").startswith("[rendering]: no such table; did you mean render?")


@pytest.mark.parametrize("text", ["dpi = 300", "render = 300"])
def test_key_without_table(text: str, tmp_path: Path) -> None:
    assert complaint(tmp_path, text) == f"{text}: in no table; write it below [render], [segment], [read], [run]"


def test_syntax_error_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in complaint(tmp_path, "[render]\ndpi = \n")


def test_file_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"# r\xe9glages\n")
    with pytest.raises(UsageError, match=r"latin\.toml: not UTF-8 at byte 3; save the file as UTF-8"):
        Settings.load(str(path))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: No such file"):
        Settings.load(str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="Is a directory"):
        Settings.load(str(tmp_path))


@given(st.integers(72, 1200), st.floats(0, 1), st.integers(1, 10**9))
def test_what_is_written_is_read(dpi: int, share: float, after: int) -> None:
    with TemporaryDirectory() as folder:
        text = f"[render]\ndpi = {dpi}\n[run]\nmax_failed = {share!r}\nmax_failed_after = {after}"
        loaded = load(Path(folder), text)
    assert (loaded.render.dpi, loaded.run.max_failed, loaded.run.max_failed_after) == (dpi, share, after)
