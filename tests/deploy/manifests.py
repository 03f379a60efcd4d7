"""Manifests of Kubernetes under deploy/, parsed and validated."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import yaml

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
KUBERNETES: Final = "1.34"

Manifest = dict[str, Any]


def validated(name: str) -> list[Manifest]:
    """The objects of a file; unknown keys are errors too."""
    objects = list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))
    for each in objects:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
    return objects


def named(objects: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def pods(objects: list[Manifest]) -> Iterator[tuple[dict[str, str], Manifest]]:
    """Labels and specification of the pods of deployments and jobs."""
    for each in objects:
        if each["kind"] in ("Deployment", "Job"):
            template = each["spec"]["template"]
            yield template["metadata"]["labels"], template["spec"]


def containers(objects: list[Manifest]) -> dict[str, Manifest]:
    return {container["name"]: container for _, pod in pods(objects) for container in pod["containers"]}


def beam_options(arguments: list[str]) -> list[str]:
    """What follows `--`."""
    return arguments[arguments.index("--") + 1 :]


def check_services(objects: list[Manifest]) -> None:
    """Every service finds a pod that has the ports it names, and selectors match their own pods."""
    listening = [
        (labels, {port["containerPort"] for container in pod["containers"] for port in container.get("ports", [])})
        for labels, pod in pods(objects)
    ]
    for each in objects:
        if each["kind"] == "Service":
            wanted = {port["port"] for port in each["spec"]["ports"]}
            selector = each["spec"]["selector"].items()
            assert any(selector <= labels.items() and wanted <= ports for labels, ports in listening), each
        if each["kind"] == "Deployment":
            labels = each["spec"]["template"]["metadata"]["labels"]
            assert each["spec"]["selector"]["matchLabels"] == labels


def check_mounts(objects: list[Manifest]) -> None:
    """Every mount has its volume."""
    for _, pod in pods(objects):
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        assert {mount["name"] for c in pod["containers"] for mount in c.get("volumeMounts", [])} == volumes
