"""deploy/dask: valid files whose commands and options exist, and that agree with each other."""

import subprocess
import sys
import tomllib
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tests.deploy.manifests import (
    DEPLOY,
    Manifest,
    beam_options,
    check_mounts,
    check_services,
    containers,
    named,
    validated,
)

pytest.importorskip("distributed", reason="the extra dask is not installed")
COMPOSE = DEPLOY / "dask" / "compose.yaml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return parsed


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    return validated("dask/kubernetes.yaml")


def test_compose_keeps_to_its_schema() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    subprocess.run([*checker, str(COMPOSE)], check=True, capture_output=True)


def test_images_are_of_this_version(compose: dict[str, Any], objects: list[Manifest]) -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    images = {service["image"] for service in compose.values()}
    assert images | {container["image"] for container in containers(objects).values()} == {
        f"inkbeam:{project['version']}"
    }


def test_ports_mounts_and_labels_agree(objects: list[Manifest]) -> None:
    check_services(objects)
    check_mounts(objects)
    scaled = named(objects, "HorizontalPodAutoscaler", "inkbeam-worker")["spec"]
    named(objects, "Deployment", scaled["scaleTargetRef"]["name"])
    assert scaled["minReplicas"] >= 1


def test_dask_knows_every_option(compose: dict[str, Any], objects: list[Manifest]) -> None:
    pods = containers(objects)
    commands = [compose[name]["entrypoint"] for name in ("scheduler", "worker")]
    commands += [pods[name]["command"] for name in ("scheduler", "worker")]
    from distributed.cli import dask_scheduler, dask_worker

    known = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}
    for program, kind, *arguments in commands:
        assert program == "dask"
        told = CliRunner().invoke(known[kind], [*arguments, "--help"])
        assert told.exit_code == 0, told.output
        known[kind].make_context(kind, list(arguments))


def test_workers_have_one_thread(compose: dict[str, Any], objects: list[Manifest]) -> None:
    assert "--nthreads 1" in " ".join(compose["worker"]["entrypoint"])
    assert "--nthreads=1" in containers(objects)["worker"]["command"]


def test_runs_are_submitted_to_the_scheduler_of_the_same_file(compose: dict[str, Any], objects: list[Manifest]) -> None:
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.dask.dask_runner import DaskOptions

    for arguments, scheduler in (
        (compose["digitize"]["command"], "tcp://scheduler:8786"),
        (containers(objects)["digitize"]["args"], "tcp://inkbeam-scheduler:8786"),
    ):
        options = PipelineOptions(beam_options(arguments))
        assert options.view_as(DaskOptions).address == scheduler
    assert "tcp://scheduler:8786" in compose["worker"]["entrypoint"]
    assert "tcp://inkbeam-scheduler:8786" in containers(objects)["worker"]["command"]


def test_the_scheduler_gives_up_when_all_workers_are_gone(compose: dict[str, Any], objects: list[Manifest]) -> None:
    import dask.config
    from dask.utils import parse_timedelta

    (setting,) = compose["scheduler"]["environment"].items()
    assert containers(objects)["scheduler"]["env"] == [{"name": setting[0], "value": setting[1]}]
    told = dask.config.collect_env(dict([setting]))
    assert parse_timedelta(dask.config.get("distributed.scheduler.no-workers-timeout", config=told)) == 600
