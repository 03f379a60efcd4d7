"""Shell scripts of deploy/ and CI: shellcheck has nothing to say of them, and they name what they lack."""

import os
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
