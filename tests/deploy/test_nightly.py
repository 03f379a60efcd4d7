"""What deploy/nightly brings: units that systemd accepts, scripts that do as they say, alerts on metrics that exist."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline import metrics

NIGHTLY = Path(__file__).parents[2] / "deploy" / "nightly"
SYSTEMD = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not installed")
UNITS = ("inkbeam.service", "inkbeam-mail.service", "inkbeam.timer")
MOST_EXPOSED = 1.5


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with programs that exist here."""
    for name in UNITS:
        text = (NIGHTLY / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(re.sub(r"^(Exec\w+=)\S+", rf"\1{sys.executable}", text, flags=re.MULTILINE))
    return tmp_path


def systemd(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SYSTEMD or "", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )


@needs_systemd
def test_systemd_has_nothing_to_say_of_the_units(units: Path) -> None:
    done = systemd("verify", "--man=no", *(units / name for name in UNITS))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
def test_the_run_is_well_fenced_in(units: Path) -> None:
    done = systemd("security", "--offline=yes", "--no-pager", units / "inkbeam.service")
    found = re.search(r"Overall exposure level for inkbeam.service: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_both_scripts_can_be_executed() -> None:
    scripts = sorted(NIGHTLY.glob("*.sh"))
    assert len(scripts) == 2
    assert all(script.stat().st_mode & stat.S_IXUSR for script in scripts)


def test_units_scripts_and_cron_name_files_that_are_there() -> None:
    for path in NIGHTLY.iterdir():
        for name in re.findall(r"/opt/inkbeam/(deploy/[\w./-]+)", path.read_text(encoding="utf-8")):
            assert (NIGHTLY.parents[1] / name).exists(), f"{path.name}: {name}"


@pytest.fixture
def night(tmp_path: Path) -> dict[str, str]:
    """An environment in which `inkbeam` and `mail` write down how they are called; `digitize` ends with $CODE."""
    for name, body in {
        "inkbeam": 'echo "inkbeam $*" >>"$CALLS"; [ "$1" != digitize ] || exit "$CODE"; echo "told by $*"',
        "mail": 'echo "mail $*" >>"$CALLS"; cat >>"$CALLS"',
        "journalctl": 'echo "last words"',
    }.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    settings = tmp_path / "nightly.env"
    settings.write_text((NIGHTLY / "nightly.env").read_text().replace('"/srv/scans"', '"/srv/a /srv/b"'))
    return os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "INKBEAM": str(tmp_path / "inkbeam"),
        "CALLS": str(tmp_path / "calls"),
        "SETTINGS": str(settings),
    }


def called(environment: dict[str, str]) -> list[str]:
    return Path(environment["CALLS"]).read_text().splitlines()


@pytest.mark.parametrize(("code", "told"), [(0, True), (3, True), (5, True), (2, False), (4, False)])
def test_a_night_of_cron_prints_what_there_is_to_tell(code: int, told: bool, night: dict[str, str]) -> None:
    done = subprocess.run(
        [NIGHTLY / "nightly.sh", night["SETTINGS"]],
        env=night | {"CODE": str(code)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == ("told by report /srv/inkbeam/out --text\n" if told else "")
    first, *others = called(night)
    assert first == "inkbeam digitize /srv/a /srv/b --output /srv/inkbeam/out --until 06:00 --formats hocr,alto"
    assert bool(others) == told


@pytest.mark.parametrize("result", ["success", "exit-code"])
def test_the_mail_of_systemd_says_how_the_night_ended(result: str, night: dict[str, str]) -> None:
    told = {"MONITOR_SERVICE_RESULT": result, "MONITOR_EXIT_STATUS": "4", "MONITOR_INVOCATION_ID": "0" * 32}
    subprocess.run(
        [NIGHTLY / "mail.sh"], env=night | told | {"OUT": "/srv/out", "MAILTO": "me", "CODE": "0"}, check=True
    )
    calls = called(night)
    assert any(re.fullmatch(rf"mail -s Inkbeam on .*: {result} me", call) for call in calls)
    assert calls[-1] == "told by report /srv/out --text"
    assert ("last words" in calls) == (result != "success")


def test_alerts_are_on_metrics_that_exist() -> None:
    rules = yaml.safe_load((NIGHTLY / "inkbeam.rules.yml").read_text(encoding="utf-8"))
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    named = {name for expression in expressions for name in re.findall(r"inkbeam_\w+", expression)}
    assert len(named) > 3
    source = Path(metrics.__file__).read_text(encoding="utf-8")
    assert all(f'"{name}"' in source for name in named)
