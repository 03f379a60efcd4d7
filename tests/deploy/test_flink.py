"""deploy/flink: valid manifests whose options Beam knows, and that agree with each other."""

import re
import tomllib
from importlib.metadata import version

import pytest
from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions, PortableOptions

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


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    return validated("flink/kubernetes.yaml")


@pytest.fixture(scope="module")
def properties(objects: list[Manifest]) -> dict[str, str]:
    """Flink's settings."""
    lines = named(objects, "ConfigMap", "inkbeam-flink")["data"]["FLINK_PROPERTIES"].splitlines()
    return dict(line.split(": ", 1) for line in lines if not line.startswith("#"))


def test_ports_mounts_and_labels_agree(objects: list[Manifest]) -> None:
    check_services(objects)
    check_mounts(objects)


def test_images_are_those_that_beam_and_this_version_go_with(objects: list[Manifest]) -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    images = {name: container["image"] for name, container in containers(objects).items()}
    assert images["inkbeam"] == images["digitize"] == f"inkbeam:{project['version']}"
    flink = re.fullmatch(r"flink:(\d+\.\d+)-java17", images["taskmanager"])
    assert flink
    assert flink[1] in FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    assert images["jobmanager"] == images["taskmanager"]
    assert images["jobserver"] == f"apache/beam_flink{flink[1]}_job_server:{version('apache-beam')}"


def test_beam_knows_every_option_of_the_run(objects: list[Manifest]) -> None:
    given = beam_options(containers(objects)["digitize"]["args"])
    options = PipelineOptions(given)
    parsed = options.get_all_options(drop_default=True)
    assert {option.removeprefix("--").split("=")[0] for option in given} == parsed.keys()
    portable = options.view_as(PortableOptions)
    assert portable.job_endpoint == "inkbeam-jobserver:8099"
    assert portable.artifact_endpoint == "inkbeam-jobserver:8098"
    assert portable.environment_type == "EXTERNAL"


def test_the_worker_pool_stands_beside_the_task_manager(objects: list[Manifest]) -> None:
    pod = named(objects, "Deployment", "inkbeam-taskmanager")["spec"]["template"]["spec"]
    manager, pool = pod["containers"]
    assert (manager["name"], pool["name"]) == ("taskmanager", "inkbeam")
    assert pool["args"] == ["--worker_pool"]
    options = PipelineOptions(beam_options(containers(objects)["digitize"]["args"])).view_as(PortableOptions)
    assert options.environment_config == f"localhost:{pool['ports'][0]['containerPort']}"


def test_every_slot_has_a_process_and_a_cpu(objects: list[Manifest], properties: dict[str, str]) -> None:
    slots = int(properties["taskmanager.numberOfTaskSlots"])
    managers = named(objects, "Deployment", "inkbeam-taskmanager")["spec"]["replicas"]
    options = PipelineOptions(beam_options(containers(objects)["digitize"]["args"]))
    assert int(options.view_as(PortableOptions).sdk_worker_parallelism) == slots
    assert options.view_as(FlinkRunnerOptions).parallelism == slots * managers == int(properties["parallelism.default"])
    assert containers(objects)["inkbeam"]["resources"]["limits"]["cpu"] == str(slots)


def test_flink_fits_into_its_containers(objects: list[Manifest], properties: dict[str, str]) -> None:
    for name in ("jobmanager", "taskmanager"):
        limit = containers(objects)[name]["resources"]["limits"]["memory"]
        assert limit == properties[f"{name}.memory.process.size"].replace("g", "Gi")
    assert properties["jobmanager.rpc.address"] == "inkbeam-jobmanager"
