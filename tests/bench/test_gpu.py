"""How busy a GPU is, told by an nvidia-smi that we made up."""

from pathlib import Path

import pytest

from bench import gpu, whole

FOUND = {"pages": 10, "pages_a_second": 2.0, "cpu_seconds_a_page": 0.5, "lines": 400}


def installed(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_run_is_told_with_the_use_of_the_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "echo 60, 2048; echo 0, 0", monkeypatch)
    asked: list[str] = []

    def inkbeam(_: Path, __: Path, *options: str) -> dict[str, float]:
        asked.extend(options)
        return dict(FOUND)

    monkeypatch.setattr(whole, "inkbeam", inkbeam)
    ran = gpu.run(tmp_path, 4)
    assert asked == ["--arithmetic", "gpu", "--workers", "4"]
    assert list(gpu.table([ran]))[2:] == ["| 4 | 2.00 | 80 | 0.50 | 60 % | 2048 MB |"]


def test_without_a_gpu_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "exit 9", monkeypatch)
    with pytest.raises(SystemExit, match="no GPU"):
        gpu.run(tmp_path, 1)
