import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from click.testing import CliRunner, Result

from pipeline.bundles import line_finder
from pipeline.cli import inkbeam
from pipeline.failures import UsageError
from recognizer.arithmetic import Arithmetic, supported
from recognizer.bundle import LINES, Bundle, BundleError, save_with
from segmentation.train import loop
from tests.pipeline import exports


def run(command: str, *arguments: object) -> Result:
    return CliRunner().invoke(inkbeam, [command, *map(str, arguments)], obj=(), catch_exceptions=False)


@pytest.fixture
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop.Trainer, "_done", lambda self: self.progress.step / 2)


CPU: tuple[Arithmetic, ...] = ("fp32", "bf16", "int8")


@pytest.mark.usefixtures("briefly")
def test_a_bundle_learns_lines_from_scans_and_finds_them_that_way(tmp_path: Path) -> None:
    folder = exports.escriptorium(tmp_path / "letters", 2)
    done = run("train-lines", folder, "--output", tmp_path / "bundle", "--minutes", 0.1)
    assert "lines learned from 2 pages" in done.output
    bundle, start = Bundle.load(tmp_path / "bundle"), Bundle.load("default")
    assert bundle.part("reader") == start.part("reader")
    assert bundle.alphabet.symbols == start.alphabet.symbols
    assert bundle.card[LINES]["pages"] == {"letters": 2}
    assert all(
        line_finder(bundle, arithmetic) is not None for arithmetic in ("fp32", "bf16", "int8") if supported(arithmetic)
    )
    assert bundle.part("int8/lines") != start.part("int8/lines")
    assert not (tmp_path / "bundle" / "checkpoint.pt").exists()
    run("evaluate-pages", folder, "--bundle", tmp_path / "bundle", "--lines-only", "--json", tmp_path / "f.json")
    assert json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))["all"]["pages"] == 2
    run("digitize", folder / "000.png", "--output", tmp_path / "out", "--bundle", tmp_path / "bundle", "--workers", 1)
    assert list((tmp_path / "out" / "pages").rglob("*.parquet"))


@pytest.mark.usefixtures("briefly")
def test_data_sets_may_be_left_out(tmp_path: Path) -> None:
    for name in ("one", "two"):
        exports.escriptorium(tmp_path / name, 1, first=len(name) + (name == "two"))
    done = run("train-lines", tmp_path / "one", tmp_path / "two", "--output", tmp_path / "b", "--without", "two")
    assert "lines learned from 1 pages" in done.output
    with pytest.raises(UsageError, match="no page with lines"):
        run("train-lines", tmp_path / "two", "--output", tmp_path / "b", "--without", "two")


@pytest.mark.usefixtures("briefly")
def test_a_killed_training_is_taken_up_by_the_same_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, output = exports.escriptorium(tmp_path / "letters", 1), tmp_path / "b"
    with monkeypatch.context() as killed:
        killed.setattr("pipeline.train_lines.to_onnx", Mock(side_effect=MemoryError))
        with pytest.raises(MemoryError):
            run("train-lines", folder, "--output", output)
    with pytest.raises(UsageError, match=r"of another training \(other seed\)"):
        run("train-lines", folder, "--output", output, "--seed", 2)
    (output / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(UsageError, match="no checkpoint that can be read; remove it"):
        run("train-lines", folder, "--output", output)


@pytest.mark.parametrize("arithmetic", ["bf16", "fp32"])
def test_a_bundle_whose_finder_is_none_is_refused(tmp_path: Path, arithmetic: Arithmetic) -> None:
    bundle = save_with(tmp_path, Bundle.load("default"), LINES, "lines.onnx", b"no network", {})
    with pytest.raises(BundleError, match="no line finder that this Inkbeam runs"):
        line_finder(bundle, arithmetic)


def test_without_a_finder_lines_are_found_classically() -> None:
    bundle = Bundle.load("default")
    assert line_finder(bundle, "fp32") is not None
    assert line_finder(replace(bundle, parts={"reader": bundle.parts["reader"]}), "fp32") is None
