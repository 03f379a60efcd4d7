"""Shell scripts of deploy/ and CI: shellcheck has nothing to say of them, and they name what they lack."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT

SCRIPTS = [*sorted((ROOT / "deploy").rglob("*.sh")), ROOT / ".ci" / "run"]


def named(script: Path) -> str:
    return str(script.relative_to(ROOT))


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    shellcheck = Path(sysconfig.get_path("scripts")) / "shellcheck"
    done = subprocess.run([shellcheck, "-x", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_the_shell_understands_it(script: Path) -> None:
    shell = script.read_text(encoding="utf-8").splitlines()[0].rpartition("/")[2].rpartition(" ")[2]
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("script", "missing"),
    [("dataflow/run.sh", "PROJECT"), ("dataflow/build.sh", "REPOSITORY"), ("dataflow/iam.sh", "PROJECT")],
)
def test_what_is_not_set_is_named(script: str, missing: str) -> None:
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["sh", ROOT / "deploy" / script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert missing in done.stderr


def stub(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("script", "arguments"), [("system-packages.sh", ["faketime"]), ("container/debian-packages.sh", ["eng", "fra"])]
)
def test_packages_are_named_whole(tmp_path: Path, script: str, arguments: list[str]) -> None:
    """On a machine that has nothing: the languages of Tesseract do not bring the program."""
    for name, does in (("id", "echo 0"), ("apt-get", 'echo "$@" >>"$ASKED"'), ("python3", "exit 1"), ("rm", "")):
        stub(tmp_path, name, does)
    environment = {"PATH": str(tmp_path), "ASKED": str(tmp_path / "asked")}
    for program in ("sh", "grep"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    subprocess.run([tmp_path / "sh", ROOT / "deploy" / script, *arguments], env=environment, timeout=60, check=True)
    asked = (tmp_path / "asked").read_text().split()
    assert {"poppler-utils", "tesseract-ocr", "tesseract-ocr-eng", "tesseract-ocr-fra"} <= set(asked)
