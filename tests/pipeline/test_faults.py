import subprocess
import sys

import pytest

from pipeline import faults
from pipeline.faults import VARIABLE, inject


def test_nothing_happens_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    hit: list[str] = []
    monkeypatch.setattr(faults, "_ACTIONS", {"crash": lambda: hit.append("crash")})
    monkeypatch.delenv(VARIABLE, raising=False)
    inject("render", "a.pdf")
    assert hit == []
    monkeypatch.setenv(VARIABLE, "render:crash:a.pdf")
    inject("render", "a.pdf")
    assert hit == ["crash"]


def test_only_the_named_stage_and_file_are_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "render:die:bad,segment:memory:a:b")
    inject("probe", "bad.pdf")
    inject("render", "good.pdf")
    with pytest.raises(MemoryError):
        inject("segment", "xa:b.pdf")


@pytest.mark.parametrize(("action", "signal"), [("crash", 11), ("die", 9)])
def test_deadly_faults_end_the_process(action: str, signal: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"render:{action}:bad")
    code = "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0));"
    code += "from pipeline.faults import inject; inject('render', 'bad.png')"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal


def test_a_malformed_fault_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "render")
    with pytest.raises(ValueError, match="not enough values"):
        inject("render", "a.pdf")
